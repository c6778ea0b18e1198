import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { type NodeConfigInput, nodeConfig } from '../../src/node/config.ts';
import { FullNode } from '../../src/node/full-node.ts';
import { callInProcess } from '../../src/testing/call-in-process.ts';
import { atFileEnd } from '../support/file-end.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

// What the options of a node's configuration do, each compared with a node of default options.

const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';

async function start(input: NodeConfigInput): Promise<FullNode> {
  const [nodeId] = await freeNodeIds(1);
  const config = nodeConfig({ nodeId, dataDir: tempDir('options'), ...input, p2p: { seeds: [], ...input.p2p } }, {});
  const node = await FullNode.start(config, { network: 'full', createChain: true, createWallet: true });
  atFileEnd(() => node.stop());
  return node;
}

/** Connects to a node's P2P port; resolves to whether it accepts. */
async function accepts(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host);
  atFileEnd(() => socket.destroy());
  return once(socket, 'connect').then(
    () => true,
    () => false,
  );
}

let usual: FullNode;
let other: FullNode;

beforeAll(async () => {
  [usual, other] = await Promise.all([
    start({}),
    start({
      minimumChainWork: 'ff',
      chain: { blockFilterIndex: false },
      mining: { address: ADDRESS, mineAtTxs: 1 },
      p2p: { host: '127.0.0.2', v2Transport: false, blocksOnly: true, bloomFilters: true, maxConnections: 13 },
    }),
  ]);
});

afterAll(() => Promise.all([usual.stop(), other.stop()]));

const both = <T>(call: (node: FullNode) => Promise<T>): Promise<[usual: T, other: T]> =>
  Promise.all([call(usual), call(other)]);
const services = async (name: string) =>
  both(async (node) => {
    const info = (await callInProcess(node, 'getnetworkinfo')) as { localservicesnames: string[] };
    return info.localservicesnames.includes(name);
  });

describe('the options of a node', () => {
  it('host: the address that peers connect to', async () => {
    expect(await both((node) => accepts('127.0.0.1', node.config.nodeId))).toEqual([true, false]);
    expect(await accepts('127.0.0.2', other.config.nodeId)).toBe(true);
  });

  it('v2Transport: the service bit of BIP324', async () => {
    expect(await services('P2P_V2')).toEqual([true, false]);
  });

  it('bloomFilters: the service bit of BIP37', async () => {
    expect(await services('BLOOM')).toEqual([false, true]);
  });

  it('blockFilterIndex: the index and its service bit', async () => {
    expect(await services('COMPACT_FILTERS')).toEqual([true, false]);
    const indexes = await both(async (node) => Object.keys((await callInProcess(node, 'getindexinfo')) as object));
    expect(indexes).toEqual([['basic block filter index'], []]);
  });

  it('blocksOnly: no transactions from peers', async () => {
    const relay = await both(async (node) => (await callInProcess(node, 'getnetworkinfo')) as { localrelay: boolean });
    expect(relay.map(({ localrelay }) => localrelay)).toEqual([true, false]);
  });

  it('maxConnections: inbound peers have the places that outbound ones leave', async () => {
    // 13 places less 8 full-relay, 2 block-relay-only and a feeler.
    for (let i = 0; i < 6; i++) {
      await accepts('127.0.0.1', usual.config.nodeId);
      await accepts('127.0.0.2', other.config.nodeId);
    }
    await waitFor(() => usual.connections.peers().length >= 6);
    await waitFor(() => other.connections.peers().length === 2);
  });

  it('minimumChainWork: a chain with less work is in initial download', async () => {
    const states = await both(async (node) => {
      await callInProcess(node, 'generatetoaddress', [1, ADDRESS]);
      return (await callInProcess(node, 'getblockchaininfo')) as { initialblockdownload: boolean };
    });
    expect(states.map(({ initialblockdownload }) => initialblockdownload)).toEqual([false, true]);
  });

  it('mining: an address and a number of transactions at which a block is mined', async () => {
    const info = await both(async (node) => (await callInProcess(node, 'getminerinfo')) as Record<string, unknown>);
    expect(info).toMatchObject([{ running: false }, { running: true, address: ADDRESS, mineattxs: 1 }]);
    const { tip } = other.chain;
    const wallet = await other.wallets.createWallet('miner');
    await callInProcess(other, 'generatetoaddress', [101, await wallet.newAddress().then(String)]);
    await callInProcess(other, 'sendtoaddress', [ADDRESS, 1], 'miner');
    await waitFor(() => other.chain.tip.height === tip.height + 102);
    const block = other.chain.getBlock(other.chain.tip)!;
    expect(block.transactions).toHaveLength(2);
  });
});

describe('threads', () => {
  it('is the number of threads that search for proof of work', async () => {
    const workers: unknown[] = [];
    const count = (worker: unknown) => workers.push(worker);
    process.on('worker', count);
    try {
      // Signet's target is far too hard to reach here.
      const node = await start({ network: 'signet', mining: { threads: 3 } });
      const search = node.miner.generate(1, new Uint8Array(22), Number.POSITIVE_INFINITY);
      await waitFor(() => workers.length >= 3);
      await node.miner.stop();
      await search;
      expect(workers).toHaveLength(3);
    } finally {
      process.off('worker', count);
    }
  });
});
