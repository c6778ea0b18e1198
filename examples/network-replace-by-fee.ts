// Blocks are full: a payment with a low fee is replaced by the same with a higher one (RBF).
import assert from 'node:assert/strict';
import { createNetwork } from 'pier';

const network = await createNetwork({ nodes: 2, accounts: 2 });
try {
  const [alice, bob] = network.accounts;
  await network.fees.set(10);
  const stuck = await alice!.pay(bob!, '1.5', { feeRate: 2 });
  await stuck.seenBy('all');
  await network.mine();
  assert.equal(await stuck.confirmations(), 0);

  // The change pays the difference: bob gets the same.
  const bumped = await alice!.bumpFee(stuck, { feeRate: 20 });
  await bumped.seenBy('all');
  const { mempool } = await network.node('node2').view();
  assert.deepEqual([mempool!.has(stuck.txid), mempool!.has(bumped.txid)], [false, true]);

  await network.mine();
  await bumped.confirmed();
  // A conflict with the replaced payment is confirmed.
  assert.equal(await stuck.confirmations(), -1);
  assert.equal(await bob!.balance(), 51_5000_0000n);
  console.log('replaced');
} finally {
  await network.close();
}
