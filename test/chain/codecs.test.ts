import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { checksum } from '../../src/chain/records/checksum.ts';
import { decodeIndex, encodeIndex } from '../../src/chain/records/index-codec.ts';
import { coinStoreKey, parseCoinStoreKey } from '../../src/chain/records/keys.ts';
import { splitIntoChunks } from '../../src/chain/scripts/script-check.ts';
import { rangesOf, readCheck, shareChunks } from '../../src/chain/scripts/shared-chunks.ts';
import { BlockIndex } from '../../src/chain/tree/block-index.ts';
import { decodeCoin, decodeUndo, encodeCoin, encodeUndo } from '../../src/chain/utxo/coin-codec.ts';
import type { Coin } from '../../src/consensus/coins.ts';
import { regtest } from '../../src/consensus/params.ts';
import { randomInt } from '../../src/platform/random.ts';
import { MAX_MONEY } from '../../src/primitives/amount.ts';
import { type OutPoint, outPointKey } from '../../src/primitives/outpoint.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import {
  type Codec,
  countFlips,
  countTruncations,
  flipBit,
  hostileCounts,
  roundTrips,
  tryDecode,
} from '../support/hostile.ts';
import { realBlock, realBlocks, spentCoins } from '../support/real-blocks.ts';
import { anyHeader, anyTransaction } from '../support/transactions.ts';
import { describeVectors } from '../support/vectors.ts';

// Damaged data is rejected, or decodes to a value whose encoding is exactly these bytes.

const coinCodec: Codec<Coin> = { decode: decodeCoin, encode: encodeCoin };
const undoCodec: Codec<Coin[][]> = { decode: decodeUndo, encode: encodeUndo };
const keyCodec: Codec<OutPoint> = {
  decode: parseCoinStoreKey,
  encode: (outpoint) => coinStoreKey(0, outPointKey(outpoint)),
};

const anyCoin: fc.Arbitrary<Coin> = fc.record({
  output: fc.record({
    value: fc.oneof(fc.bigInt({ min: 0n, max: MAX_MONEY }), fc.bigInt({ min: 0n, max: 300n })),
    scriptPubKey: fc.uint8Array({ maxLength: 300 }),
  }),
  height: fc.oneof(fc.integer({ min: 0, max: 0x7fff_ffff }), fc.integer({ min: 0, max: 200 })),
  isCoinbase: fc.boolean(),
});

describe('coins and undo data', () => {
  it('decode to another value or fail if truncated or with a flipped bit', () => {
    fc.assert(
      fc.property(anyCoin, fc.array(fc.array(anyCoin, { maxLength: 3 }), { maxLength: 3 }), (coin, undo) => {
        const bytes = encodeCoin(coin);
        expect(roundTrips(coinCodec, bytes)).toBe(true);
        countFlips(coinCodec, bytes.subarray(0, 30));
        countTruncations(coinCodec, bytes);
        const undoBytes = encodeUndo(undo);
        expect(roundTrips(undoCodec, undoBytes)).toBe(true);
        expect(countTruncations(undoCodec, undoBytes)).toBe(0);
        countFlips(undoCodec, undoBytes.subarray(0, 80));
        for (const count of hostileCounts) {
          expect(roundTrips(undoCodec, concatBytes(count, undoBytes.subarray(1)))).toBe(false);
        }
      }),
      { numRuns: 60, seed: 160 },
    );
  });

  it('decode from random bytes only if canonical', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        roundTrips(coinCodec, bytes);
        roundTrips(undoCodec, bytes);
        roundTrips(keyCodec, concatBytes(Uint8Array.of(0x43, 0), bytes));
      }),
      { numRuns: 3000, seed: 161 },
    );
  });

  it('have a unique store key', () => {
    const anyOutPoint = fc.record({
      txid: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      vout: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 0xffff_ffff })),
    });
    fc.assert(
      fc.property(anyOutPoint, (outpoint) => {
        const key = keyCodec.encode(outpoint);
        expect(roundTrips(keyCodec, key)).toBe(true);
        expect(countTruncations(keyCodec, key)).toBe(0);
        // The first two bytes, prefix and coin set, are not parsed.
        for (let bit = 16; bit < key.length * 8; bit++) roundTrips(keyCodec, flipBit(key, bit));
      }),
      { numRuns: 100, seed: 162 },
    );
  });
});

