import { afterEach, describe, expect, it } from 'vitest';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../../src/devnet/network/node-network.ts';
import { engineNames } from '../../../src/devnet/topology/network-options.ts';

let network: NodeNetwork;
afterEach(() => network?.close());

interface Entry {
  readonly vsize: number;
  readonly fees: { readonly base: number };
}

const entries = async () =>
  Object.values(await network.node('node1').call<Record<string, Entry>>('getrawmempool', [true]));

describe.each(engineNames)('traffic on the engine %s', { timeout: 120_000 }, (engine) => {
  it('fills the mempools of all nodes with payments and their replacements', async () => {
    network = await createNetwork({ engine, nodes: [{}, { accounts: [1, 2] }], accounts: 4 });
    const { sent, replaced, refused, vbytes } = await network.traffic({ count: 30, feeRates: [5, 40], seed: 3 });
    expect([sent, replaced, refused]).toEqual([30, 0, 0]);
    await network.synced({ timeout: 60_000 });
    const made = await entries();
    expect(made).toHaveLength(30);
    expect(made.reduce((sum, { vsize }) => sum + vsize, 0)).toBe(vbytes);
    const rates = made.map(({ vsize, fees }) => (fees.base * 1e8) / vsize);
    expect(Math.min(...rates)).toBeGreaterThan(4.9);
    expect(Math.max(...rates)).toBeLessThan(42);
    expect(Math.max(...rates)).toBeGreaterThan(2 * Math.min(...rates));
    await network.mine();
    expect(await entries()).toEqual([]);

    const conflicting = await network.traffic({ count: 5, conflicts: 1 });
    expect(conflicting).toMatchObject({ sent: 5, replaced: 5 });
    expect(await network.traffic({ count: 0 })).toMatchObject({ sent: 0, vbytes: 0 });
  });
});

describe('NodeNetwork.traffic', () => {
  it('counts what wallets cannot pay', async () => {
    network = await createNetwork({ nodes: 1, accounts: 1, balance: '0' });
    expect(await network.traffic({ count: 7 })).toMatchObject({ sent: 0, refused: 7 });
  });

  it('ends when its signal aborts, its time is over, or the network closes', async () => {
    network = await createNetwork({ nodes: 1, accounts: 1 });
    // The second payment would be due after an hour.
    const slow = { rate: 1 / 3600 };
    const controller = new AbortController();
    const events = network.events();
    const aborted = network.traffic({ ...slow, signal: controller.signal });
    await events.next();
    controller.abort();
    expect(await aborted).toMatchObject({ sent: 1 });
    expect(await network.traffic({ signal: controller.signal })).toMatchObject({ sent: 0 });
    const { seconds } = await network.traffic({ ...slow, seconds: 0.05 });
    expect(seconds).toBeGreaterThanOrEqual(0.05);
    const closing = expect(network.traffic(slow)).rejects.toMatchObject({ code: 'network-closed' });
    await events.next();
    await network.close();
    await closing;
  });

  it('needs accounts', async () => {
    network = await createNetwork({ nodes: 1, accounts: 0 });
    await expect(network.traffic()).rejects.toMatchObject({ code: 'bad-traffic' });
  });
});
