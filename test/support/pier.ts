import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Finished, untilFinished } from '../../src/devnet/finished.ts';
import { freeNodeIds, isPortFree } from '../../src/devnet/ports.ts';
import { RPC_PORT_OFFSET } from '../../src/node/config.ts';

/** The built command. */
export const pierPath = fileURLToPath(new URL('../../bin/pier.js', import.meta.url));

/** Runs the built `pier` as a person would, with this environment on top of a bare one and this input, to its end. */
export function pier(args: readonly string[], env: Record<string, string> = {}, input = ''): Promise<Finished> {
  const { NODE_ID: _id, PIER_DATADIR: _dataDir, PIER_NETWORK: _network, ...rest } = process.env;
  const child = spawn(process.execPath, [pierPath, ...args], {
    env: { ...rest, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  return untilFinished(child);
}

/** A port with the three behind it free as well, for P2P and RPC: what `pier up` takes. */
export async function freeBasePort(): Promise<number> {
  for (;;) {
    const [base] = (await freeNodeIds(1)) as [number];
    const ports = [1, 2, 3].flatMap((i) => [base + i, base + i + RPC_PORT_OFFSET]);
    if ((await Promise.all(ports.map((port) => isPortFree(port)))).every(Boolean)) return base;
  }
}
