import { afterAll, expect } from 'vitest';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { networkTest } from '../../src/vitest/network-test.ts';

const test = networkTest({ nodes: 2, accounts: 2 });
const networks = new Set<NodeNetwork>();

// The second test fails if the first one's payment is left.
for (const name of ['each test', 'each of the other tests']) {
  test(`${name} finds the network as it was created`, async ({ network }) => {
    networks.add(network);
    const [alice, bob] = network.accounts;
    expect(await bob!.balance()).toBe(50_0000_0000n);
    await alice!.pay(bob!, '1');
    await network.mine();
    expect(await bob!.balance()).toBe(51_0000_0000n);
  });
}

test('the tests of a file share one network', ({ network }) => {
  expect([...networks]).toEqual([network]);
});

afterAll(async () => {
  const [network] = networks;
  // Fixtures of a file end after its hooks: the network is open here, and closed by itself.
  expect(await network!.nodes[0]!.call('getblockcount')).toBeGreaterThan(100);
});
