/**
 * Milliseconds within which a second SIGINT is ignored: for one Ctrl-C,
 * `npm` forwards it to a process that also gets it.
 */
const REPEAT_MS = 1_000;

/** Resolves at the first SIGINT or SIGTERM. A later SIGINT (Ctrl-C) exits the process immediately. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let signalledAt: number | undefined;
    const onSignal = (signal: NodeJS.Signals) => {
      if (signalledAt === undefined) {
        signalledAt = Date.now();
        resolve();
      } else if (signal === 'SIGINT' && Date.now() - signalledAt > REPEAT_MS) {
        process.exit(130);
      }
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}
