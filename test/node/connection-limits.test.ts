import fs from 'node:fs';
import { availableParallelism } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { type NodeConfigInput, nodeConfig } from '../../src/node/config.ts';
import { FullNode } from '../../src/node/full-node.ts';
import { LightNode } from '../../src/node/light-node.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { replaceFs, restoreFs } from '../support/replace-fs.ts';

let node: FullNode | LightNode | undefined;
afterEach(async () => {
  restoreFs();
  await node?.stop();
});

/** Starts a node that knows many addresses, none of which answers. Returns how many it dials at the same time. */
async function dials(isLight: boolean, input: NodeConfigInput = {}): Promise<number> {
  let [open, most] = [0, 0];
  const clock = new VirtualClock();
  const transport = {
    connect: () => {
      most = Math.max(most, ++open);
      return new Promise<never>((_, reject) => {
        clock.after(4_000, () => {
          open--;
          reject(new Error('unreachable'));
        });
      });
    },
    listen: async (endpoint: { host: string; port: number }) => ({ endpoint, close: async () => {} }),
  };
  const config = nodeConfig(
    { nodeId: 3000, dataDir: '/nonexistent/pier', ...input, p2p: { seeds: [], publicAddresses: true, ...input.p2p } },
    {},
  );
  const stores = { chain: new MemoryStore(), wallet: new MemoryStore() };
  const modules = { clock, transport, stores, random: new SeededRandom(1) };
  node = isLight
    ? await LightNode.start(config, { network: 'full' }, modules)
    : await FullNode.start(config, { network: 'full', createChain: false, createWallet: false }, modules);
  for (let i = 1; i < 200; i++) {
    const endpoint = { host: `${i}.7.7.7`, port: 8333 };
    node.connections.addresses.add({ endpoint, services: 1033n, time: clock.now() / 1000 }, endpoint);
  }
  for (let i = 0; i < 600; i++) {
    clock.advance(100);
    await Promise.resolve();
  }
  return most;
}

describe('The automatic connections of a node', () => {
  // One more is for a feeler, or in place of a stale one (Core: MAX_FEELER_CONNECTIONS).
  it.each([
    ['of a full node are 8, and 2 for blocks only', false, {}, 10],
    ['of a full node are as many as it is told', false, { p2p: { maxOutbound: 3 } }, 5],
    ['of a full node are at most all that it may have', false, { p2p: { maxConnections: 5 } }, 5],
    ['of a light node are 4', true, {}, 4],
  ])('%s', async (_, isLight, input, expected) => {
    const most = await dials(isLight, input);
    expect(most).toBeGreaterThanOrEqual(expected);
    expect(most).toBeLessThanOrEqual(expected + 1);
  });

  it.each([
    ['full', false],
    ['light', true],
  ])('of a %s node are none with 0 (Core: -connect)', async (_, isLight) => {
    expect(await dials(isLight, { p2p: { maxOutbound: 0 } })).toBe(0);
  });

  it('leave descriptors for files and RPC', async () => {
    const read = fs.readFileSync;
    // 40 for files, 10 for each processor, 16 for RPC: four are left.
    const limit = 40 + 10 * availableParallelism() + 16 + 4;
    replaceFs({
      readFileSync: (path: string, ...rest: []) =>
        path === '/proc/self/limits'
          ? `Limit\nMax open files            ${limit}   524288   files\n`
          : read(path, ...rest),
    });
    const most = await dials(false);
    expect(most).toBeGreaterThanOrEqual(4);
    expect(most).toBeLessThanOrEqual(5);
  });
});
