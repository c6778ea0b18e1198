import { pubECDSA, signECDSA } from '@scure/btc-signer/utils.js';
import { expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { fromHex } from '../../src/bytes/hex.ts';
import { ByteWriter } from '../../src/bytes/writer.ts';
import { blockMerkleRoot } from '../../src/consensus/merkle.ts';
import { chainParams } from '../../src/consensus/params.ts';
import { checkSignetSolution } from '../../src/consensus/signet.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { Block } from '../../src/primitives/block.ts';
import { nullOutPoint } from '../../src/primitives/outpoint.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript, pushBytes } from '../../src/script/script.ts';
import { legacySighash, SighashCache } from '../../src/script/sighash/index.ts';
import { mineBlock } from '../chain/support/builder.ts';

// A custom signet, whose blocks this test signs step by step as BIP325 specifies.
const secret = Uint8Array.from(sha256(Uint8Array.of(1)));
const challenge = compileScript(pubECDSA(secret), Op.OP_CHECKSIG);
const params = { ...chainParams('signet'), signetChallenge: challenge };

const none = new Uint8Array(0);
const header = fromHex('ecc7daa2');
const { hash, header: first } = chainParams('regtest').genesis;
const template = mineBlock({ hash, height: 0, time: first.time, bits: first.bits });

/** Returns the block with `script` appended to its witness commitment. */
function blockWith(script: Uint8Array): Block {
  const [coinbase] = template.transactions;
  const { version, inputs, lockTime } = coinbase!;
  const [reward, commitment] = coinbase!.outputs;
  const scriptPubKey = concatBytes(commitment!.scriptPubKey, script);
  const outputs = [reward!, { ...commitment!, scriptPubKey }];
  return new Block(template.header, [new Transaction({ version, inputs, outputs, lockTime })]);
}

/** Returns the solution of a block, given the block with the solution cleared. */
function sign(cleared: Block): Uint8Array {
  const { version, prevHash, time } = template.header;
  const { root } = blockMerkleRoot(cleared);
  const data = new ByteWriter(72).i32(version).bytes(prevHash).bytes(root).u32(time).finish();
  const toSpend = new Transaction({
    version: 0,
    inputs: [{ prevout: nullOutPoint, scriptSig: concatBytes(fromHex('0048'), data), sequence: 0, witness: [] }],
    outputs: [{ value: 0n, scriptPubKey: challenge }],
    lockTime: 0,
  });
  const toSign = new Transaction({
    version: 0,
    inputs: [{ prevout: { txid: toSpend.txid, vout: 0 }, scriptSig: none, sequence: 0, witness: [] }],
    outputs: [{ value: 0n, scriptPubKey: fromHex('6a') }],
    lockTime: 0,
  });
  const digest = legacySighash(new SighashCache(toSign, toSpend.outputs), 0, challenge, 1);
  const scriptSig = compileScript(concatBytes(signECDSA(digest, secret), Uint8Array.of(1)));
  // The scriptSig, then an empty witness.
  return concatBytes(Uint8Array.of(scriptSig.length), scriptSig, Uint8Array.of(0));
}

const isSigned = (script: Uint8Array) => checkSignetSolution(blockWith(script), params);

it('a signet signature covers the block without the solution', () => {
  const cleared = pushBytes(header);
  const solution = sign(blockWith(cleared));
  expect(isSigned(pushBytes(concatBytes(header, solution)))).toBe(true);
  expect(isSigned(pushBytes(concatBytes(header, solution, Uint8Array.of(0))))).toBe(false);
  expect(isSigned(pushBytes(concatBytes(fromHex('ecc7daa3'), solution)))).toBe(false);
  expect(isSigned(concatBytes(pushBytes(concatBytes(header, solution)), Uint8Array.of(Op.OP_NOP)))).toBe(false);
});

it('a signet signature covers the rest of the commitment with minimal pushes, as Core reserializes it', () => {
  const before = fromHex('51' + '00' + '4c03010203' + '4e0100000009');
  const rewritten = fromHex('51' + '00' + '03010203' + '0109');
  const after = concatBytes(fromHex('4d0100aa' + '61'), pushBytes(concatBytes(header, fromHex('01'))));
  const afterRewritten = concatBytes(fromHex('01aa' + '61'), pushBytes(concatBytes(header, fromHex('01'))));
  const solution = sign(blockWith(concatBytes(rewritten, pushBytes(header), afterRewritten)));
  expect(isSigned(concatBytes(before, pushBytes(concatBytes(header, solution)), after))).toBe(true);
});

it('a push of the signet header alone is not a solution', () => {
  const bare = pushBytes(header);
  const solution = sign(blockWith(concatBytes(bare, pushBytes(header))));
  expect(isSigned(concatBytes(bare, pushBytes(concatBytes(header, solution))))).toBe(true);
  const trivial = { ...params, signetChallenge: Uint8Array.of(Op.OP_1) };
  expect(checkSignetSolution(blockWith(bare), trivial)).toBe(true);
  expect(checkSignetSolution(blockWith(pushBytes(concatBytes(header, Uint8Array.of(7)))), trivial)).toBe(false);
});

it('a solution may have a witness', () => {
  const witnessed = { ...params, signetChallenge: compileScript(0n, sha256(Uint8Array.of(Op.OP_1))) };
  const check = (solution: string) =>
    checkSignetSolution(blockWith(pushBytes(concatBytes(header, fromHex(solution)))), witnessed);
  expect(check('00' + '01' + '0151')).toBe(true);
  expect(check('00' + '01' + '0152')).toBe(false);
  expect(check('00' + '02' + '0151')).toBe(false);
  expect(check('00' + '00')).toBe(false);
});

it('the commitment may be the first output, and the signature covers other transactions', () => {
  const cleared = pushBytes(header);
  const [coinbase] = blockWith(cleared).transactions;
  const { version, inputs, lockTime } = coinbase!;
  const other = (lock: number) => new Transaction({ version, inputs, outputs: coinbase!.outputs, lockTime: lock });
  const block = (script: Uint8Array, second: Transaction) => {
    const [commitment] = blockWith(script).transactions[0]!.outputs.slice(1);
    const first = new Transaction({ version, inputs, outputs: [commitment!], lockTime });
    return new Block(template.header, [first, second]);
  };
  const solution = pushBytes(concatBytes(header, sign(block(cleared, other(1)))));
  expect(checkSignetSolution(block(solution, other(1)), params)).toBe(true);
  expect(checkSignetSolution(block(solution, other(2)), params)).toBe(false);
});