describeVectors('the undo data of a real block', 'blocks/block928831-undo.raw', () => {
  it('round-trips; damaged, it decodes to other data or fails', () => {
    for (const { name } of realBlocks.filter(({ inputs }) => inputs).slice(0, 2)) {
      const coins = [...spentCoins(realBlock(name), name).values()];
      const bytes = encodeUndo([coins, [], coins.slice(0, 3)]);
      expect(roundTrips(undoCodec, bytes)).toBe(true);
      const random = new SeededRandom(coins.length);
      for (let i = 0; i < 15; i++) {
        expect(roundTrips(undoCodec, bytes.subarray(0, randomInt(random, bytes.length)))).toBe(false);
        roundTrips(undoCodec, flipBit(bytes, randomInt(random, bytes.length * 8)));
      }
    }
  });
});

describe('a header record', () => {
  it('fails its checksum with any one or two bits flipped', () => {
    fc.assert(
      fc.property(anyHeader, fc.nat(0xffff), fc.boolean(), fc.nat(), (header, txCount, failed, seed) => {
        const index = BlockIndex.of(header, header.hash, undefined, 0n);
        Object.assign(index, { txCount, failed, hasData: txCount > 0 });
        const bytes = encodeIndex(index);
        const decode = (record: Uint8Array) => decodeIndex(record, index.hash);
        expect(decode(bytes)).toMatchObject({ txCount, failed, hasData: txCount > 0, hasUndo: false });
        for (let length = 0; length < bytes.length; length++) {
          expect(tryDecode(decode, bytes.subarray(0, length))).toBeUndefined();
        }
        for (let bit = 0; bit < bytes.length * 8; bit++) {
          expect(tryDecode(decode, flipBit(bytes, bit))).toBeUndefined();
        }
        const random = new SeededRandom(seed);
        for (let i = 0; i < 20; i++) {
          const [a, b] = [randomInt(random, bytes.length * 8), randomInt(random, bytes.length * 8)];
          if (a !== b) expect(tryDecode(decode, flipBit(flipBit(bytes, a), b))).toBeUndefined();
        }
      }),
      { numRuns: 8, seed: 163 },
    );
  });
});

describe('the checksum of a record', () => {
  it('is FNV-1a of the hash and the first bytes of the record', () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    // Vectors of the FNV reference code.
    expect(checksum(bytes(''), bytes(''), 0)).toBe(0x811c9dc5);
    expect(checksum(bytes('a'), bytes(''), 0)).toBe(0xe40c292c);
    expect(checksum(bytes('foo'), bytes('bar and more'), 3)).toBe(0xbf9cf968);
  });

  it('is reported as invalid if it is wrong', () => {
    const { header, hash } = regtest.genesis;
    const bytes = encodeIndex(BlockIndex.of(header, hash, undefined, 0n));
    // After the header, the flags and the number of transactions.
    const error = expect.objectContaining({ code: 'invalid', offset: 80 + 1 + 4 });
    expect(() => decodeIndex(flipBit(bytes, 0), hash)).toThrow(error);
    expect(() => decodeIndex(bytes, new Uint8Array(32))).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});

describe('chunks for the script threads', () => {
  it('round-trip', () => {
    fc.assert(
      fc.property(fc.array(anyTransaction, { maxLength: 4 }), (transactions) => {
        const checks = transactions.map((tx) => {
          return { tx, spentOutputs: tx.inputs.map(({ scriptSig }) => ({ value: 5n, scriptPubKey: scriptSig })) };
        });
        const chunks = splitIntoChunks(checks);
        const shared = shareChunks(checks, chunks, 0);
        for (const [chunk, { ranges }] of chunks.entries()) expect([...rangesOf(shared, chunk)]).toEqual(ranges);
        for (const [position, { tx, spentOutputs }] of checks.entries()) {
          const back = readCheck(shared, shared.bytes.slice(), position);
          expect(back.tx.encode()).toEqual(tx.encode());
          expect(back.spentOutputs).toEqual(spentOutputs);
        }
      }),
      { numRuns: 30, seed: 164 },
    );
  });
});
