/** Seconds in which the rolling minimum halves while the mempool is full. */
const HALF_LIFE = 12 * 60 * 60;
/** Seconds between two steps of the decay. */
const UPDATE_INTERVAL = 10;

/**
 * The fee rate that eviction has set: what was last evicted, and a step more. It falls, once a block has come since,
 * by half in twelve hours, faster while the mempool is far from full, until it is of no account (Core: GetMinFee).
 */
export class RollingMinimumFee {
  readonly #incremental: bigint;
  readonly #maxUsage: number;
  #rate = 0;
  #updatedAt: number;
  #blockSinceBump = false;

  /** `incremental` in satoshis per 1,000 virtual bytes, `now` in seconds. */
  constructor(incremental: bigint, maxUsage: number, now: number) {
    this.#incremental = incremental;
    this.#maxUsage = maxUsage;
    this.#updatedAt = now;
  }

  /** The rate at `now`, in satoshis per 1,000 virtual bytes; 0 if there is no minimum. */
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

  /** A package of this rate was evicted: what comes must pay more than it did. */
  trackPackageRemoved(rate: bigint): void {
    const bumped = Number(rate + this.#incremental);
    if (bumped <= this.#rate) return;
    this.#rate = bumped;
    this.#blockSinceBump = false;
  }

  blockConnected(now: number): void {
    this.#updatedAt = now;
    this.#blockSinceBump = true;
  }
}
