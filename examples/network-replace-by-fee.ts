// Replaces an unconfirmed payment by the same with a higher fee (RBF).
import assert from 'node:assert/strict';
import { createNetwork } from 'pier';

const network = await createNetwork({ nodes: 2, accounts: 2 });
try {
  const [alice, bob] = network.accounts;
  const stuck = await alice!.pay(bob!, '1.5', { feeRate: 1 });
  await stuck.seenBy('all');

  // The change pays the difference: bob gets the same.
  const bumped = await alice!.bumpFee(stuck, { feeRate: 20 });
  await bumped.seenBy('all');
  const { mempool } = await network.node('node2').view();
  assert.deepEqual([...mempool!], [bumped.txid]);

  await network.mine();
  await bumped.confirmed();
  // A conflict with the replaced payment is confirmed.
  assert.equal(await stuck.confirmations(), -1);
  assert.equal(await bob!.balance(), 51_5000_0000n);
  console.log('replaced');
} finally {
  await network.close();
}
