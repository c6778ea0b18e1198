import { createSignal } from 'solid-js';
import { type Anchor, type Axis, axisAround } from './time/axis.ts';
import { foldStretches, leadOf, leastFolded } from './time/folds.ts';
import { idleStretches, type Stretch } from './time/idle.ts';
import { EDGE_SHARE, type Journey, journeyOf, planReplay, type ReplayPlan } from './time/journey.ts';
import { KEPT_MS, type Timeline } from './timeline.ts';

/** Milliseconds by which the display is behind, so that all events of a moment have come. */
const DELAY_MS = 200;
/** Milliseconds that the diagram shows of what happens as it happens; slowed, it shows as many times less. */
export const LIVE_SPAN_MS = 20_000;
/** The least milliseconds that it shows, and those below which it folds idle stretches. */
const MIN_SPAN_MS = 1;
const FOLDED_SPAN_MS = 10_000;
/** Milliseconds without messages between what is shown again when the display slows down, and what was before. */
const APART_MS = 1_000;
/** Where the diagram shows the moment: near its right edge if nothing is known of what follows. */
const LIVE_SHARE = 0.95;
const SLOW_SHARE = 0.75;

/** A journey that is, or was, played again. */
export interface Replay {
  readonly journey: Journey;
  readonly plan: ReplayPlan;
  readonly hasEnded: boolean;
}

/** The moment that the page shows, and how much around it. */
export class Playback {
  readonly #timeline: Timeline;
  readonly #notify: () => void;
  /** Counts what is done to the display: what reads it, is computed again. */
  readonly #changes: () => number;
  readonly #setChanges: (count: number) => void;
  #count = 0;
  #slowness = 1;
  #pace = 1;
  #span = LIVE_SPAN_MS;
  /** What was shown at `#since`; undefined while the display is live. */
  #shown: number | undefined;
  #since = 0;
  #isWaiting = false;
  #replay: Replay | undefined;
  /** Where the diagram stands while the display does. */
  #anchor: Anchor | undefined;

