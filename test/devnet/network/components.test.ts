import { expect, it } from 'vitest';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';

it('does not wait for nodes that only a light node links', async () => {
  const nodes = [{ name: 'near' }, { name: 'phone', role: 'light' }, { name: 'far' }] as const;
  const network = await createNetwork({ nodes, shape: 'line', accounts: 1 });
  try {
    const [before] = await Promise.all(network.nodes.map((node) => node.view()));
    await network.mine(1, { by: 'near' });
    await network.synced();
    const heights = await Promise.all(network.nodes.map(async (node) => (await node.view()).height));
    expect(heights).toEqual([before!.height + 1, before!.height + 1, before!.height]);
  } finally {
    await network.close();
  }
});
