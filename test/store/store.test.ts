import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../../src/bytes/compare.ts';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { randomInt } from '../../src/platform/random.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { Range, Snapshot, Store, StoreOperation, StoreReader } from '../../src/store/store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { tempDir } from '../support/temp-dir.ts';

const folder = tempDir('store');

let files = 0;
const stores: Record<string, () => Promise<Store>> = {
  MemoryStore: async () => new MemoryStore(),
  LmdbStore: () => LmdbStore.open({ path: join(folder, `${files++}.db`), network: 'regtest', kind: 'blockchain' }),
};

const bytes = (hex: string) => fromHex(hex);
const put = (key: string, value: string): StoreOperation => ({ type: 'put', key: bytes(key), value: bytes(value) });
const del = (key: string): StoreOperation => ({ type: 'delete', key: bytes(key) });

function contents(reader: StoreReader, range?: Range): string[] {
  return [...reader.entries(range)].map(([key, value]) => `${toHex(key)}=${toHex(value)}`);
}

/** A reference model of a store. */
class Model {
  pairs = new Map<string, string>();

  apply(operations: readonly StoreOperation[]): void {
    for (const operation of operations) {
      if (operation.type === 'put') this.pairs.set(toHex(operation.key), toHex(operation.value));
      else this.pairs.delete(toHex(operation.key));
    }
  }

  copy(): Model {
    const copy = new Model();
    copy.pairs = new Map(this.pairs);
    return copy;
  }

  contents({ gte, lt, reverse, limit }: Range = {}): string[] {
    const keys = [...this.pairs.keys()]
      .map(bytes)
      .filter((key) => (!gte || compareBytes(key, gte) >= 0) && (!lt || compareBytes(key, lt) < 0))
      .sort(compareBytes);
    if (reverse) keys.reverse();
    return keys.slice(0, limit).map((key) => `${toHex(key)}=${this.pairs.get(toHex(key))}`);
  }
}

// Few and short keys, so that they collide; some at the limits.
const arbitraryKey = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 2, max: 3 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom(new Uint8Array(511).fill(255), new Uint8Array(511), Uint8Array.of(255)) },
);
const arbitraryValue = fc.oneof(
  { weight: 30, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom(new Uint8Array(5_000).fill(7), new Uint8Array(20_000).fill(250)) },
);
const arbitraryBatch = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant('put' as const), key: arbitraryKey, value: arbitraryValue }),
    fc.record({ type: fc.constant('delete' as const), key: arbitraryKey }),
  ),
  { maxLength: 8 },
);
const arbitraryRange: fc.Arbitrary<Range> = fc.record(
  { gte: arbitraryKey, lt: arbitraryKey, reverse: fc.boolean(), limit: fc.nat(5) },
  { requiredKeys: [] },
);
const arbitraryStep = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('write' as const), batch: arbitraryBatch }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('writeSync' as const), batch: arbitraryBatch }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('settle' as const) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('turn' as const) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('read' as const), range: arbitraryRange }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('snapshot' as const), range: arbitraryRange }) },
);

