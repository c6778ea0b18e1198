// Pays from one account of a network to another, and waits for the payment on all nodes.
import assert from 'node:assert/strict';
import { createNetwork } from 'pier';

const network = await createNetwork({ nodes: 3, accounts: 2 });
try {
  const [alice, bob] = network.accounts;
  const payment = await alice!.pay(bob!, '1.5');
  await payment.seenBy('all');
  assert.equal(await payment.confirmations(), 0);

  await network.mine();
  await payment.confirmed();
  assert.equal(await bob!.balance(), 51_5000_0000n);
  console.log('confirmed');
} finally {
  await network.close();
}
