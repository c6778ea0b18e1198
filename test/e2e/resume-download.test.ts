import { describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { regtest } from '../../src/consensus/params.ts';
import { NodeProcess } from '../../src/devnet/processes/node-process.ts';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { nodePaths } from '../../src/node/config.ts';
import { formatEndpoint } from '../../src/p2p/net/endpoint.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { atFileEnd } from '../support/file-end.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';
import { startSeed } from './support/seed.ts';

const HEIGHT = 1_000;
/** Blocks sent to the node before it is killed. */
const SENT_BEFORE_KILL = 400;

/** Returns the heights of the blocks that are stored in a stopped node's file. */
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

describe('a download interrupted by SIGKILL', () => {
  it('resumes without requesting stored blocks again', { timeout: 60_000 }, async () => {
    const seed = await startSeed(HEIGHT);
    const [nodeId, unusedPort] = await freeNodeIds(2);
    const options = { nodeId: nodeId!, dataDir: tempDir('resume') };
    const first = await NodeProcess.start({ ...options, seeds: [`127.0.0.1:${unusedPort}`] });
    atFileEnd(() => first.stop());
    seed.limit = SENT_BEFORE_KILL;
    await first.rpc.call('addnode', [formatEndpoint(seed.endpoint), 'add']);
    await waitFor(async () => (await first.rpc.call<number>('getblockcount')) > 0, { timeoutMs: 30_000 });
    // The answer comes once all changes so far are on disk.
    await first.rpc.call('preciousblock', [await first.rpc.call('getbestblockhash')]);
    await waitFor(() => seed.served.length === SENT_BEFORE_KILL, { timeoutMs: 30_000 });
    await first.kill();

    const stored = await storedHeights(nodePaths(options).chain, seed.chain);
    expect(new Set(seed.served).size).toBe(seed.served.length);
    // Blocks that were not yet on disk are lost.
    expect(stored.size).toBeGreaterThan(0);
    expect(stored.size).toBeLessThanOrEqual(seed.served.length);
    expect(seed.served.length).toBeLessThan(HEIGHT);
    seed.served.length = 0;
    delete seed.limit;

    const second = await NodeProcess.start({ ...options, seeds: [formatEndpoint(seed.endpoint)] });
    atFileEnd(() => second.stop());
    await waitFor(async () => (await second.rpc.call('getblockcount')) === HEIGHT, { timeoutMs: 30_000 });
    expect(seed.served.filter((height) => stored.has(height))).toEqual([]);
    expect(seed.served).toHaveLength(HEIGHT - stored.size);
  });
});
