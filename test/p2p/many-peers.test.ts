import { afterEach, describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { Chain } from '../../src/chain/chain.ts';
import { regtest } from '../../src/consensus/params.ts';
import { Mempool } from '../../src/mempool/mempool.ts';
import type { ConnectionManager } from '../../src/p2p/connections/connection-manager.ts';
import type { Peer } from '../../src/p2p/peer/peer.ts';
import { TcpTransport } from '../../src/p2p/transport/tcp-transport.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { Block } from '../../src/primitives/block.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { mineBlock } from '../chain/support/builder.ts';
import { fullNodeConnections } from '../support/full-node-connections.ts';
import { waitFor } from '../support/wait.ts';
import { FakePeer } from './support/fake-peer.ts';
import { START_MS, TestNetwork, type TestNode } from './support/network.ts';

/** Mines a chain on genesis, with a block per second. */
function mineChain(length: number, firstTime = START_MS / 1000 - length): Block[] {
  const blocks: Block[] = [];
  const { genesis } = regtest;
  let prev = { hash: genesis.hash, height: 0, time: genesis.header.time, bits: genesis.header.bits };
  for (let i = 0; i < length; i++) {
    const block = mineBlock(prev, { time: firstTime + i });
    prev = { hash: block.hash, height: i + 1, time: block.header.time, bits: block.header.bits };
    blocks.push(block);
  }
  return blocks;
}

const accept = (chain: Chain, blocks: readonly Block[]) => Promise.all(blocks.map((block) => chain.acceptBlock(block)));

/** Counts the blocks that each peer sends, and the most peers with blocks in flight at one time. */
function countBlocks(peers: ConnectionManager): { perPeer: Map<Peer, number>; atOnce: () => number } {
  const perPeer = new Map<Peer, number>();
  let most = 0;
  peers.events.on('message', ({ peer, command, direction }) => {
    if (command !== 'block' || direction !== 'received') return;
    perPeer.set(peer, (perPeer.get(peer) ?? 0) + 1);
    const downloading = peers.peers().filter((other) => peers.info(other).inFlight.length > 0);
    most = Math.max(most, downloading.length);
  });
  return { perPeer, atOnce: () => most };
}

/** Connects a peer that has `blocks` and calls `respond` for each block requested from it. */
async function serve(
  net: TestNetwork,
  node: TestNode,
  blocks: readonly Block[],
  respond: (peer: FakePeer, block: Block) => void,
): Promise<{ peer: FakePeer; requested: string[] }> {
  const indexes = new Map(blocks.map((block, i) => [toHex(block.hash), i]));
  const peer = await FakePeer.join(net, node);
  const requested: string[] = [];
  peer.on('getheaders', () => peer.send('headers', { headers: blocks.map(({ header }) => header) }));
  peer.on('getdata', ({ entries }) => {
    for (const { hash } of entries) {
      requested.push(toHex(hash));
      respond(peer, blocks[indexes.get(toHex(hash))!]!);
    }
  });
  return { peer, requested };
}

const announce = (peer: FakePeer, blocks: readonly Block[]) =>
  peer.send('headers', { headers: blocks.map(({ header }) => header) });

describe('a new node', () => {
  it('downloads from four peers in parallel, each block from one of them', async () => {
    const net = new TestNetwork({ latencyMs: () => 20 });
    const blocks = mineChain(400);
    const seeds = await Promise.all([net.start(), net.start(), net.start(), net.start()]);
    for (const seed of seeds) await accept(seed.chain, blocks);
    const node = await net.start({ seeds });
    const { perPeer, atOnce } = countBlocks(node.connections);
    await net.untilSynced(blocks.at(-1)!.hash);
    const counts = [...perPeer.values()];
    expect(counts).toHaveLength(4);
    expect(Math.min(...counts)).toBeGreaterThan(50);
    expect(counts.reduce((sum, count) => sum + count)).toBe(400);
    expect(atOnce()).toBe(4);
  });

  it('completes the download although one of four peers stalls and one sends invalid blocks, and disconnects both', async () => {
    const net = new TestNetwork({ latencyMs: () => 5 });
    const blocks = mineChain(1300);
    const node = await net.start();
    const stalling = await serve(net, node, blocks, () => {});
    const garbage = await serve(net, node, blocks, (peer, block) =>
      peer.send('block', new Block(block.header, blocks[0]!.transactions)),
    );
    const honest = await Promise.all(
      [1, 2].map(() => serve(net, node, blocks, (peer, block) => peer.send('block', block))),
    );
    const { perPeer } = countBlocks(node.connections);
    const startedAt = net.clock.now();
    for (const { peer } of [stalling, garbage, ...honest]) announce(peer, blocks);
    await net.until(() => node.chain.tip.height === blocks.length, 60_000);
    expect(net.clock.now() - startedAt).toBeLessThan(12_000);
    await net.until(() => stalling.peer.closed && garbage.peer.closed, 1000);
    expect([...node.disconnects].sort()).toEqual(['block download stall', expect.stringMatching(/^misbehaving: bad-/)]);
    for (const { peer } of honest) expect(peer.closed).toBe(false);
    const useful = [...perPeer.values()].filter((count) => count > 100);
    expect(useful).toHaveLength(2);
  });

  it('disconnects a peer on a block download timeout even if it does not stall the window', async () => {
    const net = new TestNetwork();
    const blocks = mineChain(200);
    const node = await net.start();
    const stalling = await serve(net, node, blocks, () => {});
    const honest = await serve(net, node, blocks, (peer, block) => peer.send('block', block));
    announce(stalling.peer, blocks);
    announce(honest.peer, blocks);
    await net.until(() => node.chain.tip.height === 200, 11_000);
    expect(stalling.peer.closed).toBe(false);
    await net.until(() => stalling.peer.closed, 20 * 60_000, 1000);
    expect(node.disconnects).toEqual(['block download timeout']);
  });

  it('downloads from fast peers at full speed despite a slow one', async () => {
    const blocks = mineChain(600);
    /** Returns virtual milliseconds: until all blocks were requested, and until all were received. */
    async function duration(withSlow: boolean): Promise<{ fast: number; all: number }> {
      const net = new TestNetwork({ latencyMs: () => 10 });
      const node = await net.start();
      const delayed = (ms: number) => (peer: FakePeer, block: Block) => {
        net.clock.after(ms, () => peer.send('block', block));
      };
      const peers = [await serve(net, node, blocks, delayed(30)), await serve(net, node, blocks, delayed(30))];
      const slow = withSlow ? await serve(net, node, blocks, delayed(9_000)) : undefined;
      const startedAt = net.clock.now();
      for (const { peer } of slow ? [slow, ...peers] : peers) announce(peer, blocks);
      const requested = () => new Set(peers.flatMap((peer) => peer.requested)).size + new Set(slow?.requested).size;
      await net.until(() => requested() >= blocks.length);
      const fast = net.clock.now() - startedAt;
      await net.until(() => node.chain.tip.height === blocks.length);
      expect(node.disconnects).toEqual([]);
      return { fast, all: net.clock.now() - startedAt };
    }
    const alone = await duration(false);
    const withSlow = await duration(true);
    expect(withSlow.fast).toBeLessThanOrEqual(alone.fast);
    // Plus the 16 blocks in flight from the slow peer.
    expect(withSlow.all).toBeLessThan(11_000);
  });
});

describe('over TCP', () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const clean of cleanups.splice(0).toReversed()) await clean();
  });

  async function start(addNodes: { host: string; port: number }[] = []) {
    const modules = { clock: systemClock, logger: silentLogger };
    const chain = await Chain.open({ params: regtest, scriptThreads: 0 }, { ...modules, store: new MemoryStore() });
    const mempool = new Mempool({}, { ...modules, chain });
    const { connections: peers } = fullNodeConnections(
      { listen: [{ host: '127.0.0.1', port: 0 }], addNodes },
      { ...modules, chain, mempool, transport: new TcpTransport(), random: systemRandom },
    );
    cleanups.push(
      () => chain.close(),
      () => mempool.close(),
      () => peers.stop(),
    );
    return { chain, peers };
  }

  it('a new node downloads from four nodes in parallel', async () => {
    const blocks = mineChain(800, Math.floor(Date.now() / 1000) - 800);
    const seeds = await Promise.all([start(), start(), start(), start()]);
    for (const { chain, peers } of seeds) {
      await accept(chain, blocks);
      await peers.start();
    }
    const node = await start(seeds.map(({ peers }) => peers.endpoint!));
    const { perPeer, atOnce } = countBlocks(node.peers);
    await node.peers.start();
    await waitFor(() => node.chain.tip.height === 800, { describe: () => `height 800, at ${node.chain.tip.height}` });
    expect(perPeer.size).toBe(4);
    expect(atOnce()).toBeGreaterThanOrEqual(4);
    expect([...perPeer.values()].reduce((sum, count) => sum + count)).toBe(800);
    expect(Math.min(...perPeer.values())).toBeGreaterThan(20);
  });
});
