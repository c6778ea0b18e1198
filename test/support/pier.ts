import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freeNodeIds, isPortFree } from '../../src/devnet/processes/ports.ts';
import { type ProcessResult, waitForExit } from '../../src/devnet/processes/process-result.ts';
import { RPC_PORT_OFFSET } from '../../src/node/config.ts';

/** Path of the built command. */
export const pierPath = fileURLToPath(new URL('../../bin/pier.js', import.meta.url));

/** Runs the built `pier` until it exits. `env` is added to this environment without Pier's own variables. */
export function pier(args: readonly string[], env: Record<string, string> = {}, input = ''): Promise<ProcessResult> {
  const { NODE_ID: _id, PIER_DATADIR: _dataDir, PIER_NETWORK: _network, ...rest } = process.env;
  const child = spawn(process.execPath, [pierPath, ...args], {
    env: { ...rest, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  return waitForExit(child);
}

/** Returns a free port for `pier up --base-port`: the next three ports, and the RPC ports of all, are free too. */
export async function freeBasePort(): Promise<number> {
  for (;;) {
    const [base] = (await freeNodeIds(1)) as [number];
    const ports = [1, 2, 3].flatMap((i) => [base + i, base + i + RPC_PORT_OFFSET]);
    if ((await Promise.all(ports.map((port) => isPortFree(port)))).every(Boolean)) return base;
  }
}
