import { describe, expect, it } from 'vitest';
import { fromHex, toHex, toReversedHex } from '../../src/bytes/hex.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { legacySighash, SighashCache, segwitV0Sighash, taprootSighash } from '../../src/script/sighash.ts';
import { describeVectors, vectorJson } from '../support/vectors.ts';

describeVectors("Core's legacy signature hashes", 'core/sighash.json', () => {
  type Row = readonly [tx: string, script: string, input: number, hashType: number, hash: string];

  it('are what each of the 500 signs', () => {
    const rows = vectorJson<Row[]>('core/sighash.json').slice(1);
    for (const [raw, script, input, hashType, hash] of rows) {
      const cache = new SighashCache(Transaction.decode(fromHex(raw)), []);
      expect(toReversedHex(legacySighash(cache, input, fromHex(script), hashType))).toBe(hash);
    }
    expect(rows).toHaveLength(500);
  });
});

describe('BIP143', () => {
  // The BIP's first example.
  const nativeP2wpkh =
    '0100000002fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f0000000000eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac11000000';

  it('hashes its P2WPKH example, and each shared part once', () => {
    const tx = Transaction.decode(fromHex(nativeP2wpkh));
    const scriptPubKey = new Uint8Array(0);
    const spent = [625_000_000n, 600_000_000n].map((value) => ({ value, scriptPubKey }));
    const cache = new SighashCache(tx, spent);
    const scriptCode = fromHex('76a9141d0f172a0ecb48aee1be1f2687d2963ae33f71a188ac');
    expect(toHex(segwitV0Sighash(cache, 1, scriptCode, 1))).toBe(
      'c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670',
    );
    expect(toHex(cache.prevoutsTwice)).toBe('96b827c8483d4e9b96712b6713a7b68d6e8003a781feba36c31143470b4efd37');
    expect(toHex(cache.sequencesTwice)).toBe('52b0a642eea2fb7ae638c36f6252b6750293dbe574a806984b8e4d8548339a3b');
    expect(toHex(cache.outputsTwice)).toBe('863ef3e1a92afbfdb97f31ad0fc7683ee943e9abcf2501590ff8f6551f47e5e5');
    expect(cache.prevoutsTwice).toBe(cache.prevoutsTwice);
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
      readonly given: { readonly txinIndex: number; readonly hashType: number };
      readonly intermediary: { readonly sigHash: string };
    }[];
  }[];
}

describeVectors("BIP341's signature hashes", 'bips/bip341-wallet.json', () => {
  it('are what each input of its transaction signs', () => {
    let count = 0;
    for (const { given, intermediary, inputSpending } of vectorJson<Bip341Wallet>('bips/bip341-wallet.json')
      .keyPathSpending) {
      const spent = given.utxosSpent.map(({ scriptPubKey, amountSats }) => ({
        value: BigInt(amountSats),
        scriptPubKey: fromHex(scriptPubKey),
      }));
      const cache = new SighashCache(Transaction.decode(fromHex(given.rawUnsignedTx)), spent);
      expect(toHex(cache.amounts)).toBe(intermediary.hashAmounts);
      expect(toHex(cache.outputs)).toBe(intermediary.hashOutputs);
      expect(toHex(cache.prevouts)).toBe(intermediary.hashPrevouts);
      expect(toHex(cache.scriptPubKeys)).toBe(intermediary.hashScriptPubkeys);
      expect(toHex(cache.sequences)).toBe(intermediary.hashSequences);
      const context = { annexHash: undefined, leafHash: undefined };
      for (const input of inputSpending) {
        const { txinIndex, hashType } = input.given;
        const hash = taprootSighash(cache, txinIndex, hashType, context, 0xffff_ffff);
        expect(hash && toHex(hash)).toBe(input.intermediary.sigHash);
        count++;
      }
    }
    expect(count).toBe(7);
  });
});
