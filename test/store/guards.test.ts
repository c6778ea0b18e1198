import { open } from 'lmdb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { Reserve } from '../../src/store/lmdb/reserve.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { tempDir } from '../support/temp-dir.ts';
import { editRecord, encode, makeFile, newPath, options, put } from './lmdb-files.ts';

// A guard is a record that makes LMDB skip a group of writes which a synchronous write has applied before.

const folder = tempDir('guards');

afterEach(() => vi.restoreAllMocks());

/** Returns the keys of the records that the store keeps for itself. */
async function ownKeys(path: string): Promise<string[]> {
  const root = open<Uint8Array, Uint8Array>({
    path,
    noSubdir: true,
    encoding: 'binary',
    keyEncoding: 'binary',
    maxDbs: 1,
    overlappingSync: false,
  });
  const keys = [...root.getKeys()].map((key) => Buffer.from(key as Uint8Array).toString());
  await root.close();
  return keys;
}

describe('A synchronous write', () => {
  it('follows each group of writes that is in flight, and leaves no guard in the file', async () => {
    const path = newPath(folder);
    const store = await LmdbStore.open(options(path));
    for (let round = 0; round < 4; round++) {
      const written = store.write([put('a', `in flight ${round}`), put('b', `in flight ${round}`)]);
      await null;
      store.writeSync([put('a', `synchronous ${round}`)]);
      const content = () => ['a', 'b'].map((key) => Buffer.from(store.get(encode(key))!).toString());
      expect(content()).toEqual([`synchronous ${round}`, `in flight ${round}`]);
      await written;
      expect(content()).toEqual([`synchronous ${round}`, `in flight ${round}`]);
    }
    // The guard of a group is removed with the next one.
    await store.write([]);
    await store.write([]);
    await store.close();
    expect((await ownKeys(path)).filter((key) => key.startsWith('guard'))).toEqual([]);
  });

  it('has room for the group in flight twice: LMDB may commit it as well', async () => {
    const store = await LmdbStore.open(options(newPath(folder)));
    const room = vi.spyOn(Reserve.prototype, 'makeSync');
    const megabyte = { type: 'put', key: encode('large'), value: new Uint8Array(1 << 20) } as const;
    const written = store.write([megabyte]);
    await null;
    store.writeSync([]);
    await written;
    expect(room.mock.calls.at(-1)![1]).toBeGreaterThan(2 << 20);
    await store.close();
  });
});

it('A guard that a killed process has left skips no write of the next one', async () => {
  const path = await makeFile(folder);
  for (let group = 0; group < 4; group++) await editRecord(path, `guard ${group}`, () => ({}));
  const store = await LmdbStore.open(options(path));
  for (const key of ['1', '2', '3']) {
    await store.write([put(key, key)]);
    expect(store.has(encode(key))).toBe(true);
  }
  await store.close();
});

it('A start that is interrupted ends the check of its file', async () => {
  const path = await makeFile(folder);
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 10));
  const reason = new Error('interrupted');
  await expect(LmdbStore.open(options(path, { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
  vi.restoreAllMocks();
  await (await LmdbStore.open(options(path))).close();
});

describe('MemoryStore', () => {
  it('keeps no large buffer for a small part of it, and copies no whole one', () => {
    const store = new MemoryStore();
    const [large, whole] = [new Uint8Array(1_000_000), Uint8Array.of(1, 2, 3)];
    store.writeSync([
      { type: 'put', key: encode('part'), value: large.subarray(5, 10) },
      { type: 'put', key: encode('half'), value: large.subarray(0, 500_000) },
      { type: 'put', key: encode('whole'), value: whole },
    ]);
    expect(store.get(encode('part'))!.buffer.byteLength).toBe(5);
    expect(store.get(encode('half'))!.buffer).toBe(large.buffer);
    expect(store.get(encode('whole'))).toBe(whole);
  });

  it('is forked with the deleted keys that are still to be removed', async () => {
    const store = new MemoryStore();
    const keys = Array.from({ length: 2_000 }, (_, i) => Uint8Array.of(i >> 8, i));
    const view = store.snapshot();
    store.writeSync(keys.map((key) => ({ type: 'put', key, value: key })));
    store.writeSync(keys.map((key) => ({ type: 'delete', key })));
    const fork = store.fork();
    const removals = vi.spyOn(Map.prototype, 'delete');
    fork.writeSync([put('a', 'b')]);
    expect(removals).toHaveBeenCalledTimes(2_000);
    removals.mockRestore();
    view.close();
    expect(fork.keys()).toEqual([encode('a')]);
  });
});
