import { expect, it } from 'vitest';
import { NetworkFixture } from '../../../src/devnet/network/network-fixture.ts';

it('creates its network at the first reset, restores it at later ones, and closes it', async () => {
  const fixture = new NetworkFixture({ nodes: 1, accounts: 1 });
  expect(() => fixture.network).toThrow('does not exist');
  await fixture.reset();
  const { network } = fixture;
  const height = await network.nodes[0]!.call<number>('getblockcount');
  await network.mine(3);
  await fixture.reset();
  expect([fixture.network, await network.nodes[0]!.call('getblockcount')]).toEqual([network, height]);
  await fixture.close();
  await fixture.close();
  await expect(network.mine()).rejects.toThrow();
  expect(() => fixture.network).toThrow('does not exist');
});

it('passes on why the network cannot be created', async () => {
  const fixture = new NetworkFixture({ nodes: 0 });
  await expect(fixture.reset()).rejects.toMatchObject({ code: 'bad-topology' });
  await fixture.close();
});
