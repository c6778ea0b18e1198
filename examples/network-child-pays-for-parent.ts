// Blocks are full: a payment with a low fee is confirmed by a child with a high one (CPFP).
import assert from 'node:assert/strict';
import { createNetwork } from 'pier';

const network = await createNetwork({ nodes: 2, accounts: 2 });
try {
  const [alice, bob] = network.accounts;
  await network.fees.set(20);
  // It takes all coins, so that the next payment must spend its change.
  const parent = await alice!.pay(bob!, '45', { feeRate: 2 });
  await parent.seenBy('all');
  await network.mine(2);
  assert.equal(await parent.confirmations(), 0);

  // Miners choose by the fee rate of both together.
  const child = await alice!.pay(alice!, '4', { feeRate: 100 });
  await child.seenBy('all');
  assert.deepEqual(await network.node('node2').call('getmempoolancestors', [child.txid]), [parent.txid]);
  await network.mine();
  await parent.confirmed();
  console.log('confirmed with its child');
} finally {
  await network.close();
}
