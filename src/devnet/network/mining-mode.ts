import type { Clock, Timer } from '../../platform/clock.ts';
import type { SeededRandom } from '../../testing/seeded-random.ts';
import { check } from './arguments/method-arguments.ts';

/**
 * When a network mines by itself: never; when the miner's mempool has `transactions` (1: at each); or every `interval`
 * seconds, on average with random times (`poisson`) as real miners do.
 */
export type MiningMode =
  | 'manual'
  | { readonly transactions: number }
  | { readonly interval: number; readonly poisson?: boolean };

/** What an `AutoMiner` asks of its network. */
export interface AutoMinerHooks {
  /** Returns the number of transactions in the miner's mempool. */
  waiting(): Promise<number>;
  mine(): Promise<unknown>;
}

/** Mines as a `MiningMode` says. */
export class AutoMiner {
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #hooks: AutoMinerHooks;
  #mode: MiningMode = 'manual';
  #failure: Error | undefined;
  readonly #listeners = new Set<() => void>();
  #timer: Timer | undefined;
  #hasChanged = false;
  /** The run that is mining; undefined if none is. */
  #running: Promise<void> | undefined;

  constructor(clock: Clock, random: SeededRandom, hooks: AutoMinerHooks) {
    this.#clock = clock;
    this.#random = random;
    this.#hooks = hooks;
  }

  get mode(): MiningMode {
    return this.#mode;
  }

  /** Throws `PierError` 'bad-argument'. */
  set mode(mode: MiningMode) {
    check.mining({ mode });
    const isSame = mode === this.#mode;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#mode = mode;
    this.#setFailure(undefined, !isSame);
    this.#arm();
    this.changed();
  }

  /** Why the last attempt to mine failed; undefined if it succeeded, or if none was made in this mode. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Forgets the failure: mining works. */
  worked(): void {
    this.#setFailure(undefined);
  }

  /** Calls `listener` for each other mode or failure. Returns a function that unsubscribes. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Mines if the miner's mempool has enough transactions. To be called after each of its changes. */
  changed(): void {
    this.#hasChanged = true;
    if (this.#running || this.#mode === 'manual' || !('transactions' in this.#mode)) return;
    const { transactions } = this.#mode;
    this.#run(async () => {
      // Changes during the check ask for another one.
      this.#hasChanged = false;
      const isDue = (await this.#hooks.waiting()) >= transactions;
      if (isDue) await this.#hooks.mine();
      return isDue || this.#hasChanged;
    });
  }

  /** Mines no more; resolves when no block is being mined. */
  async stop(): Promise<void> {
    this.mode = 'manual';
    await this.#running;
  }

  #arm(): void {
    if (this.#mode === 'manual' || !('interval' in this.#mode)) return;
    const { interval, poisson = false } = this.#mode;
    const factor = poisson ? -Math.log1p(-this.#random.uint32() / 2 ** 32) : 1;
    this.#timer = this.#clock.after(interval * 1000 * factor, () => {
      this.#arm();
      if (this.#running) return;
      this.#run(async () => {
        await this.#hooks.mine();
        return false;
      });
    });
  }

  #setFailure(failure: Error | undefined, hasChanged = failure?.message !== this.#failure?.message): void {
    this.#failure = failure;
    if (hasChanged) for (const listener of this.#listeners) listener();
  }

  /** Runs `step` until it returns false, or the mode changes. */
  #run(step: () => Promise<boolean>): void {
    const mode = this.#mode;
    const run = async () => {
      try {
        while (this.#mode === mode) {
          const isMore = await step();
          this.worked();
          if (!isMore) break;
        }
      } catch (error) {
        // What fails while the network closes, or in a mode that has ended, concerns nothing that comes.
        if (this.#mode === mode) this.#setFailure(error instanceof Error ? error : new Error(String(error)));
      }
      this.#running = undefined;
      // What has changed since the last step.
      if (this.#hasChanged || this.#mode !== mode) this.changed();
    };
    this.#running = run();
  }
}
