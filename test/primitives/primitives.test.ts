import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../src/bytes/errors.ts';
import { fromHex, fromReversedHex, toHex } from '../../src/bytes/hex.ts';
import { ByteReader } from '../../src/bytes/reader.ts';
import { ByteWriter } from '../../src/bytes/writer.ts';
import { COIN, formatAmount, MAX_MONEY, moneyRange, parseAmount } from '../../src/primitives/amount.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import {
  coinKey,
  formatOutPoint,
  isNullOutPoint,
  nullOutPoint,
  outPointKey,
  readOutPoint,
  writeOutPoint,
} from '../../src/primitives/outpoint.ts';
import { readTxOut, Transaction, txOutSize, writeTxOut } from '../../src/primitives/transaction.ts';

describe('Amounts', () => {
  it('are limited to 21 million bitcoins', () => {
    expect(MAX_MONEY).toBe(2_100_000_000_000_000n);
    expect(moneyRange(0n)).toBe(true);
    expect(moneyRange(MAX_MONEY)).toBe(true);
    expect(moneyRange(MAX_MONEY + 1n)).toBe(false);
    expect(moneyRange(-1n)).toBe(false);
  });

  it.each([
    [0n, '0.00000000'],
    [1n, '0.00000001'],
    [150_000_000n, '1.50000000'],
    [-1n, '-0.00000001'],
    [-150_000_000n, '-1.50000000'],
    [MAX_MONEY, '21000000.00000000'],
  ])('of %i satoshis are formatted as %s', (satoshis, text) => {
    expect(formatAmount(satoshis)).toBe(text);
    expect(parseAmount(text)).toBe(satoshis);
  });

  it('are parsed from plain decimals only', () => {
    expect(parseAmount('1')).toBe(COIN);
    expect(parseAmount('.5')).toBe(COIN / 2n);
    expect(parseAmount('0.1')).toBe(COIN / 10n);
    for (const text of [
      '',
      '-',
      '.',
      '1e3',
      '1,5',
      ' 1',
      '+1',
      '0.000000001',
      '21000000.00000001',
      '999999999',
      'NaN',
    ]) {
      expect(parseAmount(text), text).toBeUndefined();
    }
  });
});

const outpoint = fc.record({
  txid: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  vout: fc.integer({ min: 0, max: 0xffff_ffff }),
});

describe('Outpoints', () => {
  it('round-trip, and have unique keys', () => {
    fc.assert(
      fc.property(outpoint, outpoint, (a, b) => {
        const writer = new ByteWriter(36);
        writeOutPoint(writer, a);
        expect(readOutPoint(new ByteReader(writer.finish()))).toEqual(a);
        const isSame = a.vout === b.vout && toHex(a.txid) === toHex(b.txid);
        expect(outPointKey(a) === outPointKey(b)).toBe(isSame);
        expect(outPointKey(a) === outPointKey({ ...a, vout: b.vout })).toBe(a.vout === b.vout);
        expect(outPointKey(a)).toBe(coinKey(outPointKey(a).slice(0, 32), a.vout));
      }),
      { seed: 10 },
    );
  });

  it('recognise the null prevout of a coinbase', () => {
    expect(isNullOutPoint(nullOutPoint)).toBe(true);
    expect(isNullOutPoint({ ...nullOutPoint, vout: 0 })).toBe(false);
    const txid = new Uint8Array(32);
    txid[31] = 1;
    expect(isNullOutPoint({ ...nullOutPoint, txid })).toBe(false);
  });

  it('are formatted with the txid in display order', () => {
    expect(formatOutPoint({ txid: Uint8Array.of(0xab, ...new Uint8Array(31)), vout: 7 })).toBe(
      `${'00'.repeat(31)}ab:7`,
    );
  });
});

describe('Headers', () => {
  it('decode, encode and hash the genesis header', () => {
    const raw =
      '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c';
    const header = BlockHeader.decode(fromHex(raw));
    expect(header.hashHex).toBe('000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f');
    expect(header).toMatchObject({ version: 1, time: 1231006505, bits: 0x1d00ffff, nonce: 2083236893 });
    expect(toHex(header.merkleRoot)).toBe(
      toHex(fromReversedHex('4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b')),
    );
    expect(toHex(new BlockHeader({ ...header }).encode())).toBe(raw);
    expect(() => BlockHeader.decode(fromHex(raw).subarray(1))).toThrow(DecodeError);
    expect(() => BlockHeader.decode(fromHex(`${raw}00`))).toThrow(DecodeError);
  });
});

describe('Transactions', () => {
  const input = {
    prevout: { txid: new Uint8Array(32).fill(1), vout: 2 },
    scriptSig: fromHex('51'),
    sequence: 0xffff_fffe,
    witness: [],
  };
  const output = { value: -1n, scriptPubKey: fromHex('6a') };

  it('have no superfluous witness record and no unknown flags', () => {
    const tx = new Transaction({ version: 0xffff_ffff, inputs: [input], outputs: [output], lockTime: 3 });
    expect(tx.hasWitness).toBe(false);
    expect(tx.wtxid).toEqual(tx.txid);
    expect(Transaction.decode(tx.encode())).toMatchObject({ version: 0xffff_ffff, lockTime: 3 });
    // Marker and flag, but no witness on any input: "Superfluous witness record" in Core.
    const hex = toHex(tx.encode());
    const superfluous = `${hex.slice(0, 8)}0001${hex.slice(8, -8)}00${hex.slice(-8)}`;
    expect(() => Transaction.decode(fromHex(superfluous))).toThrow('superfluous');
    // Any flag except the witness flag.
    const withWitness = new Transaction({ ...tx, inputs: [{ ...input, witness: [fromHex('00')] }] });
    for (const flag of ['02', '03', 'ff']) {
      const bytes = fromHex(toHex(withWitness.encode()).replace(/^(.{8}00)01/, `$1${flag}`));
      expect(() => Transaction.decode(bytes)).toThrow(DecodeError);
    }
  });

  it('can be read in the legacy encoding only', () => {
    const tx = new Transaction({ version: 2, inputs: [], outputs: [output], lockTime: 0 });
    const reader = new ByteReader(tx.encode());
    expect(Transaction.read(reader, false).outputs).toEqual([output]);
    reader.end();
    expect(() => Transaction.decode(tx.encode())).toThrow(DecodeError);
  });

  it('decode negative amounts, which the consensus rules reject', () => {
    const writer = new ByteWriter();
    writeTxOut(writer, output);
    expect(writer.length).toBe(txOutSize(output));
    expect(readTxOut(new ByteReader(writer.finish()))).toEqual(output);
  });

  it('recognise a coinbase', () => {
    const coinbase = new Transaction({
      version: 1,
      inputs: [{ ...input, prevout: nullOutPoint }],
      outputs: [],
      lockTime: 0,
    });
    expect(coinbase.isCoinbase).toBe(true);
    expect(new Transaction({ ...coinbase, inputs: [input] }).isCoinbase).toBe(false);
    const two = [...coinbase.inputs, input];
    expect(new Transaction({ ...coinbase, inputs: two }).isCoinbase).toBe(false);
  });

  it('do not allocate for announced counts', () => {
    // 9 bytes that announce 33 million inputs.
    expect(() => Transaction.decode(fromHex('01000000fe00000002'))).toThrow(DecodeError);
    expect(() => Transaction.decode(fromHex('01000000fe01000002'))).toThrow(/exceeds/);
  });
});
