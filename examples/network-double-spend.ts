// Takes back a payment that has a confirmation: a longer branch confirms a conflicting transaction.
import assert from 'node:assert/strict';
import { createNetwork } from 'pier';

const network = await createNetwork({ nodes: 3, accounts: 2 });
try {
  const [alice, shop] = network.accounts;
  const payment = await alice!.pay(shop!, '20');
  await network.mine();
  await payment.confirmed();

  const conflict = await alice!.doubleSpend(payment, { submit: false });
  await network.reorg({ replace: [conflict.hex] });
  assert.equal(await payment.confirmations(), -2);
  assert.equal(await shop!.balance(), 50_0000_0000n);
  assert.ok((await alice!.balance()) > 49_9900_0000n);
  console.log('the shop has lost the payment');
} finally {
  await network.close();
}
