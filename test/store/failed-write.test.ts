import { mkdirSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { StoreError } from '../../src/store/errors.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { Reserve } from '../../src/store/lmdb/reserve.ts';
import { replaceFs, restoreFs, systemError } from '../support/replace-fs.ts';
import { tempDir } from '../support/temp-dir.ts';
import { encode, newPath, options, put } from './lmdb-files.ts';

const folder = tempDir('failed-write');
const cause = systemError('ENOSPC');

afterEach(() => {
  restoreFs();
  vi.restoreAllMocks();
});

async function opened(): Promise<LmdbStore> {
  const store = await LmdbStore.open(options(newPath(folder)));
  await store.write([put('a', 'b')]);
  return store;
}

/** Expects that no write succeeds any more, and that what was written before can be read. */
async function expectFailed(store: LmdbStore, error: StoreError): Promise<void> {
  vi.restoreAllMocks();
  expect(error).toMatchObject({
    code: 'write-failed',
    path: store.path,
    message: expect.stringMatching(/^writing .* failed: no space left on the disk \(\d+ bytes free\)$/),
    hint: 'Free disk space, then restart the node. The file is as it was before this write.',
    cause,
  });
  expect(await store.failed).toBe(error);
  await expect(store.write([put('c', 'd')])).rejects.toBe(error);
  expect(() => store.writeSync([put('c', 'd')])).toThrow(error);
  await expect(store.flushed()).rejects.toBe(error);
  expect(store.get(encode('a'))).toEqual(encode('b'));
  await store.close();
  const again = await LmdbStore.open(options(store.path));
  expect([...again.keys()].map((key) => new TextDecoder().decode(key))).toEqual(['a']);
  await again.close();
}

describe('A write that fails', () => {
  it('fails those of its commit, those that wait, and all later ones', async () => {
    const store = await opened();
    vi.spyOn(Reserve.prototype, 'make').mockRejectedValue(cause);
    const first = [store.write([put('1', '1')]), store.write([put('2', '2')])];
    await null;
    // Waits for the commit of the first two.
    const next = store.write([put('3', '3')]);
    const flushed = store.flushed();
    const results = await Promise.allSettled([...first, next, flushed]);
    const [error] = results.map((result) => (result as PromiseRejectedResult).reason as StoreError);
    expect(results.map((result) => (result as PromiseRejectedResult).reason)).toEqual(Array(4).fill(error));
    await expectFailed(store, error!);
  });

  it('fails those that wait if it is synchronous', async () => {
    const store = await opened();
    vi.spyOn(Reserve.prototype, 'makeSync').mockImplementation(() => {
      throw cause;
    });
    const waiting = store.write([put('1', '1')]).catch((error: unknown) => error);
    let error: unknown;
    try {
      store.writeSync([put('2', '2')]);
    } catch (thrown) {
      error = thrown;
    }
    expect(await waiting).toBe(error);
    await expectFailed(store, error as StoreError);
  });

  it('does not keep the store from being closed', async () => {
    const store = await opened();
    vi.spyOn(Reserve.prototype, 'make').mockRejectedValue(cause);
    const write = store.write([put('1', '1')]).catch((error: StoreError) => error.code);
    await store.close();
    expect(await write).toBe('write-failed');
  });

  it('is ascribed to a full disk if less than 16 MiB are free, whatever LMDB reports', async () => {
    for (const [bytes, reason] of [
      [(16 << 20) - 4096, /no space left on the disk \(16773120 bytes free\)$/],
      [16 << 20, /failed: EIO: as asked$/],
    ] as const) {
      const store = await opened();
      replaceFs({ statfsSync: () => ({ bavail: bytes / 4096, bsize: 4096, blocks: 1 << 20 }) });
      vi.spyOn(Reserve.prototype, 'make').mockRejectedValue(systemError('EIO'));
      const error = await store.write([put('1', '1')]).catch((thrown: StoreError) => thrown);
      expect((error as StoreError).message).toMatch(reason);
      restoreFs();
      vi.restoreAllMocks();
      await store.close();
    }
  });
});

it('Commits of one store follow each other, and each holds all that waits', async () => {
  const store = await opened();
  const make = Reserve.prototype.make;
  let [running, most, commits] = [0, 0, 0];
  vi.spyOn(Reserve.prototype, 'make').mockImplementation(async function (this: Reserve, used, bytes) {
    commits++;
    most = Math.max(most, ++running);
    await make.call(this, used, bytes);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
  });
  const writes: Promise<void>[] = [];
  for (let i = 0; i < 5; i++) {
    writes.push(store.write([put(`${i}`, 'x')]), store.write([put(`${i} more`, 'x')]));
    await null;
  }
  await Promise.all(writes);
  expect([most, commits]).toEqual([1, 2]);
  // Without writes nothing is committed.
  await store.flushed();
  expect(commits).toBe(2);
  expect(store.keys()).toHaveLength(11);
  await store.close();
});

it('A read-only store creates no folder and no file', async () => {
  const path = newPath(folder);
  const spy = vi.fn(mkdirSync);
  replaceFs({ mkdirSync: spy });
  await expect(LmdbStore.open(options(`${path}/deep/a.db`, { readOnly: true, create: true }))).rejects.toMatchObject({
    code: 'missing-database',
  });
  expect(spy).not.toHaveBeenCalled();
});
