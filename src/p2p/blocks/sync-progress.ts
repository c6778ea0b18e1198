import type { Clock } from '../../platform/clock.ts';
import { Emitter } from '../../platform/emitter.ts';

/** How far a node's block download has come. */
export interface SyncProgress {
  /** Height of the tip. */
  readonly blocks: number;
  /** Height of the best header. */
  readonly headers: number;
  /** Height of the last pre-synced header; absent without a header pre-sync. */
  readonly presyncedHeaders?: number;
  /** Average over the last 30 seconds. */
  readonly blocksPerSecond: number;
  /** Estimate at that rate; absent while the rate is zero. */
  readonly secondsLeft?: number;
  /** Whether no further block is missing or expected; the last event of a download. */
  readonly done: boolean;
}

/** Milliseconds over which the rate is averaged. */
const WINDOW_MS = 30_000;

/** The growth rate of a height over the last 30 seconds. Bounded as long as it is sampled about once a second. */
export class HeightRate {
  readonly #samples: { readonly at: number; readonly height: number }[] = [];

  /** Adds the height at monotonic milliseconds `at`; returns the rate per second. */
  sample(at: number, height: number): number {
    const samples = this.#samples;
    samples.push({ at, height });
    while (samples.length > 2 && at - samples[1]!.at >= WINDOW_MS) samples.shift();
    const first = samples[0]!;
    return at > first.at ? Math.max(0, ((height - first.height) * 1000) / (at - first.at)) : 0;
  }

  /** Drops all samples. */
  reset(): void {
    this.#samples.length = 0;
  }
}

/** What the progress of a download is measured by. */
export interface SyncSource {
  /** Whether blocks are missing and expected. */
  readonly isCatchingUp: boolean;
  /** Height up to which blocks are processed. */
  readonly height: number;
  /** Height of the best header. */
  readonly headerHeight: number;
  /** Height of the last pre-synced header; undefined without a header pre-sync. */
  readonly presyncedHeaders: number | undefined;
}

/** Emits the progress of a block download, at each `tick` while it lasts and once when it is complete. */
export class SyncProgressMeter {
  readonly events = new Emitter<{ progress: SyncProgress }>();
  readonly #clock: Clock;
  readonly #source: SyncSource;
  readonly #rate = new HeightRate();
  #wasCatchingUp = false;

  constructor(clock: Clock, source: SyncSource) {
    this.#clock = clock;
    this.#source = source;
  }

  /** To be called about once a second. */
  tick(): void {
    const done = !this.#source.isCatchingUp;
    const progress = !done || this.#wasCatchingUp ? this.#measure(done) : undefined;
    if (done) this.#rate.reset();
    this.#wasCatchingUp = !done;
    if (progress) this.events.emit('progress', progress);
  }

  #measure(done: boolean): SyncProgress {
    const { height: blocks, headerHeight: headers, presyncedHeaders } = this.#source;
    const blocksPerSecond = this.#rate.sample(this.#clock.monotonic(), blocks);
    return {
      ...{ blocks, headers, blocksPerSecond, done },
      ...(presyncedHeaders === undefined ? {} : { presyncedHeaders }),
      ...(blocksPerSecond > 0 ? { secondsLeft: (headers - blocks) / blocksPerSecond } : {}),
    };
  }
}
