/** Milliseconds that lmdb-js may take to say why a commit failed. */
const CAUSE_TIMEOUT_MS = 1_000;

let running = 0;
let report = console.error;

function reportOthers(...values: unknown[]): void {
  const [error] = values;
  const isCommit = values.length === 1 && error instanceof Error && /[\\/]lmdb[\\/]/.test(error.stack ?? '');
  if (!isCommit) report.apply(console, values);
}

/**
 * Keeps lmdb-js from printing the stack of a failed commit, until the returned function is called. The store reports a
 * failure itself, once, with the file and the next step.
 */
export function silenceFailedCommit(): () => void {
  if (running++ === 0) {
    report = console.error;
    console.error = reportOthers;
  }
  return () => {
    if (--running === 0 && console.error === reportOthers) console.error = report;
  };
}

/**
 * Returns the error of the system that made a commit fail. lmdb-js rejects the writes of the commit with an error that
 * holds a promise of the cause, which would be an unhandled rejection.
 */
export async function commitCause(error: unknown): Promise<unknown> {
  const cause = (error as { commitError?: Promise<never> } | undefined)?.commitError;
  if (!cause) return error;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(error), CAUSE_TIMEOUT_MS);
  });
  const reason = await Promise.race([cause.catch((found: unknown) => found), late]);
  clearTimeout(timer);
  return reason;
}
