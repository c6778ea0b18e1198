import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { RpcClient } from '../../src/api/client/rpc-client.ts';
import type { ReadyLine } from '../../src/devnet/processes/node-process.ts';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { waitForExit } from '../../src/devnet/processes/process-result.ts';
import { atFileEnd } from '../support/file-end.ts';
import { pierPath } from '../support/pier.ts';
import { pierInProcess } from '../support/pier-in-process.ts';
import { tempDir } from '../support/temp-dir.ts';

const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';

/** Runs a node that may open `limit` files and connections. */
function limited(limit: number, args: readonly string[], env: Record<string, string>): ChildProcess {
  const words = [process.execPath, pierPath, 'startnode', '--json', '--no-seed', ...args];
  const child = spawn('sh', ['-c', `ulimit -n ${limit}; exec "$@"`, 'sh', ...words], {
    env: { ...process.env, ...env },
  });
  atFileEnd(() => child.kill('SIGKILL'));
  return child;
}

/** Opens connections that send nothing. */
function open(port: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const socket: Socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    atFileEnd(() => socket.destroy());
  }
}

describe.skipIf(process.platform === 'win32')('with few descriptors', { timeout: 60_000 }, () => {
  it('a node answers RPC and writes blocks, however many connections are opened', async () => {
    const [nodeId] = (await freeNodeIds(1)) as [number];
    const env = { NODE_ID: String(nodeId), PIER_DATADIR: tempDir('descriptors') };
    await pierInProcess(['createblockchain', '--address', ADDRESS, '--json'], env);
    const child = limited(200, ['--max-connections', '1000'], env);
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    const client = new RpcClient((JSON.parse(line) as ReadyLine).rpc);
    open(nodeId, 400);
    open(nodeId + 10_000, 300);
    const before = (await client.call('getblockcount')) as number;
    await client.call('generatetoaddress', [3, ADDRESS]);
    expect(await client.call('getblockcount')).toBe(before + 3);
    child.kill('SIGTERM');
    expect((await waitForExit(child)).code).toBe(0);
  });

  it('too few, a node does not start, and says how to raise the limit', async () => {
    const [nodeId] = (await freeNodeIds(1)) as [number];
    const env = { NODE_ID: String(nodeId), PIER_DATADIR: tempDir('descriptors') };
    await pierInProcess(['createblockchain', '--address', ADDRESS, '--json'], env);
    const { code, stderr } = await waitForExit(limited(50, ['--log-level', 'error'], env));
    expect(code).toBe(1);
    expect(stderr).toContain('too-few-descriptors');
    expect(stderr).toContain('ulimit -n');
  });
});
