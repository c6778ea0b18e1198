import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it } from 'vitest';
import { RpcClient } from '../../src/api/client/rpc-client.ts';
import { createBlockchain } from '../../src/commands/create-blockchain.ts';
import { createWallet } from '../../src/commands/create-wallet.ts';
import type { ReadyLine } from '../../src/devnet/processes/node-process.ts';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { waitForExit } from '../../src/devnet/processes/process-result.ts';
import { nodeConfig } from '../../src/node/config.ts';
import type { PaymentReport } from '../../src/spv/verify/payment-report.ts';
import type { ProofJson } from '../../src/spv/verify/proof-file.ts';
import { atFileEnd } from '../support/file-end.ts';
import { pier, pierPath } from '../support/pier.ts';
import { pierInProcess } from '../support/pier-in-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

type Printed = Extract<PaymentReport, { verified: true }> & { source: string; proof: ProofJson };

const dataDir = tempDir('verify');
let full: number;
let light: number;
/** The payment to the light node, in block 102 of 105. */
let txid: string;
let address: string;
let block: string;
let stopLight: () => Promise<void>;

/** Runs `pier startnode` until `stop` is called or the test file ends. */
async function start(nodeId: number, ...args: string[]): Promise<{ ready: ReadyLine; stop: () => Promise<void> }> {
  const command = ['startnode', '--json', '--with-parent', '--datadir', dataDir, '--log-level', 'error', ...args];
  const child = spawn(process.execPath, [pierPath, ...command], {
    env: { ...process.env, NODE_ID: String(nodeId) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const finished = waitForExit(child);
  const stop = async () => {
    child.kill('SIGTERM');
    await finished;
  };
  atFileEnd(stop);
  const line = new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
  const ended = finished.then(({ stderr }) => Promise.reject(new Error(`pier startnode ended: ${stderr}`)));
  return { ready: JSON.parse(await Promise.race([line, ended])) as ReadyLine, stop };
}

/** Runs `pier verify`: as a process if it reads `input`, otherwise in this one. */
const verify = (args: readonly string[], env: Record<string, string> = {}, input?: string) => {
  const command = ['verify', ...args, '--datadir', dataDir];
  return input === undefined ? pierInProcess(command, env) : pier(command, env, input);
};
const node = () => ['--node', String(full)];

async function proved(args: readonly string[], env?: Record<string, string>): Promise<Printed> {
  const { code, stdout, stderr } = await verify([...args, '--json'], env);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Printed;
}

beforeAll(async () => {
  [full, light] = (await freeNodeIds(2)) as [number, number];
  const config = (nodeId: number) => nodeConfig({ nodeId, dataDir });
  const central = await createWallet(config(full), { name: 'central' });
  await createBlockchain(config(full), { address: central.address });
  ({ address } = await createWallet(config(light), { name: 'light' }));
  const [{ ready }, spv] = await Promise.all([
    start(full, '--no-seed', '--peerbloomfilters'),
    start(light, '--spv', '--seed', String(full)),
  ]);
  const rpc = new RpcClient(ready.rpc);
  stopLight = spv.stop;
  txid = await rpc.call<string>('sendtoaddress', [address, 1.5]);
  [block] = (await rpc.call<string[]>('generatetoaddress', [4, central.address])) as [string];
  const lightRpc = new RpcClient(spv.ready.rpc);
  await waitFor(() => lightRpc.call('getpaymentproof', [txid]).then(Boolean, () => false), { describe: 'the proof' });
});

describe('pier verify', () => {
  it('finds the block by Bloom filter, block filters, height or hash, and reports the same', async () => {
    const found = [
      await proved([txid, ...node()]),
      await proved([txid, ...node(), '--address', address]),
      await proved([txid, ...node(), '--block', '102']),
      await proved([txid.toUpperCase(), ...node(), '--block', block, '--checkpoint', `102:${block}`]),
    ];
    for (const each of found) expect(each).toEqual(found[0]);
    expect(found[0]).toMatchObject({ verified: true, txid, blockhash: block, height: 102, confirmations: 4 });
    expect(found[0]).toMatchObject({ workontop: '6', source: `127.0.0.1:${full}`, tip: { height: 105 } });
    expect(found[0]!.proved.map(({ code }) => code)).toContain('tree-depth');
  });

  it('uses the proof of a light node, running or stopped', async () => {
    const env = { NODE_ID: String(light) };
    const running = await proved([txid], env);
    await stopLight();
    const stopped = await proved([txid], env);
    expect([running.source, running.blockhash]).toEqual([`light node ${light}`, block]);
    expect(stopped).toEqual(running);
  });

  it('prints the path from the transaction to the work, and exports a proof that needs no node', async () => {
    const file = join(dataDir, 'proof.json');
    const { code, stdout, stderr } = await verify([txid, ...node(), '--export', file], { NO_COLOR: '1' });
    expect([code, stderr]).toEqual([0, expect.stringContaining(`pier verify --proof ${file}`)]);
    const parts = [txid, 'merkle root', block, '3 on top', 'tip 105', 'Not proved', 'the transaction is valid'];
    const places = parts.map((text) => stdout.indexOf(text));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);

    const text = readFileSync(file, 'utf8');
    const honest = JSON.parse(text) as ProofJson;
    const other = `${txid.slice(0, -1)}${txid.endsWith('0') ? 1 : 0}`;
    const fine = await verify(['--proof', file, txid, '--json']);
    const otherTx = await verify(['--proof', file, other]);
    const [forged, nonsense] = await Promise.all([
      verify(['--proof', '-', '--json'], {}, JSON.stringify({ ...honest, position: 0 })),
      verify(['--proof', '-', '--json'], {}, text.slice(1)),
    ]);
    expect([fine.code, otherTx.code, forged.code, nonsense.code]).toEqual([0, 1, 1, 1]);
    expect(JSON.parse(fine.stdout)).toMatchObject({ verified: true, txid, height: 102 });
    expect(otherTx.stdout).toMatch(/^Not proved: the proof is for another transaction/);
    expect(JSON.parse(forged.stdout)).toMatchObject({ verified: false, flaw: 'wrong-coinbase' });
    expect(JSON.parse(nonsense.stderr)).toMatchObject({ error: { code: 'bad-proof' } });
  });

  it('reports what is wrong, and what to do next', async () => {
    const unknown = 'ab'.repeat(32);
    const cases: [readonly string[], number, RegExp][] = [
      [[unknown, ...node()], 1, /no block from 0 to 105 .*unconfirmed/],
      [[txid, '--node', String(light)], 1, /no node serves blocks at 127\.0\.0\.1:\d+: .*\n.*--node HOST:PORT/],
      [[], 2, /no transaction to verify\n.*txid/],
      [[txid, '--proof', '-', '--node', '3000'], 2, /verifies offline/],
      [
        [txid, ...node(), '--export', '/dev/full'],
        1,
        /--export '\/dev\/full' cannot be written: ENOSPC.*\n.*is no proof/,
      ],
    ];
    for (const [args, code, message] of cases) {
      const result = await verify(args);
      expect([args, result.code]).toEqual([args, code]);
      expect(result.stderr).toMatch(message);
    }
  });
});