describe.each(Object.entries(stores))('%s', (_, create) => {
  it('behaves like a sorted map under any order of writes, synchronous writes, reads and snapshots', async () => {
    const store = await create();
    const model = new Model();
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryStep, { minLength: 1, maxLength: 30 }), async (steps) => {
        const writes: Promise<void>[] = [];
        const views: { snapshot: Snapshot; expected: Model; range: Range }[] = [];
        for (const step of steps) {
          if (step.does === 'write') {
            writes.push(store.write(step.batch));
            model.apply(step.batch);
          } else if (step.does === 'writeSync') {
            store.writeSync(step.batch);
            model.apply(step.batch);
            expect(contents(store)).toEqual(model.contents());
          } else if (step.does === 'turn') {
            await new Promise((resolve) => setImmediate(resolve));
          } else {
            await Promise.all(writes.splice(0));
            if (step.does === 'read') {
              expect(contents(store, step.range)).toEqual(model.contents(step.range));
              for (const key of [step.range.gte, step.range.lt]) {
                if (!key) continue;
                const expected = model.pairs.get(toHex(key));
                const value = store.get(key);
                expect(value && toHex(value)).toBe(expected);
                expect(store.has(key)).toBe(expected !== undefined);
              }
            } else if (step.does === 'snapshot') {
              views.push({ snapshot: store.snapshot(), expected: model.copy(), range: step.range });
            }
          }
        }
        await Promise.all(writes);
        expect(contents(store)).toEqual(model.contents());
        for (const { snapshot, expected, range } of views) {
          expect(contents(snapshot)).toEqual(expected.contents());
          expect(contents(snapshot, range)).toEqual(expected.contents(range));
          if (range.gte) expect(snapshot.has(range.gte)).toBe(expected.pairs.has(toHex(range.gte)));
          snapshot.close();
          expect(() => snapshot.get(Uint8Array.of(1))).toThrow('closed');
        }
      }),
      { seed: 7, numRuns: 60 },
    );
    await store.close();
  });

  it('returns values that later writes do not change, as plain Uint8Arrays', async () => {
    const store = await create();
    const large = new Uint8Array(3_000_000).map((_, i) => i * 31);
    const pooled = Buffer.from('a small value in a large pool');
    await store.write([
      { type: 'put', key: Uint8Array.of(1), value: large },
      { type: 'put', key: Uint8Array.of(2), value: pooled },
      { type: 'put', key: Uint8Array.of(3), value: new Uint8Array(0) },
    ]);
    const first = store.get(Uint8Array.of(1))!;
    const [entry] = store.entries({ gte: Uint8Array.of(1) });
    store.get(Uint8Array.of(2));
    await store.write([{ type: 'put', key: Uint8Array.of(1), value: new Uint8Array(3_000_000) }]);
    for (const value of [first, entry![1]]) {
      expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype);
      expect(value.length).toBe(large.length);
      expect(compareBytes(value, large)).toBe(0);
    }
    expect(store.get(Uint8Array.of(2))).toEqual(new Uint8Array(pooled));
    expect(store.get(Uint8Array.of(3))).toEqual(new Uint8Array(0));
    expect(store.has(Uint8Array.of(3))).toBe(true);
    await store.close();
  });

  it('rejects a batch with an empty key or one of more than 511 bytes as a whole', async () => {
    const store = await create();
    const bad = [new Uint8Array(0), new Uint8Array(512)];
    for (const key of bad) {
      const batch: StoreOperation[] = [put('01', 'ff'), { type: 'put', key, value: new Uint8Array(1) }];
      await expect(store.write(batch)).rejects.toThrow(RangeError);
      expect(() => store.writeSync(batch)).toThrow(RangeError);
    }
    expect(contents(store)).toEqual([]);
    await store.close();
  });

  it('applies batches in the order of the calls, also when a synchronous one flushes the queue', async () => {
    const store = await create();
    const model = new Model();
    const batch = (n: number, operations: StoreOperation[]): StoreOperation[] => [...operations, put('ff', `0${n}`)];
    // During the synchronous writes, the first batch is in flight and the second is queued.
    const first = batch(1, [put('01', '01'), put('02', '01'), put('03', '01')]);
    const second = batch(2, [del('01'), put('02', '02')]);
    const synchronous = [batch(3, [put('01', '03'), del('02'), del('03')]), batch(4, [put('03', '04'), del('01')])];
    const last = batch(5, [put('04', '05')]);
    const written = [store.write(first)];
    await null;
    written.push(store.write(second));
    model.apply(first);
    model.apply(second);
    for (const operations of synchronous) {
      store.writeSync(operations);
      model.apply(operations);
      expect(contents(store)).toEqual(model.contents());
      const until = performance.now() + 5;
      while (performance.now() < until);
      expect(contents(store)).toEqual(model.contents());
    }
    written.push(store.write(last));
    model.apply(last);
    await Promise.all(written);
    await store.flushed();
    expect(contents(store)).toEqual(model.contents());
    await store.close();
  });

  it('makes a batch visible atomically', async () => {
    const store = await create();
    await store.write([put('01', '00'), put('02', '00')]);
    const written = store.write([put('01', '01'), del('02'), put('03', '01')]);
    expect(contents(store)).toEqual(['01=00', '02=00']);
    await written;
    expect(contents(store)).toEqual(['01=01', '03=01']);
    await store.close();
  });

  it('iterates over the content as of the start of the iteration', async () => {
    const store = await create();
    await store.write([put('01', '00'), put('03', '00'), put('05', '00')]);
    const seen: string[] = [];
    for (const [key] of store.entries()) {
      seen.push(toHex(key));
      await store.write([del('05'), put('02', '00'), put('04', '00')]);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(seen).toEqual(['01', '03', '05']);
    expect(contents(store)).toEqual(['01=00', '02=00', '03=00', '04=00']);
    await store.close();
  });

  it('removes deleted keys, but not from open snapshots', async () => {
    const store = await create();
    const key = (i: number) => Uint8Array.of(i >> 8, i);
    const all = Array.from({ length: 3000 }, (_, i) => i);
    await store.write(all.map((i) => ({ type: 'put', key: key(i), value: key(i) })));
    const before = store.snapshot();
    await store.write(all.slice(10).map((i) => ({ type: 'delete', key: key(i) })));
    expect([...before.entries()].length).toBe(3000);
    expect([...before.entries({ reverse: true, limit: 1 })]).toEqual([[key(2999), key(2999)]]);
    before.close();
    await store.write([{ type: 'delete', key: key(0) }]);
    expect([...store.entries()].length).toBe(9);
    await store.write([{ type: 'put', key: key(2000), value: key(1) }]);
    expect([...store.entries({ gte: key(9) })]).toEqual([
      [key(9), key(9)],
      [key(2000), key(1)],
    ]);
    await store.close();
  });

  it('completes pending writes when closed, and throws afterwards', async () => {
    const store = await create();
    const view = store.snapshot();
    const iteration = store.entries();
    await store.write([put('01', '00')]);
    iteration.next();
    const written = store.write([put('02', '00')]);
    await store.close();
    await written;
    await store.close();
    expect(() => store.get(Uint8Array.of(1))).toThrow('closed');
    expect(() => store.writeSync([])).toThrow('closed');
    await expect(store.write([])).rejects.toThrow('closed');
    expect(() => [...store.entries()]).toThrow('closed');
    view.close();
  });
});

