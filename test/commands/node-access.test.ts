import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createBlockchain } from '../../src/commands/create-blockchain.ts';
import { createWallet } from '../../src/commands/create-wallet.ts';
import { type AccessOptions, accessNode, type NodeAccess } from '../../src/commands/node-access.ts';
import { printChain } from '../../src/commands/print-chain.ts';
import { reindexUtxo } from '../../src/commands/reindex-utxo.ts';
import { send } from '../../src/commands/send.ts';
import { startNode } from '../../src/commands/start-node.ts';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { type NodeConfig, nodeConfig, nodePaths } from '../../src/node/config.ts';
import { FullNode } from '../../src/node/full-node.ts';
import { tempDir } from '../support/temp-dir.ts';

const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';

let config: NodeConfig;
const configIn = async (dataDir: string, seeds: readonly string[] = []) => {
  const [nodeId] = await freeNodeIds(1);
  return nodeConfig({ nodeId: nodeId!, dataDir, p2p: { seeds } }, {});
};

beforeAll(async () => {
  config = await configIn(tempDir('access'));
  const { address } = await createWallet(config, { name: 'alice' });
  await createBlockchain(config, { address });
});
afterEach(() => vi.restoreAllMocks());

const access = <T>(options: AccessOptions, use: (node: NodeAccess) => Promise<T>, of = config) =>
  accessNode(of, options, use);
/** Moves the time of day by `ms` at each look. */
function hurry(ms: number): void {
  let now = Date.now();
  vi.spyOn(Date, 'now').mockImplementation(() => (now += ms));
}

