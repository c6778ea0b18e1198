import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import { type FeeHooks, NetworkFees } from '../../../src/devnet/network/network-fees.ts';
import type { NodeNetwork } from '../../../src/devnet/network/node-network.ts';
import { engineNames } from '../../../src/devnet/topology/network-options.ts';
import { tempDir } from '../../support/temp-dir.ts';

let network: NodeNetwork;
afterEach(() => network?.close());

/** Returns the estimates of all full nodes in satoshis per virtual byte. */
const estimates = (blocks = 6) =>
  Promise.all(
    network.nodes
      .filter(({ isFull }) => isFull)
      .map(async (node) => {
        const { feerate } = await node.call<{ feerate: number }>('estimatesmartfee', [blocks]);
        return Math.round(feerate * 1e8) / 1000;
      }),
  );

describe.each(engineNames)('fees on the engine %s', { timeout: 120_000 }, (engine) => {
  it('are estimated and paid as set, higher and lower, through blocks', async () => {
    // Light nodes have no part in it; processes take a while to start.
    const light = engine === 'memory' ? [{ role: 'light' } as const] : [];
    network = await createNetwork({ engine, nodes: [{}, { accounts: [1] }, ...light], accounts: 2 });
    const [alice, bob] = network.accounts;
    const minimum = await estimates();
    // Each rate takes processes some seconds.
    for (const rate of engine === 'memory' ? [20, 35.5, 4] : [20, 4]) {
      await network.fees.set(rate);
      expect(network.fees.rate).toBe(rate);
      for (const target of [1, 2, 6]) expect(await estimates(target), `${target} blocks`).toEqual([rate, rate]);
    }
    const slow = await alice!.pay(bob!, '1', { feeRate: 2 });
    const quick = await bob!.pay(alice!, '1');
    await quick.seenBy('all');
    const { vsize, fees } = await network
      .node('node1')
      .call<{ vsize: number; fees: { base: number } }>('getmempoolentry', [quick.txid]);
    expect(Math.round(fees.base * 1e8) / vsize).toBeCloseTo(4, 0);
    await network.mine();
    await quick.confirmed();
    await network.mine(3);
    expect(await slow.confirmations()).toBe(0);
    expect(await estimates()).toEqual([4, 4]);
    await network.fees.clear();
    expect(network.fees.rate).toBe(undefined);
    expect(await estimates()).toEqual(minimum);
    await network.mine();
    await slow.confirmed();
  });
});

describe('NetworkFees', () => {
  it('is part of snapshots', async () => {
    network = await createNetwork({ nodes: 2, accounts: 1 });
    const clean = await network.snapshot();
    await network.fees.set(7, { blocks: 1 });
    const set = await network.snapshot();
    await network.revert(clean);
    expect(network.fees.rate).toBe(undefined);
    await network.mine();
    expect(await network.node('node1').view()).toMatchObject({ mempool: new Set() });
    await network.revert(set);
    expect(network.fees.rate).toBe(7);
    await network.mine();
    expect(await estimates(1)).toEqual([7, 7]);
    const file = join(tempDir('fees'), 'network.state');
    await network.save(file);
    await network.close();
    network = await createNetwork({ state: file });
    const { mempool } = await network.node('node1').view();
    await network.fees.set(8, { blocks: 1 });
    expect(await estimates(1)).toEqual([8, 8]);
    // The backlog of the file is known as such.
    expect((await network.node('node1').view()).mempool).toEqual(mempool);
  });

  it('is filled up once, however many blocks come at a time', async () => {
    network = await createNetwork({ nodes: 2, accounts: 1 });
    await network.fees.set(6, { blocks: 2 });
    const backlog = (await network.node('node1').view()).mempool!.size;
    await Promise.all([network.mine(), network.mine(), network.fees.set(9, { blocks: 2 }), network.mine()]);
    expect(network.fees.rate).toBe(9);
    expect(await estimates(1)).toEqual([9, 9]);
    const sizes = await Promise.all(network.nodes.map(async (node) => (await node.view()).mempool!.size));
    // Some fillers of the lower rate have no coin of their size any more.
    expect(sizes[0]).toBeGreaterThan(backlog * 0.9);
    expect(sizes[0]).toBeLessThanOrEqual(backlog);
    expect(sizes).toEqual([sizes[0], sizes[0]]);
  });

  it('is filled up for one block after the other', async () => {
    const looks: (() => void)[] = [];
    const faucet = {
      status: 'running',
      // It never lacks anything, once it is looked at.
      view: () => new Promise((resolve) => looks.push(() => resolve({ mempool: { *[Symbol.iterator]() {} } }))),
      call: async () => [],
    };
    const hooks = { faucet, wallet: { wallet: 'faucet', keys: { address: () => '' } }, relayed: async () => {} };
    const fees = new NetworkFees(hooks as unknown as FeeHooks);
    fees.restore({ backlog: { rate: 5, blocks: 1 }, fillers: [] });
    const refills = [fees.refill({}), fees.refill({}), fees.refill({})];
    for (let done = 1; done <= refills.length; done++) {
      await setImmediate();
      expect(looks).toHaveLength(done);
      looks.at(-1)!();
    }
    await Promise.all(refills);
  });

  it('lets networks that mine at each transaction confirm low fees too, and then stop', async () => {
    network = await createNetwork({ nodes: 2, accounts: 2 });
    const [alice, bob] = network.accounts;
    await network.fees.set(10, { blocks: 2 });
    network.mining = { transactions: 1 };
    const { height } = await network.node('node2').view();
    const payment = await alice!.pay(bob!, '1', { feeRate: 1 });
    await payment.confirmed();
    network.mining = 'manual';
    const { height: after } = await network.node('node2').view();
    expect(after - height).toBeGreaterThan(1);
    expect(after - height).toBeLessThanOrEqual(4);
  });

  it('needs coins of the faucet', async () => {
    network = await createNetwork({ nodes: 1, accounts: 0 });
    await network.fees.set(1000, { blocks: 2 });
    expect(await estimates(2)).toEqual([1000]);
    await expect(network.fees.set(1000, { blocks: 10 })).rejects.toMatchObject({
      code: 'bad-fees',
      message: expect.stringContaining('the faucet has'),
    });
    expect(await estimates(2)).toEqual([1000]);
  });
});
