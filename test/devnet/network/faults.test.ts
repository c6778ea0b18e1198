import { afterEach, describe, expect, it } from 'vitest';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../../src/devnet/network/node-network.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';

/** Random sequences of partitions; `PIER_PARTITIONS` sets another number. */
const SEQUENCES = Number(process.env.PIER_PARTITIONS ?? 5);

let network: NodeNetwork;
afterEach(() => network?.close());

const heights = async () => Promise.all(network.nodes.map(async (node) => (await node.view()).height));

describe('partition', () => {
  it('divides the network, and heals to the branch with the most work', async () => {
    network = await createNetwork({ nodes: 4 });
    const [alice, bob] = network.accounts;
    const [base] = await heights();
    await network.partition([['node1', 'node2'], ['node3']]);
    const payment = await alice!.pay(bob!, '1');
    await payment.seenBy('all');
    await network.mine(1, { by: 'node1' });
    await network.mine(3, { by: 'node3' });
    await network.mine(2, { by: network.node('node4') });
    expect(await heights()).toEqual([base! + 1, base! + 1, base! + 3, base! + 2]);
    await network.heal();
    expect(await heights()).toEqual([base! + 3, base! + 3, base! + 3, base! + 3]);
    expect(await payment.confirmations()).toBe(0);
  });

  it('heals with the unconfirmed payments of all groups on every node', async () => {
    network = await createNetwork({ nodes: [{ accounts: [0] }, {}, { accounts: [1] }], accounts: 2 });
    const [alice, bob] = network.accounts;
    await network.partition([['node1', 'node2'], ['node3']]);
    const txids = [(await alice!.pay(bob!, '1')).txid, (await bob!.pay(alice!, '2')).txid].sort();
    await network.heal();
    for (const node of network.nodes) expect([...(await node.view()).mempool!].sort()).toEqual(txids);
  });

  it('ends in one tip and equal mempools after random sequences', { timeout: SEQUENCES * 20_000 }, async () => {
    network = await createNetwork({ nodes: 5, shape: 'ring', accounts: 3 });
    const id = await network.snapshot();
    for (let seed = 1; seed <= SEQUENCES; seed++) {
      const random = new SeededRandom(seed);
      const below = (limit: number) => random.uint32() % limit;
      await network.revert(id);
      for (let step = 0; step < 8; step++) {
        const pick = () => network.nodes[below(network.nodes.length)]!;
        const account = () => network.accounts[below(network.accounts.length)]!;
        switch (below(5)) {
          case 0:
            await network.partition([network.nodes.filter(() => below(2) === 0)]);
            break;
          case 1:
            await network.heal();
            break;
          case 2:
            await network.mine(1 + below(2), { by: pick() });
            break;
          case 3:
            await account().pay(account(), 1_000_000n);
            break;
          case 4: {
            const link = network.links[below(network.links.length)]!;
            await (link.isCut ? link.mend() : link.cut());
          }
        }
      }
      await network.heal();
      // Each side of a tie keeps its own branch until a block decides.
      await network.mine(1, { by: 'node1' });
      await network.synced();
      expect(new Set(await heights()).size, `seed ${seed}`).toBe(1);
    }
  });
});

describe('nodes', () => {
  it('keep their mempool when they stop, lose it when they are killed, and keep their chain', async () => {
    network = await createNetwork({ nodes: 2 });
    const [alice, bob] = network.accounts;
    const payment = await alice!.pay(bob!, '1');
    await payment.seenBy('all');
    const node2 = network.node('node2');
    await node2.stop();
    expect(node2.status).toBe('stopped');
    await expect(node2.call('getblockcount')).rejects.toMatchObject({
      code: 'node-stopped',
      message: 'node2 is stopped: it cannot run getblockcount',
    });
    await node2.start();
    expect((await node2.view()).mempool).toEqual(new Set([payment.txid]));
    await node2.kill();
    await node2.start();
    expect((await node2.view()).mempool).toEqual(new Set());
    const [base] = await heights();
    await network.mine(1);
    expect(await heights()).toEqual([base! + 1, base! + 1]);
  });

  it('are held back while they are paused', async () => {
    network = await createNetwork({ nodes: 3 });
    const node2 = network.node('node2');
    await node2.pause();
    const answer = node2.call<number>('getblockcount');
    // Both neighbours have the blocks, and only the pause keeps them from the third node.
    for (let i = 0; i < 2; i++) await network.mine(1, { by: 'node1' });
    const [base, paused] = await heights();
    expect(paused).toBe(base! - 2);
    expect(node2.status).toBe('paused');
    await node2.resume();
    expect(await answer).toBe(paused);
    await network.synced();
    expect(await heights()).toEqual([base, base, base]);
  });
});

describe('links', () => {
  it('deliver late, slowly and with losses, and all the same', { timeout: 120_000 }, async () => {
    network = await createNetwork({ nodes: 2, seed: 3 });
    const [alice, bob] = network.accounts;
    const link = network.link('node1', 'node2');
    link.set({ latency: 5, jitter: 5, loss: 0.2, bandwidth: 200_000 });
    const payment = await alice!.pay(bob!, '1');
    expect((await network.node('node2').view()).mempool!.has(payment.txid)).toBe(false);
    await payment.seenBy('all');
    await network.mine(3);
    await network.synced();
    expect(() => link.set({ loss: 1 })).toThrow(expect.objectContaining({ code: 'bad-argument' }));
    expect(link.conditions).toEqual({ latency: 5, jitter: 5, loss: 0.2, bandwidth: 200_000 });
  });

  it('can be cut and mended', async () => {
    network = await createNetwork({ nodes: 2 });
    const link = network.link('node2', 'node1');
    const [base] = await heights();
    await link.cut();
    await network.mine(1, { by: 'node1' });
    expect(await heights()).toEqual([base! + 1, base]);
    expect((await network.node('node2').view()).peers).toBe(0);
    await link.mend();
    await network.synced();
    expect(await heights()).toEqual([base! + 1, base! + 1]);
  });
});
