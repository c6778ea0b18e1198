import { createECDH } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, toReversedHex } from '../../src/bytes/hex.ts';
import { taggedHash } from '../../src/crypto/hash.ts';
import { useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { MANDATORY_SCRIPT_VERIFY_FLAGS } from '../../src/script/flags.ts';
import { witnessProgram } from '../../src/script/script.ts';
import { legacySighash, SighashCache, segwitV0Sighash, taprootSighash } from '../../src/script/sighash/index.ts';
import { tapTweakHash } from '../../src/script/taproot.ts';
import { verifyInput } from '../../src/script/verify.ts';
import { describeVectors, vectorJson } from '../support/vectors.ts';

describeVectors("Core's legacy signature hashes", 'core/sighash.json', () => {
  type Row = readonly [tx: string, script: string, input: number, hashType: number, hash: string];

  it('match for all 500 transactions', () => {
    const rows = vectorJson<Row[]>('core/sighash.json').slice(1);
    for (const [raw, script, input, hashType, hash] of rows) {
      const cache = new SighashCache(Transaction.decode(fromHex(raw)), []);
      expect(toReversedHex(legacySighash(cache, input, fromHex(script), hashType))).toBe(hash);
    }
    expect(rows).toHaveLength(500);
  });
});

describe('BIP143', () => {
  // The first example of the BIP.
  const nativeP2wpkh =
    '0100000002fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f0000000000eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac11000000';

  it('matches its P2WPKH example, and computes shared hashes once', () => {
    const tx = Transaction.decode(fromHex(nativeP2wpkh));
    const scriptPubKey = new Uint8Array(0);
    const spent = [625_000_000n, 600_000_000n].map((value) => ({ value, scriptPubKey }));
    const cache = new SighashCache(tx, spent);
    const scriptCode = fromHex('76a9141d0f172a0ecb48aee1be1f2687d2963ae33f71a188ac');
    expect(toHex(segwitV0Sighash(cache, 1, scriptCode, 1))).toBe(
      'c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670',
    );
    expect(toHex(cache.hashPrevouts)).toBe('96b827c8483d4e9b96712b6713a7b68d6e8003a781feba36c31143470b4efd37');
    expect(toHex(cache.hashSequences)).toBe('52b0a642eea2fb7ae638c36f6252b6750293dbe574a806984b8e4d8548339a3b');
    expect(toHex(cache.hashOutputs)).toBe('863ef3e1a92afbfdb97f31ad0fc7683ee943e9abcf2501590ff8f6551f47e5e5');
    expect(cache.hashPrevouts).toBe(cache.hashPrevouts);
  });
});

interface Bip341Wallet {
  readonly keyPathSpending: readonly {
    readonly given: {
      readonly rawUnsignedTx: string;
      readonly utxosSpent: readonly { readonly scriptPubKey: string; readonly amountSats: number }[];
    };
    readonly intermediary: Readonly<Record<string, string>>;
    readonly inputSpending: readonly {
      readonly given: { readonly txinIndex: number; readonly merkleRoot: string | null; readonly hashType: number };
      readonly intermediary: {
        readonly internalPubkey: string;
        readonly tweak: string;
        readonly tweakedPrivkey: string;
        readonly sigMsg: string;
        readonly precomputedUsed: readonly string[];
        readonly sigHash: string;
      };
      readonly expected: { readonly witness: readonly string[] };
    }[];
    readonly auxiliary: { readonly fullySignedTx: string };
  }[];
}

/** Records which shared hashes are used, by their names in the vectors. */
class RecordingCache extends SighashCache {
  readonly used = new Set<string>();

  override get shaPrevouts(): Uint8Array {
    this.used.add('hashPrevouts');
    return super.shaPrevouts;
  }
  override get shaSequences(): Uint8Array {
    this.used.add('hashSequences');
    return super.shaSequences;
  }
  override get shaOutputs(): Uint8Array {
    this.used.add('hashOutputs');
    return super.shaOutputs;
  }
  override get shaAmounts(): Uint8Array {
    this.used.add('hashAmounts');
    return super.shaAmounts;
  }
  override get shaScriptPubKeys(): Uint8Array {
    this.used.add('hashScriptPubkeys');
    return super.shaScriptPubKeys;
  }
}

describeVectors("BIP341's key path spends", 'bips/bip341-wallet.json', () => {
  const [spending, ...more] = vectorJson<Bip341Wallet>('bips/bip341-wallet.json').keyPathSpending;
  const { given, intermediary, inputSpending, auxiliary } = spending!;
  const spent = given.utxosSpent.map(({ scriptPubKey, amountSats }) => ({
    value: BigInt(amountSats),
    scriptPubKey: fromHex(scriptPubKey),
  }));
  const unsigned = Transaction.decode(fromHex(given.rawUnsignedTx));

  it('are one transaction with seven Taproot inputs', () => {
    expect(more).toEqual([]);
    expect(inputSpending).toHaveLength(7);
    expect(spent).toHaveLength(9);
  });

  it('have the expected shared hashes and signature hashes', () => {
    const shared = new SighashCache(unsigned, spent);
    expect(toHex(shared.shaAmounts)).toBe(intermediary.hashAmounts);
    expect(toHex(shared.shaOutputs)).toBe(intermediary.hashOutputs);
    expect(toHex(shared.shaPrevouts)).toBe(intermediary.hashPrevouts);
    expect(toHex(shared.shaScriptPubKeys)).toBe(intermediary.hashScriptPubkeys);
    expect(toHex(shared.shaSequences)).toBe(intermediary.hashSequences);
    const tagged = taggedHash('TapSighash');
    const context = { annexHash: undefined, leafHash: undefined };
    for (const { given: input, intermediary: expected } of inputSpending) {
      const cache = new RecordingCache(unsigned, spent);
      const hash = taprootSighash(cache, input.txinIndex, input.hashType, context, 0xffff_ffff);
      expect(hash && toHex(hash)).toBe(expected.sigHash);
      expect(toHex(tagged(fromHex(expected.sigMsg)))).toBe(expected.sigHash);
      // Each shared hash is computed only if the hash type signs it.
      expect([...cache.used].sort()).toEqual([...expected.precomputedUsed].sort());
    }
  });

  it.each(['native', 'wasm'] as const)('have the expected tweaks and valid signatures on the %s engine', (name) => {
    const engine = useSecp256k1Engine(name);
    const tx = Transaction.decode(fromHex(auxiliary.fullySignedTx));
    for (const { given: input, intermediary: expected, expected: result } of inputSpending) {
      const internalKey = fromHex(expected.internalPubkey);
      const tweak = tapTweakHash(internalKey, input.merkleRoot === null ? undefined : fromHex(input.merkleRoot));
      expect(toHex(tweak)).toBe(expected.tweak);
      const outputKey = witnessProgram(spent[input.txinIndex]!.scriptPubKey);
      const ecdh = createECDH('secp256k1');
      ecdh.setPrivateKey(expected.tweakedPrivkey, 'hex');
      const point = ecdh.getPublicKey(null, 'compressed');
      expect(point.toString('hex', 1)).toBe(toHex(outputKey));
      expect(engine.xOnlyTweakAddCheck(internalKey, tweak, outputKey, point[0] === 3 ? 1 : 0)).toBe(true);
      expect(tx.inputs[input.txinIndex]!.witness.map(toHex)).toEqual(result.witness);
    }
    // The other two inputs do not spend Taproot outputs.
    const cache = new SighashCache(tx, spent);
    for (let i = 0; i < spent.length; i++) {
      expect(verifyInput(tx, i, cache, MANDATORY_SCRIPT_VERIFY_FLAGS), `input ${i}`).toBeUndefined();
    }
    const poorer = new SighashCache(
      tx,
      spent.map((output) => ({ ...output, value: output.value + 1n })),
    );
    const errors = spent.map((_, i) => verifyInput(tx, i, poorer, MANDATORY_SCRIPT_VERIFY_FLAGS));
    expect(errors.filter((error) => error === 'SCHNORR_SIG')).toHaveLength(7);
  });
});
