import { closeSync, openSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { randomInt } from '../../src/platform/random.ts';
import type { StoreError } from '../../src/store/errors.ts';
import { PageFile } from '../../src/store/lmdb-pages.ts';
import { LmdbStore } from '../../src/store/lmdb-store.ts';
import { Reserve } from '../../src/store/reserve.ts';
import type { StoreOperation } from '../../src/store/store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { requireOracles } from '../support/oracles.ts';
import { canMount, resizeDisk, smallDisk } from '../support/small-disk.ts';
import { tempDir } from '../support/temp-dir.ts';
import { Child, compileStore } from './child.ts';

/** Disks and limits of file sizes that are filled; `PIER_FILLS` sets more. */
const FILLS = Number(process.env.PIER_FILLS ?? 6);
const KIBIBYTE = 1024;

const folder = tempDir('full-disk');
const options = (path: string) => ({ path, network: 'regtest', kind: 'blockchain' }) as const;
const encode = (text: string) => new TextEncoder().encode(text);
const numberOf = (bytes: Uint8Array | undefined) => (bytes ? Number(new TextDecoder().decode(bytes)) : 0);

let files = 0;
const newPath = () => join(folder, `${files++}.db`);

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

beforeAll(() => {
  compileStore(folder);
  // Writes until a write fails. Prints the number of each batch that is written, and the code of the error.
  writeFileSync(
    join(folder, 'filler.js'),
    `import { writeSync } from 'node:fs';
     import { LmdbStore } from './store/lmdb-store.js';
     const [path, seed] = process.argv.slice(2);
     let state = Number(seed);
     const below = (n) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0, (state >>> 8) % n);
     const text = (s) => new TextEncoder().encode(s);
     const say = (line) => writeSync(1, line + '\\n');
     const failed = (error) => say(error.code + ' ' + error.message + ' HINT ' + error.hint);
     try {
       const store = await LmdbStore.open({ path, network: 'regtest', kind: 'blockchain' });
       for (let n = 1; ; n++) {
         const operations = [{ type: 'put', key: text('last'), value: text(String(n)) }];
         for (let i = below(60); i >= 0; i--) {
           const key = text('key ' + below(3000));
           const value = new Uint8Array(below(30) === 0 ? below(60000) : below(300)).fill(n);
           operations.push(below(4) === 0 ? { type: 'delete', key } : { type: 'put', key, value });
         }
         operations.push({ type: 'put', key: text('batch ' + n), value: new Uint8Array(below(9000)).fill(n) });
         const done = () => say(n);
         const pending = below(3) === 0 ? [] : [store.write(operations).then(done)];
         if (pending.length === 0 || below(4) === 0) {
           try {
             store.writeSync(operations);
             done();
           } catch (error) {
             pending.push(Promise.reject(error));
           }
         }
         const [result] = below(2) || pending.length > 1 ? await Promise.allSettled(pending) : pending.map((p) => p.catch(() => {}));
         if (result?.status !== 'rejected') continue;
         failed(result.reason);
         await store.write([]).catch((error) => say(error.code));
         try { store.writeSync([]); } catch (error) { say(error.code); }
         await store.flushed().catch((error) => say(error.code));
         break;
       }
       await store.close();
     } catch (error) {
       failed(error);
     }
     // A damaged heap would show.
     for (let i = 0; i < 200; i++) Buffer.allocUnsafeSlow(100 + i).fill(1);
     say('ended');`,
  );
  writeFileSync(
    join(folder, 'limited.cjs'),
    `const [kib, ...args] = process.argv.slice(2);
     const { status, signal } = require('node:child_process').spawnSync(
       'bash',
       ['-c', 'ulimit -f "$0"; exec "$@"', kib, process.execPath, ${JSON.stringify(join(folder, 'filler.js'))}, ...args],
       { stdio: 'inherit' },
     );
     process.exitCode = status ?? 99;`,
  );
});

/** Checks what a filler has printed, and returns the number of its last batch. */
function lastReported({ lines, errors, process: { exitCode } }: Child, path: string, reason: RegExp): number {
  expect([exitCode, errors]).toEqual([0, '']);
  const numbers = lines.filter((line) => /^\d+$/.test(line)).map(Number);
  const rest = lines.filter((line) => !/^\d+$/.test(line));
  expect(rest[0]).toContain(path);
  expect(rest[0]).toMatch(reason);
  expect(rest[0]).toMatch(/HINT \w+/);
  // Every later write fails too, and the store is closed.
  if (rest[0]!.startsWith('write-failed')) expect(rest.slice(1, 4)).toEqual(Array(3).fill('write-failed'));
  else expect(rest[0]).toMatch(/^disk-full /);
  expect(rest.at(-1)).toBe('ended');
  return Math.max(0, ...numbers);
}

/** Checks that the file holds what was reported, and can be written to. */
async function expectWhole(path: string, reported: number): Promise<void> {
  const store = await LmdbStore.open(options(path));
  expect(store.damaged).toEqual([]);
  const last = numberOf(store.get(encode('last')));
  expect(last).toBeGreaterThanOrEqual(reported);
  for (let n = 1; n <= last; n++) expect(store.get(encode(`batch ${n}`))!.every((byte) => byte === n % 256)).toBe(true);
  await store.write([{ type: 'put', key: encode('more'), value: new Uint8Array(300_000) }]);
  await store.close();
}

describe.runIf(process.platform === 'linux')('A limit of file sizes', () => {
  it('fails the write and all later ones, and leaves the file as it was', { timeout: 600_000 }, async () => {
    const random = new SeededRandom(3);
    const limits = [4, 20, 64, ...Array.from({ length: FILLS }, () => 100 + randomInt(random, 4_000))];
    for (const [seed, kib] of limits.entries()) {
      const path = newPath();
      const child = new Child(join(folder, 'limited.cjs'), [String(kib), path, String(seed)]);
      await child.ended;
      await expectWhole(path, lastReported(child, path, /the limit of file sizes is reached HINT Raise the limit/));
    }
  });
});

describe.runIf(canMount || requireOracles)('A full disk', () => {
  it('fails the write and all later ones, and leaves the file as it was', { timeout: 600_000 }, async () => {
    const random = new SeededRandom(4);
    const sizes = [8, 16, 40, 100, ...Array.from({ length: FILLS }, () => 300 + randomInt(random, 4_000))];
    for (const [seed, kib] of sizes.entries()) {
      const disk = smallDisk('small', kib);
      const path = join(disk, 'chain.db');
      const child = new Child(join(folder, 'filler.js'), [path, String(seed)]);
      await child.ended;
      const reported = lastReported(child, path, /no space left on the disk \(\d+ bytes free\) HINT Free disk space/);
      // Reading takes no space.
      if (reported > 0) {
        const reader = await LmdbStore.open({ ...options(path), readOnly: true });
        expect(numberOf(reader.get(encode('last')))).toBeGreaterThanOrEqual(reported);
        await reader.close();
        // It can be opened, or says why not.
        const again = await LmdbStore.open(options(path)).catch((error: StoreError) => error);
        if (again instanceof LmdbStore) await again.close();
        else expect(again).toMatchObject({ code: 'disk-full', path, hint: expect.stringContaining('Free disk space') });
      }
      resizeDisk(disk, 20_000);
      await expectWhole(path, reported);
    }
  });
});
