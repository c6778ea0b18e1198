import { afterEach, expect, it } from 'vitest';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../../src/devnet/network/node-network.ts';

let network: NodeNetwork;
afterEach(() => network?.close());

it('lets a longer branch win on all nodes, with the payments of the one that loses', async () => {
  network = await createNetwork({ nodes: [{}, {}, { role: 'light' }], shape: 'line' });
  const [alice, bob] = network.accounts;
  for (const depth of [1, 2, 5, 10]) {
    const payments = [];
    for (let i = 0; i < depth; i++) {
      payments.push(await alice!.pay(bob!, 1_000_000n));
      await network.mine();
    }
    const before = await bob!.balance();
    const { height } = await network.node('node1').view();
    const { lost, won } = await network.reorg({ depth });
    expect([lost.length, won.length]).toEqual([depth, depth + 1]);
    for (const node of network.nodes) {
      expect(await node.view()).toMatchObject({ height: height + 1, tip: won.at(-1) });
    }
    for (const [i, payment] of payments.entries()) expect(await payment.confirmations()).toBe(depth + 1 - i);
    expect(await bob!.balance()).toBe(before);
    const tips = await network.node('node2').call<{ hash: string; status: string }[]>('getchaintips');
    expect(tips).toContainEqual(expect.objectContaining({ hash: lost.at(-1), status: 'valid-fork' }));
  }
});

it('returns dropped payments to the mempools, with what spends them', async () => {
  network = await createNetwork({ nodes: 2 });
  const [alice, bob, carol] = network.accounts;
  const other = await alice!.pay(carol!, '1');
  await network.mine();
  const parent = await alice!.pay(bob!, '48');
  await network.mine();
  // More than bob had without the payment.
  const child = await bob!.pay(carol!, '60');
  await network.mine();
  await network.reorg({ depth: 3, drop: [parent.txid] });
  for (const node of network.nodes) {
    expect([...(await node.view()).mempool!].sort()).toEqual([parent.txid, child.txid].sort());
  }
  expect([await parent.confirmations(), await child.confirmations(), await other.confirmations()]).toEqual([0, 0, 4]);
  await network.mine();
  await child.confirmed();
});

it('confirms a double spend in place of a payment', async () => {
  network = await createNetwork({ nodes: [{ accounts: [0] }, { accounts: [1] }], accounts: 2 });
  const [alice, bob] = network.accounts;
  const id = await network.snapshot();
  // Both payments need all coins of the account.
  const conflicting = await alice!.pay(alice!, '49.9');
  await network.revert(id);
  const payment = await alice!.pay(bob!, '49.9');
  await payment.seenBy('all');
  await network.mine();
  expect(await bob!.balance()).toBe(9_990_000_000n);
  await network.reorg({ replace: [conflicting.hex] });
  expect(await bob!.balance()).toBe(5_000_000_000n);
  expect(await payment.confirmations()).toBeLessThan(0);
});

it('confirms a double spend after what it spends', async () => {
  network = await createNetwork({ nodes: 2, accounts: 2 });
  const [alice, bob] = network.accounts;
  // All coins of the account: what it pays next spends its change.
  const first = await alice!.pay(bob!, '45');
  await network.mine(2);
  const second = await alice!.pay(bob!, '4');
  await network.mine();
  const conflict = await alice!.doubleSpend(second, { submit: false });
  await expect(network.reorg({ depth: 3, drop: [first], replace: [conflict] })).rejects.toMatchObject({
    code: 'bad-reorg',
    message: `reorg: options.replace[0]: it spends an output of ${first.txid}, which does not confirm`,
  });
  await network.reorg({ depth: 3, replace: [conflict] });
  expect([await first.confirmations(), await second.confirmations()]).toEqual([4, -4]);
});

it('refuses what makes no sense and changes nothing', async () => {
  network = await createNetwork({ nodes: 1 });
  const [alice, bob] = network.accounts;
  const payment = await alice!.pay(bob!, '1');
  await network.mine();
  const before = await network.node('node1').view();
  const txid = 'ab'.repeat(32);
  const spendsNothing = `0200000001${txid}0000000000ffffffff0100e1f5050000000000000000000`.slice(0, 120);
  const cutShort = spendsNothing.slice(0, 100);
  const cases = [
    [{ depth: before.height + 1 }, `depth: ${before.height + 1}`],
    [{ depth: 2, blocks: 2 }, 'blocks: 2 is not above the depth, 2'],
    [{ drop: [txid] }, `drop: no block that loses contains ${txid}`],
    [{ replace: ['00'] }, 'replace[0]: not a transaction in hex'],
    [{ replace: [payment.hex, cutShort] }, 'replace[1]: not a transaction in hex'],
    [{ replace: [payment.hex, spendsNothing] }, 'node1 found an invalid block among the winning ones'],
  ] as const;
  for (const [options, message] of cases) {
    await expect(network.reorg(options), message).rejects.toMatchObject({
      code: 'bad-reorg',
      message: expect.stringContaining(message),
    });
    expect(await network.node('node1').view()).toEqual(before);
  }
});
