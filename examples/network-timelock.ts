// Spends outputs that are locked until a time (CLTV, BIP65) and for a number of blocks (CSV, BIP112).
import assert from 'node:assert/strict';
import { createNetwork } from 'pier';
import { fromHex, toHex } from 'pier/bytes';
import { chainParams } from 'pier/consensus';
import { sha256 } from 'pier/crypto';
import type { Account } from 'pier/devnet';
import { Transaction } from 'pier/primitives';
import { compileScript, decodeAddress, encodeAddress, encodeScriptNumber, Op } from 'pier/script';

const { address: prefixes } = chainParams('regtest');
const network = await createNetwork({ nodes: 1, accounts: 2 });

/** Pays 1 BTC to a script (P2WSH), and returns a transaction that spends it. */
async function lock(from: Account, to: Account, script: Uint8Array, { sequence = 0, lockTime = 0 }): Promise<string> {
  const scriptPubKey = compileScript(0, sha256(script));
  const { hex } = await from.pay(encodeAddress(scriptPubKey, prefixes)!, '1');
  await network.mine();
  const { txid, outputs } = Transaction.decode(fromHex(hex));
  const vout = outputs.findIndex(({ value }) => value === 1_0000_0000n);
  const spend = new Transaction({
    version: 2,
    // A script for money would also ask for a signature.
    inputs: [{ prevout: { txid, vout }, scriptSig: new Uint8Array(), sequence, witness: [script] }],
    outputs: [{ value: 9999_0000n, scriptPubKey: decodeAddress(to.address, prefixes) }],
    lockTime,
  });
  return toHex(spend.encode());
}

try {
  const [alice, bob] = network.accounts;
  const node = network.node('node1');
  const submit = (hex: string) => node.call<string>('sendrawtransaction', [hex]);

  const time = network.time.now() + 7 * 24 * 60 * 60;
  const afterTime = compileScript(encodeScriptNumber(time), Op.OP_CHECKLOCKTIMEVERIFY);
  const dated = await lock(alice!, bob!, afterTime, { lockTime: time });
  await assert.rejects(submit(dated), /non-final/);
  network.time.set(time + 1);
  // The median time of the last 11 blocks counts (BIP113).
  await network.mine(6);
  await submit(dated);
  console.log('spent a week later');

  const afterBlocks = compileScript(Op.OP_10, Op.OP_CHECKSEQUENCEVERIFY);
  const delayed = await lock(alice!, bob!, afterBlocks, { sequence: 10 });
  await network.mine(8);
  await assert.rejects(submit(delayed), /non-BIP68-final/);
  await network.mine();
  await submit(delayed);
  console.log('spent 10 blocks later');

  await network.mine();
  assert.equal(await bob!.balance(), 51_9998_0000n);
} finally {
  await network.close();
}
