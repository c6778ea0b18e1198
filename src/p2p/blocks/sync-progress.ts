import type { Clock } from '../../platform/clock.ts';
import type { PeerParts } from '../processing/message-processor.ts';

/** How far a node is that knows of blocks which it lacks. */
export interface SyncProgress {
  /** Height of the tip. */
  readonly blocks: number;
  /** Height of the best header. */
  readonly headers: number;
  /** Height up to which headers have been looked at that show too little work to be stored; absent if there are none. */
  readonly presyncedHeaders?: number;
  /** Over the last half minute. */
  readonly blocksPerSecond: number;
  /** At that rate; absent while it is zero. */
  readonly secondsLeft?: number;
  /** Nothing is missing any more, or expected to come: the last one for now. */
  readonly done: boolean;
}

/** Milliseconds over which the rate is taken. */
const WINDOW_MS = 30_000;

/** The rate at which a height grows, over the last half minute. Bounded if asked no more than once a second or so. */
export class HeightRate {
  readonly #samples: { readonly at: number; readonly height: number }[] = [];

  /** The height at a moment, in milliseconds; returns the rate per second. */
  sample(at: number, height: number): number {
    const samples = this.#samples;
    samples.push({ at, height });
    while (samples.length > 2 && at - samples[1]!.at >= WINDOW_MS) samples.shift();
    const first = samples[0]!;
    return at > first.at ? Math.max(0, ((height - first.height) * 1000) / (at - first.at)) : 0;
  }

  /** Forgets what was; the next sample is the first. */
  reset(): void {
    this.#samples.length = 0;
  }
}

/** Tells, looked at about once a second, how far the download is. */
export class ProgressMeter {
  readonly #clock: Clock;
  readonly #rate = new HeightRate();
  #isCatchingUp = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How far it is on its way to the best header, of height `headers`; undefined where nothing was or is missing. */
  look(
    headers: number,
    parts: Pick<PeerParts, 'isCatchingUp' | 'height' | 'presyncedHeaders'>,
  ): SyncProgress | undefined {
    const done = !parts.isCatchingUp;
    const progress = !done || this.#isCatchingUp ? this.#measure(headers, parts, done) : undefined;
    if (done) this.#rate.reset();
    this.#isCatchingUp = !done;
    return progress;
  }

  #measure(
    headers: number,
    { height: blocks, presyncedHeaders }: Pick<PeerParts, 'height' | 'presyncedHeaders'>,
    done: boolean,
  ): SyncProgress {
    const blocksPerSecond = this.#rate.sample(this.#clock.monotonic(), blocks);
    return {
      ...{ blocks, headers, blocksPerSecond, done },
      ...(presyncedHeaders === undefined ? {} : { presyncedHeaders }),
      ...(blocksPerSecond > 0 ? { secondsLeft: (headers - blocks) / blocksPerSecond } : {}),
    };
  }
}
