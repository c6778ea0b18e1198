import { afterEach, expect, it } from 'vitest';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../../src/devnet/network/node-network.ts';

let network: NodeNetwork;
afterEach(() => network?.close());

/** Returns everything that a revert must restore. */
async function state(): Promise<unknown> {
  const nodes = await Promise.all(
    network.nodes.map(async (node) => {
      if (node.status === 'stopped') return node.status;
      const { height, tip, mempool } = await node.view();
      const utxo = node.isFull ? await node.call('gettxoutsetinfo', ['muhash']) : undefined;
      return { status: node.status, height, tip, mempool: mempool && [...mempool].sort(), utxo };
    }),
  );
  const wallets = await Promise.all(
    network.accounts
      .filter(({ node }) => node.status === 'running')
      .map(async ({ node, wallet }) => [
        await node.call('getbalances', [], wallet),
        (await node.call<{ txid: string; vout: number }[]>('listunspent', [0], wallet))
          .map(({ txid, vout }) => `${txid}:${vout}`)
          .sort(),
        (
          await node.call<{ txid: string; category: string; confirmations: number }[]>(
            'listtransactions',
            ['*', 100],
            wallet,
          )
        )
          .map(({ txid, category, confirmations }) => `${txid} ${category} ${confirmations}`)
          .sort(),
      ]),
  );
  const links = network.links.map(({ isCut, conditions }) => ({ isCut, conditions }));
  return { nodes, wallets, links, time: network.time.now(), mining: network.mining };
}

it('reverts chains, mempools, wallets, time, links and mining mode, in any order and again and again', async () => {
  network = await createNetwork({
    nodes: [{ accounts: [0] }, { accounts: [1] }, { role: 'light' }],
    accounts: 2,
    shape: 'line',
  });
  const [alice, bob] = network.accounts;
  network.time.freeze();
  const snapshots: { id: string; expected: unknown }[] = [];
  const keep = async () => snapshots.push({ id: await network.snapshot(), expected: await state() });

  await keep();
  const payment = await alice!.pay(bob!, '1');
  await payment.seenBy('all');
  const child = await bob!.pay(alice!, '3');
  await child.seenBy('all');
  await keep();
  await network.mine(2);
  network.time.increase(3_600);
  network.link('node1', 'node2').set({ latency: 3 });
  await keep();
  await network.reorg({ depth: 2, drop: [child.txid] });
  network.mining = { transactions: 5 };
  await keep();
  await network.partition([['node1']]);
  await network.mine(1, { by: 'node2' });
  await keep();
  await network.node('node2').stop();
  await keep();

  for (const i of [5, 0, 3, 1, 4, 4, 2, 5, 0, 1, 3]) {
    await network.revert(snapshots[i]!.id);
    expect(await state(), `snapshot ${i}`).toEqual(snapshots[i]!.expected);
  }

  // The network goes on from a snapshot.
  await network.revert(snapshots[1]!.id);
  await network.mine();
  expect(await payment.confirmations()).toBe(1);
  const again = await alice!.pay(bob!, '2');
  await again.seenBy('all');
  await network.revert(snapshots[0]!.id);
  await expect(payment.confirmations()).rejects.toMatchObject({ rpcCode: -5 });

  network.deleteSnapshot(snapshots[0]!.id);
  await expect(network.revert(snapshots[0]!.id)).rejects.toMatchObject({ code: 'unknown-snapshot' });
});

it('reverts a hundred times, and leaves one connection and the same chain', async () => {
  network = await createNetwork({ nodes: 2, accounts: 1 });
  const { height } = await network.node('node2').view();
  const id = await network.snapshot();
  const peers = async () => (await network.node('node1').view()).peers;
  for (let i = 0; i < 100; i++) {
    await network.mine(1);
    await network.revert(id);
  }
  expect(await peers()).toBe(1);
  expect((await network.node('node2').view()).height).toBe(height);
});
