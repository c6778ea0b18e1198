import { afterAll, describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { regtest } from '../../src/consensus/params.ts';
import { NodeProcess } from '../../src/devnet/node-process.ts';
import { freeNodeIds } from '../../src/devnet/ports.ts';
import { Mempool } from '../../src/mempool/mempool.ts';
import { nodePaths } from '../../src/node/config.ts';
import { PeerManager } from '../../src/p2p/peer-manager.ts';
import { TcpTransport } from '../../src/p2p/tcp-transport.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { LmdbStore } from '../../src/store/lmdb-store.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { mineBlock } from '../chain/support/builder.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

const HEIGHT = 1_000;
/** The node is killed when it has been sent so many of them. */
const SENT_BEFORE_KILL = 400;

const cleanups: (() => unknown)[] = [];
afterAll(async () => {
  for (const clean of cleanups.toReversed()) await clean();
});

interface Seed {
  readonly p2p: string;
  readonly chain: Chain;
  /** The height of each block that it has been asked for. */
  readonly served: number[];
  /** Called when it has noted one. */
  onServed?: () => void;
}

async function startSeed(): Promise<Seed> {
  const modules = { clock: systemClock, logger: silentLogger };
  const chain = await Chain.open({ params: regtest, scriptThreads: 0 }, { ...modules, store: new MemoryStore() });
  const now = Math.floor(Date.now() / 1000);
  let prev = { hash: regtest.genesis.hash, height: 0, time: 0, bits: regtest.genesis.header.bits };
  const accepted: Promise<unknown>[] = [];
  for (let height = 1; height <= HEIGHT; height++) {
    const block = mineBlock(prev, { time: now - HEIGHT + height });
    prev = { hash: block.hash, height, time: block.header.time, bits: block.header.bits };
    accepted.push(chain.acceptBlock(block));
  }
  await Promise.all(accepted);
  const getRawBlock = chain.getRawBlock.bind(chain);
  chain.getRawBlock = (index) => {
    seed.served.push(index.height);
    seed.onServed?.();
    return getRawBlock(index);
  };
  const mempool = new Mempool({}, { ...modules, chain });
  const peers = new PeerManager(
    { listen: { host: '127.0.0.1', port: 0 } },
    { ...modules, chain, mempool, transport: new TcpTransport(), random: systemRandom },
  );
  await peers.start();
  cleanups.push(
    () => chain.close(),
    () => mempool.close(),
    () => peers.stop(),
  );
  const seed: Seed = { p2p: `127.0.0.1:${peers.endpoint!.port}`, chain, served: [] };
  return seed;
}

/** Heights of the blocks whose bodies a stopped node's file holds. */
async function storedHeights(path: string, seed: Chain): Promise<Set<number>> {
  const store = await LmdbStore.open({ path, network: regtest.marker, kind: 'blockchain', create: false });
  const modules = { clock: systemClock, logger: silentLogger, store };
  const chain = await Chain.open({ params: regtest, scriptThreads: 0 }, modules);
  const stored = new Set<number>();
  for (let height = 1; height <= HEIGHT; height++) {
    if (chain.getIndex(seed.atHeight(height)!.hash)?.hasData) stored.add(height);
  }
  await chain.close();
  await store.close();
  return stored;
}

describe('a download that a kill has cut short', () => {
  it('goes on where it was: no block that is stored is asked for again', async () => {
    const seed = await startSeed();
    const [nodeId, nobody] = await freeNodeIds(2);
    const options = { nodeId: nodeId!, dataDir: tempDir('resume') };
    const first = await NodeProcess.start({ ...options, seeds: [`127.0.0.1:${nobody}`] });
    cleanups.push(() => first.stop());
    seed.onServed = () => {
      if (seed.served.length === SENT_BEFORE_KILL) void first.kill();
    };
    await first.rpc.call('addnode', [seed.p2p, 'add']);
    await first.exited;

    const stored = await storedHeights(nodePaths(options).chain, seed.chain);
    expect(new Set(seed.served).size).toBe(seed.served.length);
    // What had been sent and was not on the disk yet is lost.
    expect(stored.size).toBeGreaterThan(0);
    expect(stored.size).toBeLessThanOrEqual(seed.served.length);
    expect(seed.served.length).toBeLessThan(HEIGHT);
    seed.served.length = 0;

    const second = await NodeProcess.start({ ...options, seeds: [seed.p2p] });
    cleanups.push(() => second.stop());
    await waitFor(async () => (await second.rpc.call('getblockcount')) === HEIGHT, { timeoutMs: 30_000 });
    expect(seed.served.filter((height) => stored.has(height))).toEqual([]);
    expect(seed.served).toHaveLength(HEIGHT - stored.size);
  });
});