describe('forks of forks of a MemoryStore', () => {
  it('have the content of their own, with few changes and with many', async () => {
    const random = new SeededRandom(3);
    const forks = [{ store: new MemoryStore(), model: new Model() }];
    const randomKey = () => (256 + randomInt(random, 600)).toString(16).padStart(4, '0');
    for (let step = 0; step < 200; step++) {
      const at = forks[randomInt(random, forks.length)]!;
      // Up to 64 changes are copied, more are merged.
      const count = [1, 20, 64, 65, 300][randomInt(random, 5)]!;
      const operations = Array.from({ length: count }, () =>
        randomInt(random, 3) === 0 ? del(randomKey()) : put(randomKey(), toHex(random.bytes(1))),
      );
      at.store.writeSync(operations);
      at.model.apply(operations);
      if (forks.length > 6) forks.splice(randomInt(random, forks.length), 1);
      forks.push({ store: at.store.fork(), model: at.model.copy() });
      for (const { store, model } of forks) {
        expect(contents(store)).toEqual([...model.pairs].map(([key, value]) => `${key}=${value}`).sort());
        const key = randomKey();
        expect(store.has(bytes(key))).toBe(model.pairs.has(key));
      }
    }
  });
});

describe('MemoryStore.contentId', () => {
  it('is shared by forks until one of them changes', async () => {
    const store = new MemoryStore();
    await store.write([put('01', '00')]);
    expect(store.contentId).toBeUndefined();
    const fork = store.fork();
    const id = store.contentId;
    expect(id).toBeDefined();
    expect([fork.contentId, fork.fork().contentId, store.fork().contentId]).toEqual([id, id, id]);
    expect(fork.contentId).toBe(id);
    await fork.write([]);
    expect(fork.contentId).toBe(id);
    await fork.write([put('02', '00')]);
    expect(fork.contentId).toBeUndefined();
    expect(store.contentId).toBe(id);
    store.writeSync([del('01')]);
    expect(store.contentId).toBeUndefined();
    expect(fork.fork().contentId).not.toBe(id);
  });
});

describe('MemoryStore.fork', () => {
  it('copies the content, pending writes included, and shares no later change', async () => {
    const store = new MemoryStore();
    await store.write([put('01', '00'), put('02', '00'), put('04', '00')]);
    expect(contents(store)).toEqual(['01=00', '02=00', '04=00']);
    const pending = store.write([del('02'), put('03', '01')]);
    const fork = store.fork();
    await pending;
    expect(contents(fork)).toEqual(['01=00', '03=01', '04=00']);
    await fork.write([put('01', '02'), del('04'), put('02', '02')]);
    await store.write([put('05', '03'), del('03')]);
    expect(contents(fork)).toEqual(['01=02', '02=02', '03=01']);
    expect(contents(store)).toEqual(['01=00', '04=00', '05=03']);
    await store.close();
    expect(contents(fork)).toEqual(['01=02', '02=02', '03=01']);
    const first = new MemoryStore();
    await first.write([put('01', '00')]);
    const young = first.fork();
    // A key that both add later stands once in each.
    for (const each of [young, first]) await each.write([put('02', '00')]);
    for (const each of [young, first]) expect(contents(each)).toEqual(['01=00', '02=00']);
    expect(() => store.fork()).toThrow('closed');
    await fork.close();
  });
});
