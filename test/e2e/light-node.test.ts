import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeProcess } from '../../src/devnet/processes/node-process.ts';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { pier } from '../support/pier.ts';
import { pierInProcess, pierJson } from '../support/pier-in-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

describe('a light node process', () => {
  const dataDir = tempDir('light-process');
  const files = ['--datadir', dataDir];
  let fullId: number;
  let lightId: number;
  let full: NodeProcess;
  let light: NodeProcess;
  let reward: string;
  let ours: string;

  const startLight = () => NodeProcess.start({ nodeId: lightId, dataDir, seeds: [`127.0.0.1:${fullId}`], spv: true });

  async function pay(amount: number): Promise<void> {
    await full.rpc.call('sendtoaddress', [ours, amount], 'central');
    await mine();
  }
  const mine = () => full.rpc.call('generatetoaddress', [1, reward]);

  async function balanceIs(expected: number): Promise<void> {
    const balance = async () =>
      (await light.rpc.call<{ mine: { trusted: number } }>('getbalances')).mine.trusted === expected;
    await waitFor(balance, { timeoutMs: 20_000, describe: `a balance of ${expected}` });
  }

  beforeAll(async () => {
    [fullId, lightId] = (await freeNodeIds(2)) as [number, number];
    ({ address: reward } = await pierJson<{ address: string }>(fullId, [
      'createwallet',
      '--name',
      'central',
      ...files,
    ]));
    await pierJson(fullId, ['createblockchain', '--address', reward, ...files]);
    full = await NodeProcess.start({ nodeId: fullId, dataDir, seeds: [] });
    light = await startLight();
    ({ address: ours } = await pierJson<{ address: string }>(lightId, ['createwallet', '--name', 'own', ...files]));
  }, 60_000);

  afterAll(async () => {
    await light?.stop();
    await full?.stop();
  });

  it('finds payments, including those during and after a kill', { timeout: 60_000 }, async () => {
    await pay(1);
    await balanceIs(1);
    // A payment arrives while the node is killed.
    await Promise.all([pay(2), light.kill()]);
    await pay(3);
    light = await startLight();
    await balanceIs(6);
    await light.kill();
    light = await startLight();
    await balanceIs(6);
    await light.stop();
    light = await startLight();
    await balanceIs(6);
    const { headers, scanned } = await light.rpc.call<{ headers: number; scanned: number }>('getlightinfo');
    expect([headers, scanned]).toEqual([104, 104]);
  });

  it('serves the commands of the tutorial, except those that need blocks', { timeout: 60_000 }, async () => {
    const env = { NODE_ID: String(lightId), NO_COLOR: '1' };
    const run = (...args: string[]) => pierInProcess([...args, ...files], env);
    expect(await run('getbalance')).toMatchObject({ code: 0, stdout: expect.stringMatching(/own.*\b6\b/) });
    expect(await run('listaddresses')).toMatchObject({ code: 0, stdout: expect.stringContaining(ours) });

    const { txid } = await pierJson<{ txid: string }>(lightId, [
      ...['send', '--from', ours, '--to', reward, '--amount', '0.5', ...files],
    ]);
    await waitFor(() => full.rpc.call('getmempoolentry', [txid]).catch(() => undefined), { timeoutMs: 20_000 });
    await mine();
    const isConfirmed = async () =>
      (await light.rpc.call<{ confirmations: number }>('gettransaction', [txid])).confirmations === 1;
    await waitFor(isConfirmed, { timeoutMs: 20_000 });

    // Only a full node knows the coins of other addresses.
    for (const command of [['printchain'], ['reindexutxo'], ['getbalance', '--address', reward]]) {
      const failed = await run(...command);
      expect(failed).toMatchObject({ code: 1, stdout: '' });
      expect(failed.stderr).toMatch(/light node/);
    }
  });

  it('fails with options that do not apply, and on the files of a full node', { timeout: 60_000 }, async () => {
    const [otherId] = await freeNodeIds(1);
    const start = (id: number, ...args: string[]) =>
      pier(['startnode', '--no-seed', ...args, ...files], { NODE_ID: String(id), NO_COLOR: '1' });
    for (const useless of [['--miner', reward], ['--miner-threads', '1'], ['--blocks-only'], ['--peerbloomfilters']]) {
      // Refused before a file or port is opened.
      const args = ['startnode', '--no-seed', '--spv', ...useless, ...files];
      const failed = await pierInProcess(args, { NODE_ID: String(otherId), NO_COLOR: '1' });
      expect(failed.code).toBe(2);
      expect(failed.stderr).toContain(`a light node (--spv) does not support ${useless[0]}`);
    }
    await light.stop();
    await full.stop();
    const asLight = await start(fullId, '--spv');
    expect(asLight.code).toBe(1);
    expect(asLight.stderr).toMatch(/blockchain_\d+\.db holds a blockchain, not a header chain/);
    expect(asLight.stderr).toMatch(/belongs to a full node: start the node without --spv/);
    const asFull = await start(lightId);
    expect(asFull.code).toBe(1);
    expect(asFull.stderr).toMatch(/blockchain_\d+\.db holds a header chain, not a blockchain/);
    expect(asFull.stderr).toMatch(/belongs to a light node: start the node with --spv/);
  });
});
