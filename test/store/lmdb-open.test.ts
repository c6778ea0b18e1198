import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { open } from 'lmdb';
import { describe, expect, it, vi } from 'vitest';
import { randomInt } from '../../src/platform/random.ts';
import type { StoreError } from '../../src/store/errors.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { Reserve } from '../../src/store/lmdb/reserve.ts';
import type { StoreOperation } from '../../src/store/store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { tempDir } from '../support/temp-dir.ts';
import {
  editRecord,
  encode,
  expectFailure,
  failure,
  makeFile as makeFileIn,
  newPath as newPathIn,
  options,
  put,
} from './lmdb-files.ts';

const folder = tempDir('open');
const newPath = () => newPathIn(folder);
const makeFile = () => makeFileIn(folder);

/**
 * Returns the page size and the last page number in the newest meta page of an LMDB file, and the pages in the file.
 */
function lastPage(path: string): { pageSize: number; last: number; pages: number } {
  const file = readFileSync(path);
  const meta = (offset: number) => ({
    pageSize: file.readUInt32LE(offset + 48),
    last: Number(file.readBigUInt64LE(offset + 144)),
    transaction: file.readBigUInt64LE(offset + 152),
  });
  const first = meta(0);
  const second = meta(first.pageSize);
  const { pageSize, last } = first.transaction > second.transaction ? first : second;
  return { pageSize, last, pages: file.length / pageSize };
}

function contentsDigest(store: LmdbStore): string {
  const hash = createHash('sha256');
  for (const [key, value] of store.entries()) hash.update(`${key.length} ${value.length} `).update(key).update(value);
  return hash.digest('hex');
}

describe('A path without a database of Pier', () => {
  it('is rejected if there is no file and none is to be created', async () => {
    const path = newPath();
    await expectFailure(options(path, { create: false }), 'missing-database');
    await expectFailure(options(path, { readOnly: true }), 'missing-database');
    expect(existsSync(path)).toBe(false);
    expect(existsSync(`${path}-lock`)).toBe(false);
  });

  it('is rejected, unchanged and without a lock file, if it is a folder or another file', async () => {
    const directory = newPath();
    mkdirSync(directory);
    await expectFailure(options(directory), 'not-a-database');
    const random = new SeededRandom(1);
    const whole = readFileSync(await makeFile());
    const badPageSize = Buffer.from(whole);
    badPageSize.writeUInt32LE(0x7fff_ffff, 48);
    const contents = [
      Buffer.alloc(0),
      Buffer.from('x'),
      Buffer.from('SQLite format 3\0'.padEnd(8192, 'x')),
      Buffer.alloc(100_000),
      random.bytes(10_000),
      badPageSize,
    ];
    for (const content of contents) {
      const path = newPath();
      writeFileSync(path, content);
      for (const more of [{}, { readOnly: true }]) await expectFailure(options(path, more), 'not-a-database');
      expect(existsSync(`${path}-lock`)).toBe(false);
    }
  });

  it('is rejected, unchanged, if it is an LMDB file of another program', async () => {
    const path = newPath();
    const foreign = open({ path, noSubdir: true, overlappingSync: false });
    await foreign.put('hello', 'world');
    await foreign.close();
    const error = await expectFailure(options(path), 'not-a-database');
    expect(error.message).toContain('another program');
  });

  it.runIf(process.platform !== 'win32')('is rejected without permission', async () => {
    const path = await makeFile();
    chmodSync(path, 0o000);
    if (process.getuid?.() !== 0) {
      await expectFailure(options(path), 'permission-denied');
      return;
    }
    // Permissions do not apply to root, so the test switches to another user.
    chmodSync(folder, 0o755);
    process.seteuid?.(65534);
    try {
      const error = await failure(options(path));
      expect(error.code).toBe('permission-denied');
      const inClosedFolder = await failure(options(join(folder, 'new.db')));
      expect(inClosedFolder.code).toBe('permission-denied');
    } finally {
      process.seteuid?.(0);
    }
  });
});

it('A file is checked before each time that it is opened, also if this process has opened it before', async () => {
  const path = await makeFile();
  rmSync(`${path}-lock`);
  mkdirSync(`${path}-lock`);
  const error = await failure(options(path));
  expect([error.code, error.message]).toEqual(['permission-denied', `${path}-lock is not a regular file`]);
  rmdirSync(`${path}-lock`);
  await (await LmdbStore.open(options(path))).close();
});

