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

/** Starts a node on a free port, with at most one other as an added node. */
async function start(seed?: Node): Promise<Node> {
  const modules = { clock: systemClock, logger: silentLogger };
  const chain = await Chain.open({ params: regtest }, { ...modules, store: new MemoryStore() });
  const mempool = new Mempool({}, { ...modules, chain });
  const addNodes = seed ? [seed.connections.endpoint!] : [];
  const { connections: peers } = fullNodeConnections(
    { listen: [{ host: '127.0.0.1', port: 0 }], addNodes },
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

function knownPorts(node: Node): Set<number> {
  return new Set([...node.connections.addresses.entries()].map(({ endpoint }) => endpoint.port));
}

function countOutbound({ connections: peers }: Node): number {
  return peers.peers().filter((peer) => peer.isReady && !peer.inbound).length;
}

function describe(nodes: readonly Node[]): string {
  return nodes
    .map((node) => {
      const outbound = countOutbound(node);
      return `${knownPorts(node).size} known, ${node.connections.peers().length - outbound} in, ${outbound} out`;
    })
    .join('; ');
}

/**
 * Milliseconds that this process has run or waited, without those in which it was not scheduled, so that a time limit
 * holds on a busy machine.
 */
function ownTime(): number {
  const { user, system } = process.cpuUsage();
  return performance.eventLoopUtilization().idle + (user + system) / 1000;
}

/** Mines a block at one node. Resolves to the milliseconds it took to reach all nodes. */
async function mineAt(node: Node, nodes: readonly Node[]): Promise<number> {
  const startedAt = ownTime();
  const time = Math.max(Math.floor(Date.now() / 1000), node.chain.tip.medianTimePast() + 1);
  const { index, reject } = await node.chain.acceptBlock(mineBlock(node.chain.tip, { time }));
  if (!index || reject) throw new Error(`rejected: ${reject?.reason}`);
  await waitFor(() => nodes.every(({ chain }) => equalBytes(chain.tip.hash, index.hash)), { timeoutMs: 30_000 });
  return ownTime() - startedAt;
}

it('twenty nodes discover each other through one seed over TCP, and keep relaying blocks without it', async () => {
  const seed = await start();
  await mineAt(seed, [seed]);
  const others: Node[] = [];
  for (let i = 1; i < 20; i++) others.push(await start(seed));
  const all = [seed, ...others];
  const knowsAll = (node: Node) => {
    const ports = knownPorts(node);
    return all.every((other) => other === node || ports.has(other.port));
  };
  const limits = { timeoutMs: 60_000, describe: () => describe([...running]) };
  await waitFor(() => all.every(knowsAll), limits);
  // The first nodes may have so many inbound peers that few nodes are left to connect to.
  await waitFor(() => all.every(({ connections: peers }) => peers.peers().length >= 8), limits);
  await waitFor(() => others.filter((node) => countOutbound(node) >= 4).length >= 12, limits);
  await mineAt(others[7]!, all);
  expect(await mineAt(seed, all)).toBeLessThan(2000);

  await seed.stop();
  expect(await mineAt(others[3]!, others)).toBeLessThan(2000);
  expect(await mineAt(others[18]!, others)).toBeLessThan(2000);

  const late = await start(others[11]!);
  await waitFor(() => late.chain.tip.height === 5 && countOutbound(late) >= 4, limits);
  expect(await mineAt(late, [...others, late])).toBeLessThan(2000);
  await waitFor(() => others.every((node) => knownPorts(node).has(late.port)), limits);
}, 150_000);
