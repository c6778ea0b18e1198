import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { LOOPBACK, RPC_PORT_OFFSET } from '../../node/config.ts';
import { systemClock } from '../../platform/clock.ts';
import { PierError } from '../../platform/errors.ts';

/** Returns whether `port` of this machine can be bound now. */
export function isPortFree(port: number, host = LOOPBACK): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/** Throws `PierError` 'port-in-use' if a port that `option` asks for cannot be bound; undefined and 0 are any port. */
export async function requireFreePort(port: number | undefined, option: string): Promise<void> {
  if (!port || (await isPortFree(port))) return;
  throw new PierError('port-in-use', `${option}: port ${port} of ${LOOPBACK} is in use by another program`, {
    hint: 'Stop that program, choose another port, or give true instead of a port for any free one.',
  });
}

/** Milliseconds that a node takes to end at most. */
const STOP_TIMEOUT_MS = 20_000;
/** Milliseconds between two looks at a port. */
const POLL_MS = 50;

/** Waits until a port is free, but not longer than a node takes to end; undefined and 0 are any port. */
export async function untilFree(port: number | undefined): Promise<void> {
  const end = systemClock.monotonic() + STOP_TIMEOUT_MS;
  while (port && !(await isPortFree(port)) && systemClock.monotonic() < end) await delay(POLL_MS);
}

// Below the range of ephemeral ports on Linux (32768 and up), even with the RPC offset added.
const LOWEST = 10_000;
const HIGHEST = 22_000;

/** Returns `count` node ids whose P2P and RPC ports are free, in ascending order. Throws `PierError` 'no-free-port'. */
export async function freeNodeIds(count: number): Promise<number[]> {
  const ids = new Set<number>();
  for (let tries = 0; ids.size < count; tries++) {
    if (tries > 1000)
      throw new PierError('no-free-port', `fewer than ${count} free ports between ${LOWEST} and ${HIGHEST}`);
    const id = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (!ids.has(id) && (await isPortFree(id)) && (await isPortFree(id + RPC_PORT_OFFSET))) ids.add(id);
  }
  return [...ids].sort((a, b) => a - b);
}
