import { systemClock } from '../../platform/clock.ts';
import { PierError } from '../../platform/errors.ts';
import { MAX_TIMEOUT_MS } from './arguments/limits.ts';

/** Milliseconds that the methods that wait do so at most, unless told. */
export const DEFAULT_TIMEOUT_MS = 30_000;

/** Milliseconds between the runs of a timer that does nothing. */
const HOLD_MS = 2 ** 30;

/**
 * Keeps the process alive until the returned function is called. The timers of clocks do not: a program that waits for
 * nothing else would end.
 */
export function holdProcess(): () => void {
  const hold = setInterval(() => {}, HOLD_MS);
  return () => clearInterval(hold);
}

/** How long a method waits. */
export interface WaitOptions {
  /** Milliseconds; default 30,000. */
  readonly timeout?: number | undefined;
}

/** Something that reports changes. */
export interface Observable {
  onChange(listener: () => void): () => void;
}

/** Reports a change every so many milliseconds, for what nothing else reports. */
export function repeated(ms: number): Observable {
  return {
    onChange: (listener) => {
      const timer = setInterval(listener, ms);
      return () => clearInterval(timer);
    },
  };
}

/** What `waitUntil` waits for. */
export interface Wait<T> extends WaitOptions {
  /** What the error says was waited for, such as `block 101 on node2`. */
  readonly what: string;
  /** Where a change can make `check` succeed. */
  readonly sources: Iterable<Observable>;
  /** Returns a result, or undefined to wait on. */
  check(): Promise<T | undefined>;
  /** Describes what is there instead, for the error. */
  seen(): Promise<string>;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/** Milliseconds in which a node that runs answers what it is, unless something is wrong with it. */
export const ANSWER_MS = 3_000;

/** Resolves with what a promise gives, or with undefined if that takes too long. */
export async function within<T>(promise: Promise<T>, ms = ANSWER_MS): Promise<T | undefined> {
  let cancel = () => {};
  const late = new Promise<undefined>((resolve) => {
    const timer = setTimeout(resolve, ms, undefined);
    cancel = () => clearTimeout(timer);
  });
  // What it gives later is of no use, nor how it fails.
  promise.catch(() => {});
  return Promise.race([promise, late]).finally(() => cancel());
}

/** Resolves with the first result of `check`, which runs after each change. Rejects with `PierError` 'wait-timeout'. */
export async function waitUntil<T>(wait: Wait<T>): Promise<T> {
  const { timeout = DEFAULT_TIMEOUT_MS, signal } = wait;
  let changed = () => {};
  let end = () => {};
  const over = new Promise<undefined>((resolve) => {
    end = () => resolve(undefined);
  });
  const unsubscribe = [...wait.sources].map((source) => source.onChange(() => changed()));
  let isOver = false;
  const timer = systemClock.after(timeout, () => {
    isOver = true;
    changed();
  });
  // A look that has begun in time may end.
  const lastTimer = systemClock.after(Math.min(timeout + ANSWER_MS, MAX_TIMEOUT_MS), () => end());
  const release = holdProcess();
  const aborted = () => {
    changed();
    end();
  };
  signal.addEventListener('abort', aborted);
  try {
    for (;;) {
      signal.throwIfAborted();
      // Subscribed before the check, so that no change is missed.
      const change = new Promise<void>((resolve) => {
        changed = resolve;
      });
      // A node that does not answer must not hold up the end.
      const result = await Promise.race([wait.check(), over]);
      if (result !== undefined) return result;
      if (isOver) {
        throw new PierError('wait-timeout', `${wait.what}: not within ${timeout} ms. ${await wait.seen()}`);
      }
      await change;
    }
  } catch (error) {
    // A node that is being closed fails in other ways.
    signal.throwIfAborted();
    throw error;
  } finally {
    timer.cancel();
    lastTimer.cancel();
    release();
    signal.removeEventListener('abort', aborted);
    for (const off of unsubscribe) off();
  }
}
