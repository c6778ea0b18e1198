/** Ctrl-C in a terminal reaches a process twice where `npm` passes it on as well; what comes so close is one wish. */
const SAME_WISH_MS = 1_000;

/** Resolves at the first Ctrl-C or request to terminate. Another Ctrl-C, later, ends the process at once. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    const onSignal = (signal: NodeJS.Signals) => {
      if (askedAt === undefined) {
        askedAt = Date.now();
        resolve();
      } else if (signal === 'SIGINT' && Date.now() - askedAt > SAME_WISH_MS) {
        process.exit(130);
      }
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}