describe('Access to a node that is stopped', () => {
  it('starts it for the command, and stops it, also if the command fails', async () => {
    const start = vi.spyOn(FullNode, 'start');
    const stop = vi.spyOn(FullNode.prototype, 'stop');
    const height = await access({ network: 'none' }, (node) => node.call<number>('getblockcount'));
    expect(height).toBe(101);
    expect(start.mock.calls.map(([, options]) => options)).toEqual([
      { network: 'none', createChain: false, createWallet: false },
    ]);
    expect(stop).toHaveBeenCalledOnce();
    const error = new Error('as asked');
    await expect(access({ network: 'outbound', createWallet: true }, () => Promise.reject(error))).rejects.toBe(error);
    expect(start.mock.calls.at(-1)![1]).toMatchObject({ network: 'outbound', createWallet: true });
    expect(stop).toHaveBeenCalledTimes(2);
  });

  it('names the file that it needs and the command that creates it', async () => {
    const empty = await configIn(tempDir('access-empty'));
    const use = vi.fn(async () => {});
    await expect(access({ network: 'none', requires: ['wallet', 'chain'] }, use, empty)).rejects.toMatchObject({
      code: 'missing-wallet',
      message: `node ${empty.nodeId} has no wallet: ${nodePaths(empty).wallet} does not exist`,
      hint: `Create one with 'NODE_ID=${empty.nodeId} pier createwallet'.`,
    });
    await expect(access({ network: 'none', requires: ['chain'] }, use, empty)).rejects.toMatchObject({
      code: 'missing-chain',
      message: `node ${empty.nodeId} has no blockchain: ${nodePaths(empty).chain} does not exist`,
      hint: expect.stringMatching(/pier createblockchain --address A'.*pier startnode --seed HOST:PORT'/),
    });
    await expect(reindexUtxo(empty)).rejects.toMatchObject({ code: 'missing-chain' });
    expect(use).not.toHaveBeenCalled();
    expect(existsSync(nodePaths(empty).chain)).toBe(false);
  });

  it('waits ten seconds for a peer that has its chain', async () => {
    hurry(3_000);
    await expect(access({ network: 'none' }, (node) => node.awaitPeer())).rejects.toMatchObject({
      code: 'no-peer',
      message: expect.stringContaining('(seeds: none)'),
      hint: expect.stringContaining('--mine'),
    });
    const seeded = { ...config, p2p: { ...config.p2p, seeds: [{ host: '127.0.0.1', port: 1 }] } };
    await expect(access({ network: 'none' }, (node) => node.awaitPeer(), seeded)).rejects.toMatchObject({
      message: expect.stringContaining('(seeds: 127.0.0.1:1)'),
    });
  });

  it('waits until a peer has taken its transactions', async () => {
    const spent = await access({ network: 'none' }, async (node) => {
      // There is nothing to send.
      await node.awaitRelay('none');
      const txid = await node.call<string>('sendtoaddress', [ADDRESS, 1], 'alice');
      hurry(3_000);
      await expect(node.awaitRelay(txid)).rejects.toMatchObject({
        code: 'not-relayed',
        message: `no peer requested transaction ${txid} within 10 s`,
        hint: expect.stringContaining('The wallet keeps it'),
      });
      return txid;
    });
    expect(spent).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('Access to a node that runs', () => {
  it('is by its RPC, which has its peers and goes on', async () => {
    const { node } = await startNode({ ...config, p2p: { ...config.p2p, seeds: [] } });
    const start = vi.spyOn(FullNode, 'start');
    try {
      const seen = await access({ network: 'none', requires: ['chain'] }, async (running) => {
        await running.awaitPeer();
        await running.awaitRelay('any');
        return [
          await running.call('getblockcount'),
          await running.call('getblockhash', [0]),
          ((await running.call('getwalletinfo', [], 'alice')) as { walletname: string }).walletname,
        ];
      });
      expect(seen).toEqual([101, node.chain.atHeight(0)!.hashHex, 'alice']);
      expect(start).not.toHaveBeenCalled();
      await expect(access({ network: 'none' }, (running) => running.call('nope'))).rejects.toMatchObject({
        rpcCode: -32601,
      });
      await writeFile(nodePaths(config).cookie, '__cookie__:wrong');
      await expect(access({ network: 'none' }, async () => {})).rejects.toMatchObject({ code: 'rpc-unauthorized' });
    } finally {
      await node.stop();
    }
  });
});

describe('printChain', () => {
  it('visits blocks from the tip down, as many as asked for', async () => {
    for (const [limit, expected] of [
      [0, []],
      [2, [101, 100]],
      [undefined, Array.from({ length: 102 }, (_, i) => 101 - i)],
    ] as const) {
      const heights: number[] = [];
      const printed = await printChain(config, limit === undefined ? {} : { limit }, ({ height }) =>
        heights.push(height),
      );
      expect([printed, heights]).toEqual([expected.length, [...expected]]);
    }
  });
});

describe('createBlockchain', () => {
  it('continues over a chain of the genesis block, which an interruption leaves', async () => {
    const fresh = await configIn(tempDir('create'));
    const left = await FullNode.start(fresh, { network: 'none', createChain: true, createWallet: false });
    await left.stop();
    const progress: string[] = [];
    const onProgress = (blocks: number, total: number) => progress.push(`${blocks} of ${total}`);
    const created = await createBlockchain(fresh, { address: ADDRESS, onProgress });
    expect([progress.length, progress[0], progress.at(-1)]).toEqual([102, '0 of 101', '101 of 101']);
    expect(created).toMatchObject({ file: nodePaths(fresh).chain, height: 101, address: ADDRESS });
    await expect(createBlockchain(fresh, { address: ADDRESS, onProgress })).rejects.toMatchObject({
      code: 'chain-exists',
    });
    expect(progress.length).toBe(102);
    const count = await accessNode(fresh, { network: 'none' }, (node) => node.call('getbestblockhash'));
    expect(count).toBe(created.bestblockhash);
  });

  it('refuses a public network and a wrong address before it creates anything', async () => {
    const dataDir = tempDir('create-public');
    const signet = nodeConfig({ nodeId: 3000, dataDir: `${dataDir}/signet`, network: 'signet' }, {});
    await expect(
      createBlockchain(signet, { address: 'tb1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqwnzuqn' }),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/not-creatable|bad-checksum/),
    });
    const regtest = nodeConfig({ nodeId: 3000, dataDir: `${dataDir}/regtest` }, {});
    await expect(createBlockchain(regtest, { address: 'nonsense' })).rejects.toThrow();
    expect([existsSync(`${dataDir}/signet`), existsSync(`${dataDir}/regtest`)]).toEqual([false, false]);
  });
});

describe('send', () => {
  const paying = (more: object) => send(config, { to: ADDRESS, amount: '1', mine: true, ...more });

  it.each([
    [{ amount: '0' }, 'bad-amount'],
    [{ amount: '-1' }, 'bad-amount'],
    [{ amount: '0.000000001' }, 'bad-amount'],
    [{ amount: '21000001' }, 'bad-amount'],
    [{ amount: 'x' }, 'bad-amount'],
    [{ feeRate: '0' }, 'bad-fee-rate'],
    [{ feeRate: '0.000' }, 'bad-fee-rate'],
    [{ feeRate: '1.2345' }, 'bad-fee-rate'],
    [{ feeRate: '12345678' }, 'bad-fee-rate'],
    [{ feeRate: '-1' }, 'bad-fee-rate'],
    [{ feeRate: '1x' }, 'bad-fee-rate'],
    [{ from: 'unknown' }, 'no-such-wallet'],
  ])('refuses %j', async (more, code) => {
    await expect(paying(more)).rejects.toMatchObject({ code });
  });

  it('pays from the wallet that is named or has the address, at the fee rate, and mines a block', async () => {
    const { address } = await createWallet(config, { name: 'bob' });
    await expect(paying({})).rejects.toMatchObject({ code: 'which-wallet', hint: expect.stringContaining('--from') });
    const payment = await paying({ from: 'alice', to: address, amount: '2', feeRate: '7' });
    expect(payment.wallet).toBe('alice');
    const found = await access({ network: 'none' }, async (node) => ({
      block: await node.call<{ tx: string[]; height: number }>('getblock', [payment.block!, 1]),
      info: await node.call<{ fee: number }>('gettransaction', [payment.txid], 'alice'),
      tx: await node.call<{ vsize: number }>('getrawtransaction', [payment.txid, true, payment.block!]),
    }));
    expect(found.block.tx).toContain(payment.txid);
    expect(Math.round((-found.info.fee * 1e8) / found.tx.vsize)).toBe(7);
    // The owner of an address pays.
    expect((await paying({ from: address })).wallet).toBe('bob');
  });

  it('needs a wallet', async () => {
    const fresh = await configIn(tempDir('send-none'));
    await createBlockchain(fresh, { address: ADDRESS });
    await expect(send(fresh, { to: ADDRESS, amount: '1' })).rejects.toMatchObject({ code: 'missing-wallet' });
  });
});
