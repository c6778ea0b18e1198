import { join } from 'node:path';
import type * as Lmdb from 'lmdb';
import { expect, it, vi } from 'vitest';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { tempDir } from '../support/temp-dir.ts';

/** The options with which LMDB was asked to open files. */
const opened: { readonly noSync?: boolean }[] = [];

vi.mock('lmdb', async (original) => {
  const lmdb = await original<typeof Lmdb>();
  const open = (options: Lmdb.RootDatabaseOptionsWithPath) => {
    opened.push(options);
    return lmdb.open(options);
  };
  return { ...lmdb, open };
});

it.each([
  [undefined, false],
  [false, false],
  [true, true],
])('relaxedDurability %s opens LMDB with noSync %s', async (relaxedDurability, noSync) => {
  opened.length = 0;
  const path = join(tempDir('relaxed'), 'chain.db');
  const store = await LmdbStore.open({ path, network: 'regtest', kind: 'blockchain', relaxedDurability });
  await store.write([{ type: 'put', key: Uint8Array.of(1), value: Uint8Array.of(2) }]);
  await store.close();
  expect(new Set(opened.map((options) => options.noSync))).toEqual(new Set([noSync]));
  const again = await LmdbStore.open({ path, network: 'regtest', kind: 'blockchain', create: false });
  expect(again.get(Uint8Array.of(1))).toEqual(Uint8Array.of(2));
  await again.close();
});
