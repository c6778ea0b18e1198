import type { Clock } from '../../platform/clock.ts';
import { Emitter } from '../../platform/emitter.ts';

/** Progress of a node's block download. */
export interface SyncProgress {
  /** Height of the tip. */
  readonly blocks: number;
  /** Height of the best header. */
  readonly headers: number;
  /** Height of the last pre-synced header; absent without a header pre-sync. */
  readonly presyncedHeaders?: number;
  /** Blocks per second, averaged over the last 30 seconds. */
  readonly blocksPerSecond: number;
  /** Estimated seconds until the download is complete; absent while the rate is zero. */
  readonly secondsLeft?: number;
  /** Whether the download is complete; true in its last event only. */
  readonly done: boolean;
}

/** Milliseconds over which the rate is averaged. */
const WINDOW_MS = 30_000;

/** Measures the growth rate of a height over the last 30 seconds, of which it holds the samples. */
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

/** Heights from which the progress of a download is computed. */
export interface SyncSource {
  /** Whether missing blocks are expected from peers. */
  readonly isCatchingUp: boolean;
  /** Height up to which blocks are processed. */
  readonly height: number;
  /** Height of the best header. */
  readonly headerHeight: number;
  /** Height of the last pre-synced header; undefined without a header pre-sync. */
  readonly presyncedHeaders: number | undefined;
}

/** Emits the progress of a block download: at each `tick` during the download, and once at its end. */
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

  /** Call about once a second. */
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
