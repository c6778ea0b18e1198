import { createServer } from 'node:net';

/** Returns a TCP port of 127.0.0.1 that was free a moment ago. Prefer to listen on port 0 where possible. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port was bound'));
      });
    });
  });
}

/** Options of `waitFor`. */
export interface WaitOptions {
  /** Milliseconds until the wait fails; default 10,000. */
  readonly timeoutMs?: number;
  /** The awaited condition, for the error message. A function is called on failure, so that it can report the state. */
  readonly describe?: string | (() => string);
}

/**
 * Milliseconds between two looks: a tenth of the time so far, within these bounds. Looks often call a node, which takes a
 * millisecond of a processor each, from the work that is waited for.
 */
const LEAST_INTERVAL_MS = 5;
const MOST_INTERVAL_MS = 100;

/**
 * Polls until `condition` returns or resolves to a truthy value, and returns that value. An error thrown by the
 * condition ends the wait.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<Exclude<T, undefined | null | false | 0 | ''>> {
  const { timeoutMs = 10_000, describe = 'a condition' } = options;
  const start = performance.now();
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, undefined | null | false | 0 | ''>;
    const elapsed = performance.now() - start;
    if (elapsed >= timeoutMs) {
      const what = typeof describe === 'function' ? describe() : describe;
      throw new Error(`timed out after ${timeoutMs} ms waiting for ${what}`);
    }
    const interval = Math.min(MOST_INTERVAL_MS, Math.max(LEAST_INTERVAL_MS, elapsed / 10));
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}
