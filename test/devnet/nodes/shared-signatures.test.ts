import { afterEach, expect, it, vi } from 'vitest';
import { secp256k1 } from '../../../src/crypto/secp256k1.ts';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';

afterEach(() => vi.restoreAllMocks());

it('lets the nodes of a network in this process verify a signature once, also after a restart', async () => {
  await using network = await createNetwork({ nodes: 4, accounts: 2 });
  const [alice, bob] = network.accounts;
  const verify = vi.spyOn(secp256k1(), 'verifyEcdsa');
  const payment = await alice!.pay(bob!, '1');
  await payment.seenBy('all');
  const { vin } = await network.node('node4').call<{ vin: unknown[] }>('getrawtransaction', [payment.txid, 1]);
  expect(verify).toHaveBeenCalledTimes(vin.length);
  await network.node('node4').stop();
  await network.mine();
  await network.node('node4').start();
  await network.synced();
  expect(verify).toHaveBeenCalledTimes(vin.length);

  // Each network has its own: what it knows ends with it.
  await using other = await createNetwork({ nodes: 1, accounts: 2 });
  verify.mockClear();
  await other.accounts[0]!.pay(other.accounts[1]!, '1');
  expect(verify).toHaveBeenCalled();
});
