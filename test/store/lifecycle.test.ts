import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { silenceFailedCommit } from '../../src/store/lmdb/failed-commit.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { tempDir } from '../support/temp-dir.ts';

const folder = tempDir('store-lifecycle');
const common = { network: 'regtest', kind: 'blockchain' } as const;

let files = 0;
const nextPath = () => join(folder, `${files++}.db`);
const stores: Record<string, () => Promise<Store>> = {
  MemoryStore: async () => new MemoryStore(),
  LmdbStore: () => LmdbStore.open({ path: nextPath(), ...common }),
};

const key = (n: number) => Uint8Array.of(n);
const put = (n: number) => ({ type: 'put', key: key(n), value: key(n) }) as const;
const keys = (entries: Iterable<readonly [Uint8Array, Uint8Array]>) => Array.from(entries, ([first]) => first[0]);

describe.each(Object.entries(stores))('%s', (_, create) => {
  it('takes keys of 1 to 511 bytes', async () => {
    const store = await create();
    await store.write([{ type: 'put', key: new Uint8Array(511), value: key(1) }]);
    expect(store.has(new Uint8Array(511))).toBe(true);
    for (const length of [0, 512]) {
      const operation = { type: 'put', key: new Uint8Array(length), value: key(1) } as const;
      await expect(store.write([operation])).rejects.toThrow(RangeError);
      expect(() => store.writeSync([operation])).toThrow(RangeError);
    }
    await store.close();
  });

  it('limits a range, and an empty upper bound excludes all', async () => {
    const store = await create();
    await store.write([1, 2, 3, 4].map(put));
    expect(keys(store.entries({ limit: 2 }))).toEqual([1, 2]);
    expect(keys(store.entries({ limit: 2, reverse: true }))).toEqual([4, 3]);
    expect(keys(store.entries({ limit: 0 }))).toEqual([]);
    expect(keys(store.entries({ lt: new Uint8Array(0) }))).toEqual([]);
    expect(keys(store.entries({ lt: new Uint8Array(0), reverse: true }))).toEqual([]);
    expect(keys(store.entries({ gte: new Uint8Array(0) }))).toEqual([1, 2, 3, 4]);
    await store.close();
  });

  it('has snapshots that end when they are closed, once', async () => {
    const store = await create();
    await store.write([put(1)]);
    const [first, second] = [store.snapshot(), store.snapshot()];
    await store.write([put(2)]);
    first.close();
    first.close();
    expect(() => first.get(key(1))).toThrow('closed');
    expect(() => first.has(key(1))).toThrow('closed');
    expect(() => [...first.entries()]).toThrow('closed');
    expect([second.has(key(1)), second.has(key(2)), keys(second.entries())]).toEqual([true, false, [1]]);
    second.close();
    await store.close();
  });

  it('resolves `flushed` after the writes before it, and at once without any', async () => {
    const store = await create();
    await store.flushed();
    const log: string[] = [];
    void store.write([put(1)]).then(() => log.push('written'));
    await store.flushed();
    expect([log, store.has(key(1))]).toEqual([['written'], true]);
    await store.close();
  });

  it('closes with snapshots and iterations open, and completes writes', async () => {
    const store = await create();
    await store.write([1, 2].map(put));
    store.snapshot();
    const iteration = store.entries();
    iteration.next();
    const written = store.write([put(3)]);
    const closed = store.close();
    expect(store.close()).toBeInstanceOf(Promise);
    await Promise.all([written, closed]);
  });
});

describe('LmdbStore', () => {
  it('keeps what was written, also by a write that `close` has to complete', async () => {
    const path = nextPath();
    const store = await LmdbStore.open({ path, ...common });
    await store.write([put(1)]);
    store.writeSync([put(2)]);
    const late = store.write([put(3)]);
    await store.close();
    await late;
    const again = await LmdbStore.open({ path, ...common, create: false });
    expect(keys(again.entries())).toEqual([1, 2, 3]);
    await again.close();
  });

  it('writes over the pages that no open snapshot needs', async () => {
    const store = await LmdbStore.open({ path: nextPath(), ...common });
    const rewrite = async (times: number) => {
      for (let i = 0; i < times; i++) await store.write([{ type: 'put', key: key(1), value: new Uint8Array(100_000) }]);
      return statSync(store.path).size;
    };
    const before = await rewrite(20);
    for (let i = 0; i < 3; i++) {
      const snapshot = store.snapshot();
      snapshot.get(key(1));
      snapshot.close();
    }
    expect(await rewrite(50)).toBeLessThan(before + 1_000_000);
    await store.close();
  });

  it('refuses to write if it is open read-only', async () => {
    const path = nextPath();
    await (await LmdbStore.open({ path, ...common })).close();
    const store = await LmdbStore.open({ path, ...common, readOnly: true });
    await expect(store.write([put(1)])).rejects.toThrow('open read-only');
    expect(() => store.writeSync([put(1)])).toThrow('open read-only');
    expect(store.has(key(1))).toBe(false);
    await store.close();
  });

  it('ends an iteration that is open when it closes', async () => {
    const store = await LmdbStore.open({ path: nextPath(), ...common });
    await store.write([1, 2, 3].map(put));
    const iteration = store.entries();
    expect(iteration.next().value![0]).toEqual(key(1));
    await store.close();
    expect(() => iteration.next()).toThrow();
    const closedPath = store.path;
    // The file can be opened again at once: no reader holds it.
    const again = await LmdbStore.open({ path: closedPath, ...common });
    expect(keys(again.entries())).toEqual([1, 2, 3]);
    await again.close();
  });
});

describe('MemoryStore', () => {
  it('removes deleted keys for good once no snapshot needs them', async () => {
    const store = new MemoryStore();
    const all = Array.from({ length: 3000 }, (_, i) => Uint8Array.of(i >> 8, i));
    const puts = all.map((each) => ({ type: 'put', key: each, value: each }) as const);
    const deletes = all.map((each) => ({ type: 'delete', key: each }) as const);
    const view = store.snapshot();
    store.writeSync(puts);
    store.writeSync(deletes);
    view.close();
    // A closed snapshot must not keep the deleted keys: the next write compacts.
    const removals = vi.spyOn(Map.prototype, 'delete');
    try {
      store.writeSync([put(255)]);
      expect(removals).toHaveBeenCalledTimes(3000);
    } finally {
      removals.mockRestore();
    }
    expect(keys(store.entries())).toEqual([255]);
  });
});

it('the messages of failed commits are silenced as long as a store is writing', () => {
  const original = console.error;
  const [first, second] = [silenceFailedCommit(), silenceFailedCommit()];
  const silenced = console.error;
  expect(silenced).not.toBe(original);
  first();
  expect(console.error).toBe(silenced);
  second();
  expect(console.error).toBe(original);
});
