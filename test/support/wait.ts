import { createServer } from 'node:net';

/** A TCP port of 127.0.0.1 that was free a moment ago. Prefer to listen on port 0 where that is possible. */
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

export interface WaitOptions {
  /** Milliseconds until it fails; default 10,000. */
  readonly timeoutMs?: number;
  /** What is waited for, for the failure's message; called then, so that it can tell the state it found. */
  readonly describe?: string | (() => string);
}

const INTERVAL_MS = 5;

/**
 * Polls until `condition` returns (or resolves to) something truthy, and returns it. A condition that throws ends
 * the wait with its error.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<Exclude<T, undefined | null | false | 0 | ''>> {
  const { timeoutMs = 10_000, describe = 'a condition' } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, undefined | null | false | 0 | ''>;
    if (performance.now() >= deadline) {
      const what = typeof describe === 'function' ? describe() : describe;
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}