describe('A truncated file', () => {
  const random = new SeededRandom(5);
  /** Returns changes that partly undo each other, so that one transaction allocates and frees pages. */
  const churn = (): StoreOperation[] => {
    const operations: StoreOperation[] = [];
    for (let i = 0; i < 300; i++) {
      const key = String(randomInt(random, 1500));
      const size = randomInt(random, 20) === 0 ? randomInt(random, 20_000) : randomInt(random, 300);
      if (randomInt(random, 5) < 2) operations.push({ type: 'delete', key: encode(key) });
      else operations.push(put(key, 'v'.repeat(size)));
    }
    const from = randomInt(random, 1500);
    for (let i = from; i < 1500 && from > 750; i++) operations.push({ type: 'delete', key: encode(String(i)) });
    return operations;
  };

  it('is rejected wherever it is cut, unless it only lacks unused pages', async () => {
    const path = newPath();
    // LMDB may omit the last pages of a file if one transaction allocated and freed them, as it did before the store
    // reserved room for them.
    const reserved = [
      vi.spyOn(Reserve.prototype, 'make').mockResolvedValue(),
      vi.spyOn(Reserve.prototype, 'makeSync').mockReturnValue(),
    ];
    let store = await LmdbStore.open(options(path));
    let short = 0;
    for (let i = 0; i < 60 && short < 3; i++) {
      await store.write(churn());
      const { last, pages } = lastPage(path);
      if (last < pages) continue;
      short++;
      const before = contentsDigest(store);
      await store.close();
      store = await LmdbStore.open(options(path));
      expect(contentsDigest(store)).toBe(before);
    }
    expect(short).toBe(3);
    const digest = contentsDigest(store);
    await store.close();
    for (const spy of reserved) spy.mockRestore();

    const whole = readFileSync(path);
    const { pageSize, pages } = lastPage(path);
    let rejected = 0;
    for (let keep = 0; keep < pages; keep += keep < 4 ? 1 : 23) {
      for (const length of [keep * pageSize, keep * pageSize + 160]) {
        if (length === 0) continue;
        const cut = newPath();
        writeFileSync(cut, whole.subarray(0, length));
        const opened = await LmdbStore.open(options(cut)).catch((error: StoreError) => error);
        if (opened instanceof LmdbStore) {
          expect(contentsDigest(opened)).toBe(digest);
          await opened.close();
        } else {
          expect(opened.code).toBe('truncated-database');
          expect(readFileSync(cut).equals(whole.subarray(0, length))).toBe(true);
          rejected++;
        }
      }
    }
    expect(rejected).toBeGreaterThan(10);
  });

  it('is rejected if it is cut within its meta pages', async () => {
    const path = await makeFile();
    for (const length of [5000, 4096, 4000, 100]) {
      truncateSync(path, length);
      await expectFailure(options(path), 'truncated-database');
    }
    truncateSync(path, 20);
    await expectFailure(options(path), 'not-a-database');
  });
});

describe('A database of another network, kind or format', () => {
  it('is rejected and left unchanged', async () => {
    const path = await makeFile();
    for (const readOnly of [false, true]) {
      const network = await expectFailure({ ...options(path), network: 'main', readOnly }, 'other-network');
      expect(network.message).toContain('regtest');
      const kind = await expectFailure({ ...options(path), kind: 'wallet', readOnly }, 'other-kind');
      expect(kind.message).toContain('blockchain');
    }
    await editRecord(path, 'identity', (identity) => ({ ...identity, format: 3 }));
    await expectFailure(options(path), 'newer-format');
    await editRecord(path, 'identity', (identity) => ({ ...identity, format: 2 }));
    const store = await LmdbStore.open(options(path));
    expect(store.get(encode('a'))).toEqual(encode('b'));
    await store.close();
  });
});

describe('The claim to write', () => {
  it('is exclusive within a process; readers are allowed', async () => {
    const path = await makeFile();
    const store = await LmdbStore.open(options(path));
    const error = await expectFailure(options(path), 'database-in-use');
    expect(error.message).toContain(`this process (${process.pid})`);
    const reader = await LmdbStore.open(options(path, { readOnly: true }));
    expect(reader.get(encode('a'))).toEqual(encode('b'));
    await expect(reader.write([put('a', 'c')])).rejects.toThrow('read-only');
    await reader.close();
    await store.write([put('a', 'c')]);
    await store.close();
    const again = await LmdbStore.open(options(path));
    expect(again.get(encode('a'))).toEqual(encode('c'));
    await again.close();
  });

  it('is taken over from a dead process, even if another process has its pid', async () => {
    const path = await makeFile();
    const stat = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')[19];
    const boot = () => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const records: Record<string, unknown>[] = [
      { pid: 2 ** 30 },
      // A running process without a start time; no other process has the file open.
      { pid: process.ppid },
      { pid: process.ppid, scope: `${'0'.repeat(36)} pid:[1]`, started: '5' },
    ];
    if (process.platform === 'linux') {
      records.push({ pid: process.ppid, started: `${Number(stat(process.ppid)) + 1}` });
      // In a container that no longer exists.
      records.push({ pid: process.pid, started: stat(process.pid), scope: `${boot()} pid:[1]` });
    }
    for (const holder of records) {
      await editRecord(path, 'holder', () => holder);
      const store = await LmdbStore.open(options(path));
      await store.close();
    }
    if (process.platform === 'linux') {
      await editRecord(path, 'holder', () => ({ pid: process.ppid, started: stat(process.ppid) }));
      const error = await expectFailure(options(path), 'database-in-use');
      expect(error.message).toContain(`process ${process.ppid}`);
    }
  });
});

describe('A new file', () => {
  it("appears complete, in a new folder, with only LMDB's lock file next to it", async () => {
    const path = join(folder, 'deep', 'er', 'new.db');
    const store = await LmdbStore.open(options(path));
    expect(store.path).toBe(path);
    expect(readdirSync(dirname(path)).sort()).toEqual(['new.db', 'new.db-lock']);
    await store.close();
  });

  it('is created and opened by only one of two concurrent calls', async () => {
    const path = newPath();
    const results = await Promise.allSettled([LmdbStore.open(options(path)), LmdbStore.open(options(path))]);
    const opened = results.filter((result) => result.status === 'fulfilled');
    expect(opened).toHaveLength(1);
    await opened[0]!.value.close();
  });
});
