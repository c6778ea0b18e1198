import { performance } from 'node:perf_hooks';
import { afterEach, expect, it } from 'vitest';
import { equalBytes } from '../../src/bytes/compare.ts';
import { Chain } from '../../src/chain/chain.ts';
import { regtest } from '../../src/consensus/params.ts';
import { Mempool } from '../../src/mempool/mempool.ts';
import type { ConnectionManager } from '../../src/p2p/connections/connection-manager.ts';
import { TcpTransport } from '../../src/p2p/transport/tcp-transport.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { mineBlock } from '../chain/support/builder.ts';
import { fullNodeConnections } from '../support/full-node-connections.ts';
import { waitFor } from '../support/wait.ts';

interface Node {
  readonly port: number;
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly connections: ConnectionManager;
  stop(): Promise<void>;
}

const running = new Set<Node>();
afterEach(async () => {
  await Promise.all([...running].map((node) => node.stop()));
});

/** A node with a port of its own on this machine, which knows of one other. */
async function start(seed?: Node): Promise<Node> {
  const modules = { clock: systemClock, logger: silentLogger };
  const chain = await Chain.open({ params: regtest }, { ...modules, store: new MemoryStore() });
  const mempool = new Mempool({}, { ...modules, chain });
  const addNodes = seed ? [seed.connections.endpoint!] : [];
  const { connections: peers } = fullNodeConnections(
    { listen: { host: '127.0.0.1', port: 0 }, addNodes },
    { ...modules, chain, mempool, transport: new TcpTransport(), random: systemRandom },
  );
  await peers.start();
  const node: Node = {
    port: peers.endpoint!.port,
    chain,
    mempool,
    connections: peers,
    async stop() {
      running.delete(node);
      await peers.stop();
      mempool.close();
      await chain.close();
    },
  };
  running.add(node);
  return node;
}

function bookOf(node: Node): Set<number> {
  return new Set([...node.connections.addresses.entries()].map(({ endpoint }) => endpoint.port));
}

function outboundOf({ connections: peers }: Node): number {
  return peers.peers().filter((peer) => peer.isReady && !peer.inbound).length;
}

function describe(nodes: readonly Node[]): string {
  return nodes
    .map((n) => `${bookOf(n).size} known, ${n.connections.peers().length - outboundOf(n)} in, ${outboundOf(n)} out`)
    .join('; ');
}

/**
 * Milliseconds in which this process worked or waited, without those in which a busy machine gave it no time: so that
 * a limit in seconds means the same whatever else runs.
 */
function ownTime(): number {
  const { user, system } = process.cpuUsage();
  return performance.eventLoopUtilization().idle + (user + system) / 1000;
}

/** Mines at one node; resolves to the milliseconds that the block took to reach all. */
async function mineAt(node: Node, nodes: readonly Node[]): Promise<number> {
  const startedAt = ownTime();
  const time = Math.max(Math.floor(Date.now() / 1000), node.chain.tip.medianTimePast() + 1);
  const { index, reject } = await node.chain.acceptBlock(mineBlock(node.chain.tip, { time }));
  if (!index || reject) throw new Error(`refused: ${reject?.reason}`);
  await waitFor(() => nodes.every(({ chain }) => equalBytes(chain.tip.hash, index.hash)), { timeoutMs: 30_000 });
  return ownTime() - startedAt;
}

it('twenty nodes learn of each other through one seed, over TCP, and do without it', async () => {
  const seed = await start();
  await mineAt(seed, [seed]);
  const others: Node[] = [];
  for (let i = 1; i < 20; i++) others.push(await start(seed));
  const all = [seed, ...others];
  const knowsAll = (node: Node) => {
    const book = bookOf(node);
    return all.every((other) => other === node || book.has(other.port));
  };
  const patience = { timeoutMs: 60_000, describe: () => describe([...running]) };
  await waitFor(() => all.every(knowsAll), patience);
  // Those who came first may have been called by so many that there are few left for them to call.
  await waitFor(() => all.every(({ connections: peers }) => peers.peers().length >= 8), patience);
  await waitFor(() => others.filter((node) => outboundOf(node) >= 4).length >= 12, patience);
  await mineAt(others[7]!, all);
  expect(await mineAt(seed, all)).toBeLessThan(2000);

  await seed.stop();
  expect(await mineAt(others[3]!, others)).toBeLessThan(2000);
  expect(await mineAt(others[18]!, others)).toBeLessThan(2000);

  const newcomer = await start(others[11]!);
  await waitFor(() => newcomer.chain.tip.height === 5 && outboundOf(newcomer) >= 4, patience);
  expect(await mineAt(newcomer, [...others, newcomer])).toBeLessThan(2000);
  await waitFor(() => others.every((node) => bookOf(node).has(newcomer.port)), patience);
}, 150_000);
