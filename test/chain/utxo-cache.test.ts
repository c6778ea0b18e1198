import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binaryKey, compareBytes } from '../../src/bytes/compare.ts';
import { coinStoreKey, parseCoinStoreKey } from '../../src/chain/records/keys.ts';
import { decodeCoin, decodeUndo, encodeCoin, encodeUndo } from '../../src/chain/utxo/coin-codec.ts';
import { UtxoCache } from '../../src/chain/utxo/utxo-cache.ts';
import type { Coin } from '../../src/consensus/coins.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { randomInt } from '../../src/platform/random.ts';
import { atOnce } from '../../src/platform/slices.ts';
import { MAX_MONEY } from '../../src/primitives/amount.ts';
import { coinKey, outPointKey } from '../../src/primitives/outpoint.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { Snapshot } from '../../src/store/store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

const coins: fc.Arbitrary<Coin> = fc.record({
  output: fc.record({
    value: fc.bigInt({ min: 0n, max: MAX_MONEY }),
    scriptPubKey: fc.uint8Array({ maxLength: 100 }),
  }),
  height: fc.integer({ min: 0, max: 0x7fff_ffff }),
  isCoinbase: fc.boolean(),
});

describe('stored coins', () => {
  it('round-trip', () => {
    const single = fc.property(coins, (coin) => {
      expect(decodeCoin(encodeCoin(coin))).toEqual(coin);
    });
    const ofBlock = fc.property(fc.array(fc.array(coins, { maxLength: 4 }), { maxLength: 4 }), (undo) => {
      expect(decodeUndo(encodeUndo(undo))).toEqual(undo);
    });
    fc.assert(single, { seed: 1 });
    fc.assert(ofBlock, { seed: 2 });
  });

  it('are compact: a P2WPKH output of 1 BTC takes 29 bytes', () => {
    const output = { value: 100_000_000n, scriptPubKey: new Uint8Array(22) };
    expect(encodeCoin({ output, height: 200_000, isCoinbase: false })).toHaveLength(29);
  });

  it('fail to decode if truncated or invalid', () => {
    const bytes = encodeUndo([
      [{ output: { value: 5n, scriptPubKey: new Uint8Array(9) }, height: 3, isCoinbase: true }],
    ]);
    for (let length = 0; length < bytes.length; length++) expect(() => decodeUndo(bytes.subarray(0, length))).toThrow();
    // A number of 20 bytes, and a zero of two bytes.
    const long = new Uint8Array(20).fill(0xff);
    expect(() => decodeCoin(long)).toThrow(expect.objectContaining({ code: 'oversized' }));
    expect(() => decodeCoin(Uint8Array.of(0x80, 0, 0))).toThrow(expect.objectContaining({ code: 'non-canonical' }));
  });

  it('hold numbers up to 53 bits', () => {
    const coinOf = (value: bigint): Coin => {
      return { output: { value, scriptPubKey: new Uint8Array(1) }, height: 1, isCoinbase: true };
    };
    const largest = coinOf(BigInt(Number.MAX_SAFE_INTEGER));
    expect(decodeCoin(encodeCoin(largest))).toEqual(largest);
    expect(() => decodeCoin(encodeCoin(coinOf(1n << 53n)))).toThrow(expect.objectContaining({ code: 'oversized' }));
  });

  it('sort by txid and index', () => {
    const outpoints = fc.record({
      txid: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      vout: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 0xffff_ffff })),
    });
    fc.assert(
      fc.property(outpoints, outpoints, fc.boolean(), (a, other, sameTx) => {
        const b = sameTx ? { ...other, txid: a.txid } : other;
        const [keyA, keyB] = [coinStoreKey(0, outPointKey(a)), coinStoreKey(0, outPointKey(b))];
        expect(parseCoinStoreKey(keyA)).toEqual(a);
        const expected = compareBytes(a.txid, b.txid) || a.vout - b.vout;
        expect(Math.sign(compareBytes(keyA, keyB))).toBe(Math.sign(expected));
      }),
      { seed: 3 },
    );
  });

  it('have keys with the shortest form of the index alone', () => {
    const key = (...index: readonly number[]) => Uint8Array.of(0x43, 0, ...new Uint8Array(32), ...index);
    const vouts = [[0xfc], [0xfd, 0, 0xfd], [0xfd, 0xff, 0xff], [0xfe, 0, 1, 0, 0], [0xfe, 0xff, 0xff, 0xff, 0xff]];
    expect(vouts.map((index) => parseCoinStoreKey(key(...index)).vout)).toEqual([
      0xfc, 0xfd, 0xffff, 0x1_0000, 0xffff_ffff,
    ]);
    for (const index of [[0xfd, 0, 0xfc], [0xfe, 0, 0, 0xff, 0xff], [0xff]]) {
      expect(() => parseCoinStoreKey(key(...index))).toThrow(expect.objectContaining({ code: 'non-canonical' }));
    }
  });
});

