import { systemClock } from '../platform/clock.ts';

/**
 * Milliseconds within which a second SIGINT is ignored: for one Ctrl-C,
 * `npm` forwards it to a process that also gets it.
 */
const REPEAT_MS = 1_000;

/** Returns a signal that is aborted at the first SIGINT or SIGTERM. A later SIGINT (Ctrl-C) exits the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  let signalledAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (signalledAt === undefined) {
      signalledAt = Date.now();
      controller.abort();
    } else if (signal === 'SIGINT' && Date.now() - signalledAt > REPEAT_MS) {
      process.exit(130);
    }
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return controller.signal;
}

/** Milliseconds within which a signal that ended a node has reached this process too. */
const SIGNAL_DELAY_MS = 100;

/**
 * Calls `action` once a signal that has ended a node has been noticed here: Ctrl-C reaches the nodes as well, and their
 * exits may be noticed before the signal, which the next poll delivers.
 */
export function afterSignal(action: () => void): void {
  systemClock.after(SIGNAL_DELAY_MS, () => setImmediate(action));
}

/** Calls `reopen` at SIGHUP, which otherwise ends a process: log rotation sends it, and a terminal that is closed. */
export function onHangup(reopen: () => void): void {
  process.on('SIGHUP', reopen);
}

/** Resolves once the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
