import { describe, expect, it } from 'vitest';
import { KeyPool } from '../../src/wallet/key-pool.ts';
import { addressTypes, type KeyRef, type KeyTree } from '../../src/wallet/keys.ts';
import type { KeyRecord } from '../../src/wallet/records.ts';

/** Keys whose script is their position. */
const tree = {
  output: ({ type, change, index }: KeyRef) => ({
    scriptPubKey: Uint8Array.of(addressTypes.indexOf(type), change ? 1 : 0, index),
  }),
  privateKey: ({ index }: KeyRef) => new Uint8Array(32).fill(index + 1),
} as unknown as KeyTree;

const external = { type: 'bech32', change: false } as const;
const internal = { type: 'bech32', change: true } as const;
const nothing = { keys: [], next: [] };
const scriptOf = (ref: KeyRef) => tree.output(ref).scriptPubKey;
const keysWritten = (operations: readonly { readonly key: Uint8Array }[]) =>
  operations.map(({ key }) => new TextDecoder().decode(key));

/** A pool of five keys on each chain of bech32. */
function openPool(): KeyPool {
  const pool = new KeyPool(1, tree, nothing, 5);
  pool.open('bech32');
  return pool;
}

describe('the keys of a wallet', () => {
  it('are watched on both chains of a type once it is open, as many as the gap', () => {
    const pool = new KeyPool(1, tree, nothing, 5);
    expect([pool.watchedCount, pool.watchedCounts()]).toEqual([0, [0, 0, 0, 0, 0, 0, 0, 0]]);
    expect(keysWritten(pool.open('bech32'))).toHaveLength(10);
    expect(pool.open('bech32')).toEqual([]);
    expect([pool.watchedCount, pool.watchedCounts()]).toEqual([10, [0, 0, 0, 0, 5, 5, 0, 0]]);
    expect(pool.watchedScripts()).toHaveLength(10);
    expect(new KeyPool(1, tree, nothing).open('legacy')).toHaveLength(40);
  });

  it('are found by script', () => {
    const pool = openPool();
    expect(pool.find(scriptOf({ ...external, index: 4 }))).toMatchObject({ ...external, index: 4 });
    expect(pool.find(scriptOf({ ...internal, index: 0 }))).toMatchObject({ ...internal, index: 0 });
    expect(pool.find(scriptOf({ ...external, index: 5 }))).toBeUndefined();
  });

  it('are handed out in order, by chain, and each one adds a watched key', () => {
    const pool = openPool();
    expect(pool.peek(external).index).toBe(0);
    const { key, operations } = pool.take(external);
    expect(key).toEqual({ ...external, index: 0, output: { scriptPubKey: scriptOf({ ...external, index: 0 }) } });
    expect(keysWritten(operations)).toEqual(['key/0001/bech32/0/00000005', 'next/0001/bech32/0']);
    expect(pool.peek(external).index).toBe(1);
    expect(pool.take(external).key.index).toBe(1);
    expect(pool.take(internal).key).toMatchObject({ ...internal, index: 0 });
    expect([...pool.handedOut()].map(({ change, index }) => [change, index])).toEqual([
      [false, 0],
      [false, 1],
      [true, 0],
    ]);
    expect(pool.watchedCounts().slice(4, 6)).toEqual([7, 6]);
    expect(pool.privateKey(key)).toEqual(tree.privateKey(key));
  });

  it('have a label if one is given, which is written', () => {
    const pool = openPool();
    const { key, operations } = pool.take(external, 'rent');
    expect(key.label).toBe('rent');
    expect(keysWritten(operations)).toEqual([
      'key/0001/bech32/0/00000005',
      'next/0001/bech32/0',
      'key/0001/bech32/0/00000000',
    ]);
    expect(pool.find(key.output.scriptPubKey)!.label).toBe('rent');
    expect([...pool.handedOut()][0]!.label).toBe('rent');
    expect(pool.take(external, '').key).not.toHaveProperty('label');
    expect(pool.take(external, '').operations).toHaveLength(2);
  });

  it('count as handed out up to the last one paid', () => {
    const pool = openPool();
    const operations = pool.markUsed({ ...external, index: 2 });
    expect(keysWritten(operations)).toEqual([
      'key/0001/bech32/0/00000005',
      'key/0001/bech32/0/00000006',
      'key/0001/bech32/0/00000007',
      'next/0001/bech32/0',
    ]);
    expect(pool.markUsed({ ...external, index: 2 })).toEqual([]);
    expect(pool.markUsed({ ...external, index: 0 })).toEqual([]);
    expect(pool.markUsed({ ...external, index: 3 })).toHaveLength(2);
    expect(pool.take(external).key.index).toBe(4);
  });

  it('watched since certain counts are told apart', () => {
    const pool = openPool();
    const before = pool.watchedCounts();
    expect(pool.watchedScripts(before)).toEqual([]);
    pool.take(external);
    pool.take(internal);
    pool.open('legacy');
    expect(pool.watchedScripts(before)).toEqual([
      ...Array.from({ length: 5 }, (_, index) => scriptOf({ type: 'legacy', change: false, index })),
      ...Array.from({ length: 5 }, (_, index) => scriptOf({ type: 'legacy', change: true, index })),
      scriptOf({ ...external, index: 5 }),
      scriptOf({ ...internal, index: 5 }),
    ]);
  });

  it('are the same after a restart', () => {
    const keys: KeyRecord[] = [0, 1, 2].map((index) => ({
      ...external,
      index,
      output: tree.output({ ...external, index }),
    }));
    const pool = new KeyPool(1, tree, { keys, next: [[external, 2]] }, 1);
    expect(pool.watchedCount).toBe(3);
    expect([...pool.handedOut()]).toEqual(keys.slice(0, 2));
    expect(pool.take(external).key.index).toBe(2);
  });
});

describe('the gap that a restore needs', () => {
  it('is the longest run of unused keys up to one that is used or handed out', () => {
    const pool = new KeyPool(1, tree, nothing, 50);
    expect(pool.neededGap).toBe(0);
    pool.open('bech32');
    expect(pool.neededGap).toBe(0);
    for (let i = 0; i < 4; i++) pool.take(external);
    expect(pool.neededGap).toBe(4);
    pool.markUsed({ ...external, index: 1 });
    // Key 3 is handed out, two after the last one used.
    expect(pool.neededGap).toBe(2);
    pool.markUsed({ ...external, index: 9 });
    expect(pool.neededGap).toBe(8);
    // Used out of order.
    pool.markUsed({ ...external, index: 4 });
    expect(pool.neededGap).toBe(5);
    for (let i = 0; i < 7; i++) pool.take(internal);
    expect(pool.neededGap).toBe(7);
  });

  it('of one key is its distance from the last one used before it', () => {
    const pool = new KeyPool(1, tree, nothing, 50);
    pool.open('bech32');
    const distance = (index: number) => pool.distanceFromUsed({ ...external, index });
    expect([distance(0), distance(6)]).toEqual([1, 7]);
    for (const index of [5, 2, 8]) pool.markUsed({ ...external, index });
    expect([distance(2), distance(3), distance(5), distance(6), distance(8), distance(9)]).toEqual([3, 1, 3, 1, 3, 1]);
    expect(pool.distanceFromUsed({ ...internal, index: 3 })).toBe(4);
  });
});
