import { Transaction as Signer } from '@scure/btc-signer';
import { afterAll, describe, expect, it } from 'vitest';
import { toHex, toReversedHex } from '../../src/bytes/hex.ts';
import { useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { COIN } from '../../src/primitives/amount.ts';
import type { Transaction, TxOut } from '../../src/primitives/transaction.ts';
import { STANDARD_SCRIPT_VERIFY_FLAGS } from '../../src/script/flags.ts';
import { SighashCache } from '../../src/script/sighash/cache.ts';
import { verifyInput } from '../../src/script/verify.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { type AddressType, addressTypes, type KeyRef, KeyTree } from '../../src/wallet/keys.ts';
import { type SigningInput, signTransaction } from '../../src/wallet/signing.ts';
import { ownScript, spend, utxo } from '../support/regtest-chain.ts';

const tree = await KeyTree.fromMnemonic(`${'abandon '.repeat(11)}about`, 1);

/** Returns a transaction with an output to each key, and inputs that spend them. */
function coinsOf(keys: readonly KeyRef[]): { funding: Transaction; inputs: SigningInput[] } {
  const source = {
    outpoint: { txid: new Uint8Array(32).fill(5), vout: 1 },
    output: { value: COIN, scriptPubKey: ownScript },
  };
  const outputs = keys.map(
    (key, i): TxOut => ({ value: BigInt(10_000 + i), scriptPubKey: tree.output(key).scriptPubKey }),
  );
  const funding = spend([source], outputs);
  const inputs = keys.map((ref, i) => ({
    ...utxo(funding, i),
    ...{ key: tree.output(ref), privateKey: tree.privateKey(ref) },
  }));
  return { funding, inputs };
}

/** Signs with `@scure/btc-signer`, which shares no code with our signer but libsecp256k1's deterministic nonces. */
function signElsewhere(funding: Transaction, inputs: readonly SigningInput[], outputs: readonly TxOut[]): Uint8Array {
  const signer = new Signer({ version: 2, allowUnknownOutputs: true });
  for (const { outpoint, output, key } of inputs) {
    const isLegacy = !key.redeemScript && !key.tapInternalKey && output.scriptPubKey[0] !== 0;
    signer.addInput({
      ...{ txid: toReversedHex(outpoint.txid), index: outpoint.vout, sequence: 0xffff_fffd },
      ...(isLegacy
        ? { nonWitnessUtxo: funding.encode() }
        : { witnessUtxo: { script: output.scriptPubKey, amount: output.value } }),
      ...(key.redeemScript ? { redeemScript: key.redeemScript } : {}),
      ...(key.tapInternalKey ? { tapInternalKey: key.tapInternalKey } : {}),
    });
  }
  for (const { value, scriptPubKey } of outputs) signer.addOutput({ script: scriptPubKey, amount: value });
  for (const [i, { privateKey }] of inputs.entries()) signer.signIdx(privateKey, i, undefined, new Uint8Array(32));
  signer.finalize();
  return signer.extract();
}

const random = new SeededRandom(11);
const someKeys = (count: number, types: readonly AddressType[] = addressTypes): KeyRef[] =>
  Array.from({ length: count }, () => ({
    ...{ type: types[random.uint32() % types.length]!, change: random.uint32() % 2 === 0 },
    index: random.uint32() % 1000,
  }));
const outputs: TxOut[] = [
  { value: 5000n, scriptPubKey: tree.output({ type: 'bech32', change: false, index: 0 }).scriptPubKey },
];

describe.each(['native', 'wasm'] as const)('signing with the engine %s', (engine) => {
  afterAll(() => {
    useSecp256k1Engine('native');
  });

  it('gives the bytes that another signer gives, for inputs of all types', () => {
    useSecp256k1Engine(engine);
    for (let round = 0; round < 6; round++) {
      const { funding, inputs } = coinsOf(someKeys(1 + (random.uint32() % 8)));
      const tx = signTransaction(inputs, outputs, 0);
      expect(toHex(tx.encode())).toBe(toHex(signElsewhere(funding, inputs, outputs)));
    }
  });
});

it.each([252, 253, 254])('signs %i inputs, all of which the interpreter accepts', (count) => {
  const { inputs } = coinsOf(someKeys(count));
  const tx = signTransaction(inputs, outputs, 0);
  const cache = new SighashCache(
    tx,
    inputs.map(({ output }) => output),
  );
  for (let i = 0; i < count; i++) {
    expect(verifyInput(tx, i, cache, STANDARD_SCRIPT_VERIFY_FLAGS), `input ${i}`).toBeUndefined();
  }
});

it.each(addressTypes)('refuses a private key that is 0 (%s)', (type) => {
  const { inputs } = coinsOf([{ type, change: false, index: 0 }]);
  const wrong = inputs.map((input) => ({ ...input, privateKey: new Uint8Array(32) }));
  expect(() => signTransaction(wrong, outputs, 0)).toThrow(new RangeError('invalid private key'));
});

it('signs with R and S of any length', () => {
  // Some R have 31 bytes, and half need a leading zero byte.
  const keys = Array.from({ length: 400 }, (_, index): KeyRef => ({ type: 'bech32', change: false, index }));
  const { inputs } = coinsOf(keys);
  const { inputs: signed } = signTransaction(inputs, outputs, 0);
  const lengths = new Set(signed.map(({ witness }) => witness[0]![3]));
  expect([...lengths].sort()).toEqual([31, 32, 33]);
  for (const { witness } of signed) {
    const signature = witness[0]!;
    expect([signature[0], signature[1], signature.at(-1)]).toEqual([0x30, signature.length - 3, 1]);
    let at = 2;
    for (let i = 0; i < 2; i++) {
      const length = signature[at + 1]!;
      const digits = signature.subarray(at + 2, at + 2 + length);
      // DER: a positive number without unnecessary zeros.
      expect([signature[at], digits[0]! < 0x80, digits[0]! > 0 || digits[1]! >= 0x80]).toEqual([2, true, true]);
      at += 2 + length;
    }
    expect(at).toBe(signature.length - 1);
  }
});
