// Pays to a 2-of-3 multisig address, and spends the coin with a PSBT that bitcoinjs-lib makes and two accounts sign.
import assert from 'node:assert/strict';
import { initEccLib, networks, Psbt, payments, Transaction } from 'bitcoinjs-lib';
import { ECPairFactory } from 'ecpair';
import { createNetwork } from 'pier';
import * as ecc from 'tiny-secp256k1';

initEccLib(ecc);
const keyPairs = ECPairFactory(ecc);
const { regtest } = networks;

const network = await createNetwork({ nodes: 2, accounts: 3 });
try {
  const [alice, bob, carol] = network.accounts;
  const keys = [alice!, bob!, carol!].map((account) => keyPairs.fromWIF(account.wif(), regtest));
  const pubkeys = keys.map(({ publicKey }) => publicKey);
  const { address, output, redeem } = payments.p2wsh({
    redeem: payments.p2ms({ m: 2, pubkeys, network: regtest }),
    network: regtest,
  });
  const payment = await alice!.pay(address!, '3');
  await network.mine();

  const { outs } = Transaction.fromHex(payment.hex);
  const index = outs.findIndex(({ value }) => value === 3_0000_0000n);
  const unsigned = new Psbt({ network: regtest })
    .addInput({
      hash: payment.txid,
      index,
      witnessUtxo: { script: output!, value: 3_0000_0000n },
      witnessScript: redeem!.output!,
    })
    .addOutput({ address: carol!.address, value: 2_9999_0000n });

  // Each signer gets the same PSBT as text.
  const copies = [keys[0]!, keys[2]!].map((key) =>
    Psbt.fromBase64(unsigned.toBase64(), { network: regtest }).signInput(0, key),
  );
  const signed = unsigned.combine(...copies);
  const isValid = (pubkey: Uint8Array, hash: Uint8Array, signature: Uint8Array) =>
    keyPairs.fromPublicKey(pubkey).verify(hash, signature);
  assert.ok(signed.validateSignaturesOfInput(0, isValid));

  const hex = signed.finalizeAllInputs().extractTransaction().toHex();
  const txid = await network.node('node2').call<string>('sendrawtransaction', [hex]);
  await network.synced();
  await network.mine();
  const { confirmations } = await network.node('node1').call<{ confirmations: number }>('gettxout', [txid, 0]);
  assert.equal(confirmations, 1);
  assert.equal(await carol!.balance(), 52_9999_0000n);
  console.log('spent with two of three signatures');
} finally {
  await network.close();
}