  /** `changed` is called when another moment is shown, or at another speed. */
  constructor(timeline: Timeline, changed: () => void = () => {}) {
    this.#timeline = timeline;
    this.#notify = changed;
    [this.#changes, this.#setChanges] = createSignal(0);
  }

  /** How fast the display follows what happens: 1 is as it happens, 10 ten times slower; 0 is a standstill. */
  get slowness(): number {
    this.#changes();
    return this.#slowness;
  }

  /** How many times slower things move than they did, also while the display stands still. */
  get pace(): number {
    return this.#pace;
  }

  /** Milliseconds that the diagram shows, without folds. */
  get span(): number {
    this.#changes();
    return this.#span;
  }

  /** Whether the display is where the network is. */
  get isLive(): boolean {
    this.#changes();
    return this.#shown === undefined;
  }

  /** Whether everything was shown, and the display goes on with the next message. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** What is played again; undefined if the display follows everything. */
  get replay(): Replay | undefined {
    this.#changes();
    return this.#replay;
  }

  /** Returns the moment to show. */
  time(now: number): number {
    const live = now - DELAY_MS;
    if (this.#shown === undefined) return live;
    if (this.#slowness !== 0 && now > this.#since) {
      this.#shown = Math.min(live, this.#advance(this.#shown, (now - this.#since) / this.#slowness, now));
      this.#since = now;
      this.#endReplay(now);
    }
    return this.#shown;
  }

  /** Goes on from the moment shown, at another speed. If it is live and idle, goes on from where the last messages were sent. */
  setSlowness(slowness: number, now: number): void {
    const shown = this.time(now);
    const wasLive = this.#shown === undefined;
    if (slowness !== 0) {
      this.#pace = slowness;
      this.#span = LIVE_SPAN_MS / slowness;
      this.#replay = undefined;
    }
    this.#slowness = slowness;
    this.#stand(wasLive && slowness > 1 ? this.#lastTraffic(shown, now) : shown, now, slowness);
  }

  /** Stands still, or goes on as before. */
  toggle(now: number): void {
    if (this.#slowness !== 0) this.setSlowness(0, now);
    else if (this.#replay?.hasEnded) this.play(this.#replay.journey.id, now);
    else this.#stand(this.time(now), now, this.#pace);
  }

  /** Shows another moment, and stands still there. */
  show(time: number, now: number): void {
    // At a stretched axis, things are slow as they are at its speed.
    if (!this.#replay) this.#pace = Math.max(this.#pace, LIVE_SPAN_MS / this.#span);
    else this.#replay = { ...this.#replay, hasEnded: time >= this.#replay.journey.to };
    this.#stand(Math.min(time, now - DELAY_MS), now, 0);
  }

  /** Shows what happens as it happens. */
  live(): void {
    this.#shown = undefined;
    this.#replay = undefined;
    this.#anchor = undefined;
    this.#isWaiting = false;
    [this.#slowness, this.#pace, this.#span] = [1, 1, LIVE_SPAN_MS];
    this.#changed();
  }

  /**
   * Plays again how a transaction or block travelled, slowed so that it lasts some seconds, and stands still at its end. Returns
   * false if no message about it is remembered.
   */
  play(id: string, now: number): boolean {
    const journey = journeyOf(this.#timeline, id, now);
    if (!journey) return false;
    this.#setReplay(journey);
    this.#pace = this.#replay!.plan.slowness;
    this.#stand(journey.from - leadOf(this.#span), now, this.#pace);
    return true;
  }

  /** Shows `factor` times as much around a place of the diagram, or around the moment shown. */
  zoom(factor: number, now: number, share?: number): void {
    const axis = this.axis(now);
    this.#span = Math.min(KEPT_MS, Math.max(MIN_SPAN_MS, this.#span * factor));
    // What follows the moment cannot stay where the pointer is.
    if (share !== undefined && !this.#replay) this.show(this.time(now), now);
    const at = share ?? axis.shareOf(this.time(now));
    this.#anchor = { time: axis.timeAt(at), share: at };
    this.#changed();
  }

  /** Returns the diagram's axis of time. */
  axis(now: number): Axis {
    const time = this.time(now);
    if (this.#anchor && (this.#slowness === 0 || this.#replay)) {
      const axis = this.#axisAround(this.#anchor, now);
      if (this.#slowness === 0 || Math.abs(axis.shareOf(time) - 0.5) <= 0.5) return axis;
    }
    // A replay that is wider than the diagram is shown page by page.
    const share = this.#replay ? EDGE_SHARE : this.#slowness > 1 ? SLOW_SHARE : LIVE_SHARE;
    this.#anchor = { time, share };
    return this.#axisAround(this.#anchor, now);
  }

  #axisAround(anchor: Anchor, now: number): Axis {
    const known = { begin: this.#timeline.begin, end: now };
    return axisAround(anchor, this.#span, (from, to) => this.#foldsIn(from, to, now), known);
  }

  #stand(time: number, now: number, slowness: number): void {
    [this.#shown, this.#since, this.#slowness] = [time, now, slowness];
    this.#isWaiting = false;
    this.#changed();
  }

  #setReplay(journey: Journey): void {
    const plan = planReplay(journey);
    this.#replay = { journey, plan, hasEnded: false };
    this.#span = plan.span;
    this.#anchor = { time: journey.from, share: EDGE_SHARE };
  }

  /** Stands still at the end of a replay, unless the journey has gone on meanwhile. */
  #endReplay(now: number): void {
    const replay = this.#replay;
    if (!replay || this.#shown! < replay.journey.to) return;
    const longer = journeyOf(this.#timeline, replay.journey.id, now);
    if (longer && longer.to > replay.journey.to) {
      this.#setReplay(longer);
    } else {
      this.#replay = { ...replay, hasEnded: true };
      this.#slowness = 0;
      this.#shown = replay.journey.to;
    }
    this.#changed();
  }

  /** Returns the moment that comes some milliseconds after another one, without what is folded. */
  #advance(time: number, milliseconds: number, now: number): number {
    this.#isWaiting = false;
    let [at, left] = [time, milliseconds];
    for (;;) {
      const fold = this.#foldsIn(at, at + left, now).find(({ from, to }) => to > at && from <= at + left);
      if (!fold) return at + left;
      if (fold.to === Number.POSITIVE_INFINITY) {
        this.#isWaiting = true;
        return Math.max(at, fold.from);
      }
      left -= Math.max(0, fold.from - at);
      at = fold.to;
    }
  }

  /** Returns the folds that two moments and what is between them have a part of. */
  #foldsIn(from: number, to: number, now: number): readonly Stretch[] {
    if (this.#replay) return this.#replay.plan.folds;
    if (this.#slowness <= 1 && this.#span > FOLDED_SPAN_MS) return [];
    return foldStretches(this.#idle(from, to, now), this.#span);
  }

  #idle(from: number, to: number, now: number): Stretch[] {
    return idleStretches(this.#timeline, { from, to, least: leastFolded(this.#span), now });
  }

  /** Returns where the last traffic began, as far as the diagram's width shows it, if a moment is idle; else the moment. */
  #lastTraffic(time: number, now: number): number {
    const end = this.#idle(time, time, now).find(({ from, to }) => from <= time && to > time)?.from;
    if (end === undefined || end <= this.#timeline.begin) return time;
    const idle = idleStretches(this.#timeline, { from: time - KEPT_MS, to: end, least: APART_MS, now });
    const begin = idle.findLast(({ to }) => to <= end)?.to ?? 0;
    return Math.max(begin - leadOf(this.#span), this.#axisAround({ time: end, share: 1 }, now).from);
  }

  #changed(): void {
    this.#setChanges(++this.#count);
    this.#notify();
  }
}