describe('UtxoCache', () => {
  it('matches a model through random changes and failed writes', async () => {
    for (let seed = 1; seed <= 9; seed++) {
      const random = new SeededRandom(seed);
      const store = new MemoryStore();
      const cache = new UtxoCache(store, 0, seed % 3 === 0 ? 2000 : 1 << 20);
      const model = new Map<string, Coin>();
      const keys = Array.from({ length: 30 }, (_, i) => coinKey(binaryKey(sha256(Uint8Array.of(i >> 1))), i * 100));
      let flush: ReturnType<UtxoCache['beginFlush']> | undefined;
      for (let step = 0; step < 300; step++) {
        const key = keys[randomInt(random, keys.length)]!;
        const outpoint = parseCoinStoreKey(coinStoreKey(0, key));
        switch (randomInt(random, 7)) {
          case 0:
          case 1: {
            if (model.has(key)) break;
            const output = { value: BigInt(step), scriptPubKey: new Uint8Array(randomInt(random, 40)) };
            const coin = { output, height: step, isCoinbase: randomInt(random, 4) === 0 };
            cache.add(key, coin);
            model.set(key, coin);
            break;
          }
          case 2:
            if (model.delete(key)) cache.spend(key);
            break;
          case 3:
            expect(cache.getCoin(outpoint)).toEqual(model.get(key));
            break;
          case 4:
            expect(cache.peek(key)).toEqual(model.get(key));
            break;
          case 5: {
            const ofTxid = [...model].filter(([other]) => other.startsWith(key.slice(0, 32))).map(([, coin]) => coin);
            const coin = cache.getCoinByTxid(outpoint.txid);
            if (ofTxid.length === 0) expect(coin).toBeUndefined();
            else expect(ofTxid).toContainEqual(coin);
            break;
          }
          default:
            if (!flush) {
              flush = cache.beginFlush();
            } else if (randomInt(random, 3) === 0) {
              flush.failed();
              flush = undefined;
            } else {
              store.writeSync(atOnce(flush.operations()));
              flush.done();
              flush = undefined;
            }
        }
        if (step % 30 === 0) {
          const entries = [...cache.entries()].map(({ outpoint: at, coin }) => [outPointKey(at), coin]);
          expect(entries).toEqual([...model].sort(([a], [b]) => (a < b ? -1 : 1)));
        }
      }
      flush?.failed();
      store.writeSync(atOnce(cache.beginFlush().operations()));
      const reopened = new UtxoCache(store, 0, 0);
      expect([...reopened.entries()]).toHaveLength(model.size);
      for (const key of keys) expect(reopened.peek(key), `seed ${seed}`).toEqual(model.get(key));
    }
  });

  it('writes the changes up to the start of a batch, in key order, and keeps later ones for the next', () => {
    const cache = new UtxoCache(new MemoryStore(), 0, 1000);
    const coin: Coin = { output: { value: 1n, scriptPubKey: new Uint8Array(5) }, height: 1, isCoinbase: false };
    const keys = [0xff, 0x80, 0x7f, 1, 0].flatMap((byte) =>
      [1, 0].map((vout) => coinKey(String.fromCharCode(byte).repeat(32), vout)),
    );
    for (const key of keys) cache.add(key, coin);
    const first = cache.beginFlush();
    const steps = first.operations();
    steps.next();
    cache.spend(keys[0]!);
    const later = coinKey('x'.repeat(32), 0);
    cache.add(later, coin);
    const storeKeys = keys.map((key) => coinStoreKey(0, key)).sort(compareBytes);
    expect(atOnce(steps)).toEqual(storeKeys.map((key) => ({ type: 'put', key, value: encodeCoin(coin) })));
    first.done();
    expect(atOnce(cache.beginFlush().operations())).toEqual([
      { type: 'put', key: coinStoreKey(0, later), value: encodeCoin(coin) },
      { type: 'delete', key: coinStoreKey(0, keys[0]!) },
    ]);
  });

  it('writes nothing for a coin that is created and spent between two writes', () => {
    const cache = new UtxoCache(new MemoryStore(), 0, 1000);
    const key = coinKey('x'.repeat(32), 0);
    cache.add(key, { output: { value: 1n, scriptPubKey: new Uint8Array(5) }, height: 1, isCoinbase: false });
    expect(cache.dirtyBytes).toBeGreaterThan(0);
    cache.spend(key);
    expect(cache.dirtyBytes).toBe(0);
    expect(atOnce(cache.beginFlush().operations())).toEqual([]);
  });

  const coinOf = (size: number, isCoinbase = false): Coin => {
    return { output: { value: 1n, scriptPubKey: new Uint8Array(size) }, height: 1, isCoinbase };
  };

  /** Returns a store and a cache on it; the store has a coin with `key`. */
  function stored(key: string, coin: Coin): { store: MemoryStore; cache: UtxoCache } {
    const store = new MemoryStore();
    store.writeSync([{ type: 'put', key: coinStoreKey(0, key), value: encodeCoin(coin) }]);
    return { store, cache: new UtxoCache(store, 0, 10_000) };
  }

  function write(store: MemoryStore, cache: UtxoCache): void {
    const flush = cache.beginFlush();
    store.writeSync(atOnce(flush.operations()));
    flush.done();
  }

  it('deletes a stored coin that is created again during a write that fails, and then spent', () => {
    const key = coinKey('x'.repeat(32), 0);
    const { store, cache } = stored(key, coinOf(5));
    cache.spend(key);
    const flush = cache.beginFlush();
    // A reorganisation restores the coin.
    cache.add(key, coinOf(5));
    flush.failed();
    cache.spend(key);
    expect(cache.peek(key)).toBeUndefined();
    write(store, cache);
    expect(store.has(coinStoreKey(0, key))).toBe(false);
  });

  it('deletes a stored coin of a coinbase that a repeated one has overwritten', () => {
    const key = coinKey('x'.repeat(32), 0);
    const { store, cache } = stored(key, coinOf(5, true));
    cache.add(key, coinOf(5, true));
    cache.spend(key);
    expect(cache.peek(key)).toBeUndefined();
    write(store, cache);
    expect(store.has(coinStoreKey(0, key))).toBe(false);
  });

  it('counts the bytes of the changes that are pending, each once', () => {
    const key = coinKey('x'.repeat(32), 0);
    const { cache } = stored(key, coinOf(5));
    cache.spend(key);
    const spent = cache.dirtyBytes;
    cache.add(key, coinOf(7));
    expect(cache.dirtyBytes).toBe(spent + 7);
    const flush = cache.beginFlush();
    expect(cache.dirtyBytes).toBe(0);
    cache.spend(key);
    cache.add(coinKey('y'.repeat(32), 0), coinOf(9));
    flush.failed();
    // The newer change of the first coin replaces the older one.
    expect(cache.dirtyBytes).toBe(spent + spent + 9);
    cache.add(key, coinOf(1));
    expect(cache.dirtyBytes).toBe(spent + 1 + spent + 9);
  });

  it('releases the snapshot of an iteration, also of one that ends early', () => {
    const key = coinKey('x'.repeat(32), 0);
    const { store, cache } = stored(key, coinOf(5));
    let open = 0;
    const snapshotOf = store.snapshot.bind(store);
    store.snapshot = () => {
      open++;
      const snapshot = snapshotOf();
      return { ...bound(snapshot), close: () => void open-- };
    };
    expect([...cache.entries()]).toHaveLength(1);
    expect(open).toBe(0);
    for (const _ of cache.entries()) break;
    expect(open).toBe(0);
  });
});

function bound(snapshot: Snapshot): Snapshot {
  return {
    get: (key) => snapshot.get(key),
    has: (key) => snapshot.has(key),
    entries: (range) => snapshot.entries(range),
    close: () => snapshot.close(),
  };
}
