import { createSignal } from 'solid-js';
import { messageOf } from '../failure.ts';
import { type Before, lookBefore, restore } from './before.ts';
import { chooseCast, missingText } from './casting.ts';
import type { Both, Fact, Lesson } from './format.ts';
import { LessonError, type LessonHost, Scene } from './scene.ts';

/** How far a step is. */
export type StepState = 'ahead' | 'running' | 'done' | 'failed';

/** A step as the page shows it. */
export interface ShownStep {
  readonly state: StepState;
  readonly facts: readonly Fact[];
  /** Commands in a terminal that do what the step has done. */
  readonly commands: readonly string[];
  /** Why it failed. */
  readonly failure?: Both;
}

/** A lesson that is open. */
export interface OpenLesson {
  readonly lesson: Lesson;
  /** The step that is shown, from 0. */
  readonly step: number;
  readonly steps: readonly ShownStep[];
  /** Whether it goes on by itself. */
  readonly isPlaying: boolean;
  /** Whether it is the network that plays the steps: the page only watches. */
  readonly isWatching: boolean;
  /** Whether the network is being restored after the lesson. */
  readonly isLeaving: boolean;
  /** The nodes that play its parts, once its first step has begun. */
  readonly cast?: ReadonlyMap<string, string>;
  /** What the step waits for. */
  readonly waitingFor?: Both | undefined;
}

/** What a `LessonPlayer` uses besides the network. */
export interface PlayerOptions {
  /** Waits for about as long as a text takes to be read; resolves earlier when the signal aborts. */
  readonly read: (text: Both, signal: AbortSignal) => Promise<void>;
  /** Keeps what is to be restored, so that a page that is loaded again can do it; undefined: nothing is. */
  readonly remember?: (before: Before | undefined) => void;
  /** Is called when another step is shown; undefined: the lesson is closed. */
  readonly moved?: (lesson: Lesson, step: number) => void;
}

/** A run of a lesson, which its reader can leave. */
interface Run {
  readonly leaving: AbortController;
  readonly lesson: Lesson;
  scene: Scene | undefined;
  before: Before | undefined;
  /** Steps that are done. */
  done: number;
  /** The step in progress; resolves in any case. */
  working: Promise<void> | undefined;
  /** Ends the time to read. */
  reading: AbortController;
}

const AHEAD: ShownStep = { state: 'ahead', facts: [], commands: [] };

/** Plays lessons on a network: one step after the other, at the reader's click or by itself, and restores the network. */
export class LessonPlayer {
  /** The lesson that is open. */
  readonly open: () => OpenLesson | undefined;
  /** Why a network could not be restored after a lesson. */
  readonly failure: () => Both | undefined;
  readonly #host: LessonHost;
  readonly #options: PlayerOptions;
  readonly #setOpen: (open: OpenLesson | undefined) => void;
  readonly #setFailure: (failure: Both | undefined) => void;
  #run: Run | undefined;
  /** Whether the reader has left the lesson that the network plays. */
  #isUnwatched = false;

  constructor(host: LessonHost, options: PlayerOptions) {
    const [open, setOpen] = createSignal<OpenLesson>();
    const [failure, setFailure] = createSignal<Both>();
    this.#host = host;
    this.#options = options;
    this.open = open;
    this.failure = failure;
    this.#setOpen = (next) => void setOpen(() => next);
    this.#setFailure = (next) => void setFailure(() => next);
  }

  /** Opens a lesson at a step, or shows another step of the one that is open. Another lesson that is open is left first. */
  async start(lesson: Lesson, step = 0): Promise<void> {
    if (this.open()?.lesson !== lesson || this.open()?.isLeaving) {
      await this.leave();
      this.#begin(lesson);
    }
    this.show(step);
  }

  /** Shows a step. What has happened stays as it is. */
  show(step: number): void {
    const open = this.open();
    if (!open) return;
    const shown = Math.min(Math.max(0, step), open.steps.length - 1);
    this.#change({ step: shown });
    this.#options.moved?.(open.lesson, shown);
  }

  /** Shows the step before, to be read again. */
  back(): void {
    this.pause();
    this.show((this.open()?.step ?? 0) - 1);
  }

