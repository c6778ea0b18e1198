import { closeSync, openSync, statSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { randomInt } from '../../src/platform/random.ts';
import { PageFile } from '../../src/store/lmdb/lmdb-pages.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { Reserve } from '../../src/store/lmdb/reserve.ts';
import type { StoreOperation } from '../../src/store/store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { tempDir } from '../support/temp-dir.ts';
import { encode, newPath as newPathIn, options } from './lmdb-files.ts';

const KIBIBYTE = 1024;

const folder = tempDir('room');
const newPath = () => newPathIn(folder);

afterEach(() => vi.restoreAllMocks());

/** Returns the bytes of a file up to its last page in use. */
function usedBytes(path: string): number {
  const fd = openSync(path, 'r');
  try {
    const { lastPage, pageSize } = new PageFile(fd, { path, kind: 'blockchain' }).newestMeta();
    return (lastPage + 1) * pageSize;
  } finally {
    closeSync(fd);
  }
}

/** Returns puts and deletions of small and large records among `keys` keys. */
function batch(random: SeededRandom, keys: number): StoreOperation[] {
  const count = 1 + randomInt(random, 2 ** randomInt(random, 11));
  const longest = 1 + randomInt(random, 2 ** (1 + randomInt(random, 10)));
  const isLarge = randomInt(random, 3) === 0;
  return Array.from({ length: count }, () => {
    const key = encode(`${'k'.repeat(randomInt(random, 60))}${randomInt(random, keys)}`);
    if (randomInt(random, 4) === 0) return { type: 'delete', key };
    const length = isLarge && randomInt(random, 20) === 0 ? randomInt(random, 60_000) : randomInt(random, longest);
    return { type: 'put', key, value: random.bytes(length) };
  });
}

describe('The room that a commit needs', () => {
  it('is reserved before, and the file never grows by more', { timeout: 120_000 }, async () => {
    const path = newPath();
    const store = await LmdbStore.open(options(path));
    const random = new SeededRandom(1);
    const rooms: { used: number; bytes: number }[] = [];
    for (const method of ['make', 'makeSync'] as const) {
      const make = Reserve.prototype[method];
      vi.spyOn(Reserve.prototype, method).mockImplementation(function (this: Reserve, used, bytes) {
        rooms.push({ used, bytes });
        return make.call(this, used, bytes) as never;
      });
    }
    // While it is open, no page is used again, so that the file grows by all that a commit writes.
    let snapshot = store.snapshot();
    let [reserved, grown] = [0, 0];
    for (let i = 0; i < 150; i++) {
      if (i % 30 === 29) {
        // Pages are used again in some commits: those of the list of free pages are written too.
        snapshot.close();
        await store.write(batch(random, 4_000));
        snapshot = store.snapshot();
      }
      rooms.length = 0;
      const before = usedBytes(path);
      const operations = batch(random, 4_000);
      if (i % 3 === 0) store.writeSync(operations);
      else await store.write(operations);
      const growth = usedBytes(path) - before;
      expect(rooms).toHaveLength(1);
      expect(rooms[0]!.used).toBe(before);
      expect(growth).toBeLessThanOrEqual(rooms[0]!.bytes);
      expect(statSync(path).size).toBeGreaterThanOrEqual(before + rooms[0]!.bytes);
      reserved += rooms[0]!.bytes;
      grown += growth;
    }
    snapshot.close();
    await store.close();
    // Most of it is for pages that are split and for the list of free pages, which many commits do not write.
    expect(reserved).toBeLessThan(10 * grown);
  });

  it('includes the pages that insertions split', async () => {
    const path = newPath();
    const store = await LmdbStore.open(options(path));
    const key = (n: number, more = '') => encode(`${String(n).padStart(6, '0')}${more}`);
    // 31 records fill a page.
    const value = new Uint8Array(110);
    // While it is open, no page is used again.
    const snapshot = store.snapshot();
    for (let n = 0; n < 8_000; n += 1_000) {
      await store.write(Array.from({ length: 1_000 }, (_, i) => ({ type: 'put', key: key(n + i), value })));
    }
    const make = vi.spyOn(Reserve.prototype, 'make');
    const before = usedBytes(path);
    // Twice as many records, in between.
    await store.write(Array.from({ length: 8_000 }, (_, n) => ({ type: 'put', key: key(n, 'a'), value })));
    const growth = usedBytes(path) - before;
    expect(growth).toBeGreaterThan(2 * 250 * 4096);
    expect(make.mock.calls.at(-1)![1]).toBeGreaterThanOrEqual(growth);
    snapshot.close();
    await store.close();
  });

  it('is on the disk: neither the file nor its lock file has holes', async () => {
    const path = newPath();
    const store = await LmdbStore.open(options(path));
    const random = new SeededRandom(2);
    for (let i = 0; i < 20; i++) await store.write(batch(random, 500));
    for (const file of [path, `${path}-lock`]) {
      const { size, blocks } = statSync(file);
      expect(blocks * 512).toBeGreaterThanOrEqual(size);
    }
    await store.close();
  });

  it('is given back when the file is closed', async () => {
    const path = newPath();
    const random = new SeededRandom(5);
    const batches = Array.from({ length: 5 }, () => batch(random, 300));
    for (let i = 0; i < 3; i++) {
      const store = await LmdbStore.open(options(path));
      for (const operations of batches) await store.write(operations);
      expect(statSync(path).size).toBeGreaterThan(usedBytes(path));
      await store.close();
      expect(statSync(path).size).toBe(usedBytes(path));
    }
  });

  it('above 256 MiB is not reserved but must be free', async () => {
    const path = newPath();
    const store = await LmdbStore.open(options(path));
    const reserve = new Reserve(path);
    await expect(reserve.make(0, 2 ** 60)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(statSync(path).size).toBeLessThan(1 << 20);
    await store.close();
  });

  it('is left where it is if there is enough', async () => {
    const path = newPath();
    const store = await LmdbStore.open(options(path));
    const { size } = statSync(path);
    const reserve = new Reserve(path);
    reserve.makeSync(usedBytes(path), size - usedBytes(path));
    expect(statSync(path).size).toBe(size);
    reserve.makeSync(usedBytes(path), size - usedBytes(path) + 1);
    expect(statSync(path).size).toBe(size + 256 * KIBIBYTE);
    await store.close();
  });
});
