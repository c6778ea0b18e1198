// Confirms a payment with a low fee by spending its change with a high one (CPFP).
import assert from 'node:assert/strict';
import { createNetwork } from 'pier';

interface Entry {
  readonly ancestorsize: number;
  readonly fees: { readonly ancestor: number };
}

const network = await createNetwork({ nodes: 2, accounts: 2 });
try {
  const [alice, bob] = network.accounts;
  // It takes all coins, so that the next payment must spend its change.
  const parent = await alice!.pay(bob!, '45', { feeRate: 1 });
  const child = await alice!.pay(alice!, '4', { feeRate: 50 });
  await child.seenBy('all');

  const node = network.node('node2');
  assert.deepEqual(await node.call('getmempoolancestors', [child.txid]), [parent.txid]);
  // Miners choose by the fee rate of both together.
  const { ancestorsize, fees } = await node.call<Entry>('getmempoolentry', [child.txid]);
  assert.ok((fees.ancestor * 1e8) / ancestorsize > 10);

  await network.mine(1, { by: node });
  await parent.confirmed();
  console.log('confirmed with its child');
} finally {
  await network.close();
}