  /** Goes on: lets the step that is shown happen, or shows the next one if it has. */
  async next(): Promise<void> {
    const open = this.open();
    const run = this.#run;
    if (!open || open.isLeaving) return;
    if (open.steps[open.step]!.state === 'done') {
      this.show(open.step + 1);
      return;
    }
    if (!run || open.isWatching) return;
    // While it plays by itself, the reader has read enough.
    run.reading.abort();
    if (open.isPlaying || run.working) return;
    // Of steps that were skipped, each is needed.
    for (const target = open.step; run.done <= target; ) if (!(await this.#perform(run))) return;
  }

  /** Lets all steps happen, one after the other, with time to read. */
  async play(): Promise<void> {
    const run = this.#run;
    if (!run || this.open()?.isPlaying || this.open()?.isWatching || run.leaving.signal.aborted) return;
    this.#change({ isPlaying: true });
    await run.working;
    const isOn = () => this.#run === run && this.open()?.isPlaying === true;
    while (isOn() && run.done < run.lesson.steps.length) {
      this.show(run.done);
      await this.#read(run, run.lesson.steps[run.done]!.text);
      if (!isOn() || !(await this.#perform(run))) break;
      // The evidence is to be seen, too.
      await this.#read(run, run.lesson.steps[run.done - 1]!.title);
    }
    if (this.#run === run) this.#change({ isPlaying: false });
  }

  /** Ends `play` after the step in progress. */
  pause(): void {
    this.#run?.reading.abort();
    if (this.open()?.isPlaying) this.#change({ isPlaying: false });
  }

  /** Leaves the lesson, also in the middle of a step, and restores what it has changed. */
  async leave(): Promise<void> {
    const run = this.#run;
    if (!run) {
      if (this.open()) this.#isUnwatched = true;
      this.#setOpen(undefined);
      return;
    }
    this.#change({ isPlaying: false, isLeaving: true, waitingFor: undefined });
    run.leaving.abort(new Error('the reader has left'));
    run.reading.abort();
    await run.working;
    await this.#restore(run);
    if (this.#run !== run) return;
    this.#run = undefined;
    this.#setOpen(undefined);
  }

  /** Shows a lesson whose steps the network plays itself. A lesson that the reader has opened stays. */
  watch(lesson: Lesson, steps: readonly ShownStep[]): void {
    const open = this.open();
    if (this.#isUnwatched || (open && !open.isWatching)) return;
    const last = steps.reduce((found, { state }, i) => (state === 'ahead' ? found : i), 0);
    this.#setOpen({ lesson, step: last, steps, isPlaying: false, isWatching: true, isLeaving: false });
    if (open?.step !== last) this.#options.moved?.(lesson, last);
  }

  #begin(lesson: Lesson): void {
    this.#setFailure(undefined);
    this.#run = {
      ...{ leaving: new AbortController(), reading: new AbortController(), lesson, done: 0 },
      ...{ scene: undefined, before: undefined, working: undefined },
    };
    const steps = lesson.steps.map(() => AHEAD);
    this.#setOpen({ lesson, step: 0, steps, isPlaying: false, isWatching: false, isLeaving: false });
  }

  /** Lets the next step happen. Returns whether it is done. */
  async #perform(run: Run): Promise<boolean> {
    const number = run.done;
    let isDone = false;
    run.working = (async () => {
      this.show(number);
      this.#changeStep(number, { ...AHEAD, state: 'running' });
      try {
        run.scene ??= await this.#prepare(run);
        const { scene } = run;
        const { act, verify } = run.lesson.steps[number]!;
        await act?.(scene);
        const facts = await verify(scene);
        run.leaving.signal.throwIfAborted();
        if (number === run.lesson.steps.length - 1) await this.#restore(run);
        this.#changeStep(number, { ...this.#step(number), state: 'done', facts });
        run.done = number + 1;
        isDone = true;
      } catch (error) {
        this.#changeStep(number, { ...this.#step(number), state: 'failed', failure: describe(error) });
      }
    })();
    await run.working;
    run.working = undefined;
    return isDone;
  }

  async #prepare(run: Run): Promise<Scene> {
    // Neither again after a preparation that failed: some of it is done.
    const cast = this.open()?.cast ?? (await this.#choose(run.lesson));
    run.before ??= await lookBefore(this.#host);
    this.#options.remember?.(run.before);
    const scene = new Scene(this.#host, cast, run.leaving.signal, {
      waitsFor: (waitingFor) => this.#change({ waitingFor }),
      does: (command) => {
        const at = run.done;
        const step = this.#step(at);
        this.#changeStep(at, { ...step, commands: [...step.commands, command] });
      },
    });
    await run.lesson.prepare?.(scene);
    return scene;
  }

  async #choose({ cast: parts }: Lesson): Promise<ReadonlyMap<string, string>> {
    const [{ nodes }, { links }, { accounts }] = await Promise.all([
      this.#host.call('status'),
      this.#host.call('links'),
      this.#host.call('accounts'),
    ]);
    const casting = chooseCast(parts, { nodes, links, accounts });
    if ('missing' in casting) throw new LessonError(missingText(casting.missing));
    this.#change({ cast: casting.cast });
    return casting.cast;
  }

  async #restore(run: Run): Promise<void> {
    const { before } = run;
    if (!before) return;
    try {
      await restore(this.#host, before);
      this.#options.remember?.(undefined);
      run.before = undefined;
    } catch (error) {
      this.#setFailure(describe(error));
    }
  }

  async #read(run: Run, text: Both): Promise<void> {
    if (run.leaving.signal.aborted) return;
    run.reading = new AbortController();
    await this.#options.read(text, run.reading.signal);
  }

  #step(number: number): ShownStep {
    return this.open()?.steps[number] ?? AHEAD;
  }

  #changeStep(number: number, step: ShownStep): void {
    const steps = this.open()?.steps.map((each, i) => (i === number ? step : each));
    if (steps) this.#change({ steps });
  }

  #change(change: Partial<OpenLesson>): void {
    const open = this.open();
    if (open) this.#setOpen({ ...open, ...change });
  }
}

function describe(error: unknown): Both {
  if (error instanceof LessonError) return error.says;
  const text = messageOf(error);
  return { en: text, zh: text };
}
