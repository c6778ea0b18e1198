/** Milliseconds by which the display is behind, so that all events of a moment have come. */
const DELAY_MS = 200;

/** How fast the display follows what happens: 1 is as it happens, 10 ten times slower; 0 is a standstill. */
export type Slowness = 0 | 1 | 10 | 100;

/** The moment that the page shows. */
export class Playback {
  #slowness: Slowness = 1;
  /** What was shown when the slowness changed last, and when that was. */
  #shown: number | undefined;
  #since = 0;

  get slowness(): Slowness {
    return this.#slowness;
  }

  /** Whether the display is where the network is. */
  get isLive(): boolean {
    return this.#shown === undefined;
  }

  /** Returns the moment to show. */
  time(now: number): number {
    const live = now - DELAY_MS;
    if (this.#shown === undefined) return live;
    const elapsed = this.#slowness === 0 ? 0 : (now - this.#since) / this.#slowness;
    return Math.min(live, this.#shown + elapsed);
  }

  /** Goes on from the moment shown, at another speed. */
  setSlowness(slowness: Slowness, now: number): void {
    this.#shown = this.time(now);
    this.#since = now;
    this.#slowness = slowness;
  }

  /** Shows another moment, and stands still there. */
  show(time: number, now: number): void {
    this.#shown = Math.min(time, now - DELAY_MS);
    this.#since = now;
    this.#slowness = 0;
  }

  /** Shows what happens as it happens. */
  live(): void {
    this.#shown = undefined;
    this.#slowness = 1;
  }
}
