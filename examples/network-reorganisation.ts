// Lets a block with a payment lose against a branch without it: the payment is unconfirmed again.
import assert from 'node:assert/strict';
import { createNetwork } from 'pier';

const network = await createNetwork({ nodes: 3, accounts: 2 });
try {
  const [alice, bob] = network.accounts;
  const payment = await alice!.pay(bob!, '1.5');
  await network.mine();
  assert.equal(await bob!.balance(), 51_5000_0000n);

  const { lost, won } = await network.reorg({ depth: 1, drop: [payment.txid] });
  assert.deepEqual([lost.length, won.length], [1, 2]);
  assert.equal(await payment.confirmations(), 0);
  assert.equal(await bob!.balance(), 50_0000_0000n);

  // It waits in the mempools, and the next block confirms it.
  await network.mine();
  await payment.confirmed();
  console.log('confirmed twice');
} finally {
  await network.close();
}
