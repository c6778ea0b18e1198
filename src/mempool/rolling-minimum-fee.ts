/** Seconds in which the rolling minimum fee halves while the mempool is full (Core: ROLLING_FEE_HALFLIFE). */
const HALF_LIFE = 12 * 60 * 60;
/** Seconds between two updates of the decay. */
const UPDATE_INTERVAL = 10;

/** The state of a `RollingMinimumFee`. */
export interface RollingFeeState {
  /** Satoshis per 1,000 virtual bytes. */
  readonly rate: number;
  /** Seconds since the Unix epoch of the last update. */
  readonly updatedAt: number;
  /** Whether the rate decays. */
  readonly blockSinceBump: boolean;
}

/**
 * The minimum fee rate of a full mempool: the rate of the last evicted package plus the incremental relay fee. After
 * the next block it halves every 12 hours (6 or 3 hours below 1/2 or 1/4 of the memory limit) down to zero (Core:
 * GetMinFee).
 */
export class RollingMinimumFee {
  readonly #incremental: bigint;
  readonly #maxUsage: number;
  #rate = 0;
  #updatedAt: number;
  #blockSinceBump = false;

  /** `incremental` in satoshis per 1,000 virtual bytes, `maxUsage` in bytes of memory, `now` in seconds. */
  constructor(incremental: bigint, maxUsage: number, now: number) {
    this.#incremental = incremental;
    this.#maxUsage = maxUsage;
    this.#updatedAt = now;
  }

  get state(): RollingFeeState {
    return { rate: this.#rate, updatedAt: this.#updatedAt, blockSinceBump: this.#blockSinceBump };
  }

  set state({ rate, updatedAt, blockSinceBump }: RollingFeeState) {
    this.#rate = rate;
    this.#updatedAt = updatedAt;
    this.#blockSinceBump = blockSinceBump;
  }

  /** Returns the rate at `now` in satoshis per 1,000 virtual bytes, 0 for none; `usage` is in bytes of memory. */
  current(now: number, usage: number): bigint {
    if (!this.#blockSinceBump || this.#rate === 0) return BigInt(Math.round(this.#rate));
    if (now > this.#updatedAt + UPDATE_INTERVAL) {
      let halfLife = HALF_LIFE;
      if (usage < this.#maxUsage / 4) halfLife /= 4;
      else if (usage < this.#maxUsage / 2) halfLife /= 2;
      this.#rate /= 2 ** ((now - this.#updatedAt) / halfLife);
      this.#updatedAt = now;
      if (this.#rate < Number(this.#incremental) / 2) {
        this.#rate = 0;
        return 0n;
      }
    }
    const rate = BigInt(Math.round(this.#rate));
    return rate > this.#incremental ? rate : this.#incremental;
  }

  /** Raises the minimum above the fee rate of an evicted package (Core: trackPackageRemoved). */
  trackPackageRemoved(rate: bigint): void {
    const bumped = Number(rate + this.#incremental);
    if (bumped <= this.#rate) return;
    this.#rate = bumped;
    this.#blockSinceBump = false;
  }

  /** Lets the minimum decay from now on. */
  blockConnected(now: number): void {
    this.#updatedAt = now;
    this.#blockSinceBump = true;
  }
}
