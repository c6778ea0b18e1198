import { afterEach, expect, it, vi } from 'vitest';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../../src/devnet/network/node-network.ts';

let network: NodeNetwork;
afterEach(async () => {
  vi.useRealTimers();
  await network?.close();
});

it('carries transactions and blocks in both directions of a connection without waiting for any time', async () => {
  network = await createNetwork({ nodes: [{ accounts: [0] }, { accounts: [1] }], accounts: 2 });
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  const [alice, bob] = network.accounts;
  await (await alice!.pay(bob!, '1')).seenBy('all');
  await (await bob!.pay(alice!, '2')).seenBy('all');
  await network.mine(1, { by: 'node1' });
  await network.mine(1, { by: 'node2' });
  expect(await network.node('node1').view()).toMatchObject({ mempool: new Set() });
});
