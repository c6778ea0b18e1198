import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { expect } from 'vitest';
import { StoreError } from '../../src/store/errors.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import type { StoreOperation } from '../../src/store/store.ts';

export const options = (path: string, more = {}) => ({
  path,
  network: 'regtest',
  kind: 'blockchain' as const,
  ...more,
});
export const encode = (text: string) => new TextEncoder().encode(text);
export const put = (key: string, value: string): StoreOperation => ({
  type: 'put',
  key: encode(key),
  value: encode(value),
});

let files = 0;
/** Returns a path in `folder` that no file has. */
export function newPath(folder: string): string {
  return join(folder, `file${files++}.db`);
}

/** Creates a database in `folder` and closes it; returns its path. */
export async function makeFile(
  folder: string,
  content: readonly StoreOperation[] = [put('a', 'b')],
  more = {},
): Promise<string> {
  const path = newPath(folder);
  const store = await LmdbStore.open(options(path, more));
  await store.write(content);
  await store.close();
  return path;
}

/** Returns the error of an open that has to fail. */
export async function failure(request: Parameters<typeof LmdbStore.open>[0]): Promise<StoreError> {
  const result = await LmdbStore.open(request).catch((error: unknown) => error);
  if (result instanceof LmdbStore) await result.close();
  expect(result).toBeInstanceOf(StoreError);
  return result as StoreError;
}

/** Checks that opening fails with this code and leaves the file unchanged; returns the error. */
export async function expectFailure(request: Parameters<typeof LmdbStore.open>[0], code: string): Promise<StoreError> {
  const { path } = request;
  const before = existsSync(path) && statSync(path).isFile() ? readFileSync(path) : undefined;
  const error = await failure(request);
  expect(error.code).toBe(code);
  expect(error.message).toContain(path);
  expect(error.hint ?? 'none needed').not.toBe('');
  if (before) expect(readFileSync(path).equals(before)).toBe(true);
  return error;
}

/** Edits a record of the store itself, outside its key space. */
export async function editRecord(
  path: string,
  key: string,
  edit: (value: Record<string, unknown>) => object,
): Promise<void> {
  const root = open<Uint8Array, Uint8Array>({
    path,
    noSubdir: true,
    encoding: 'binary',
    keyEncoding: 'binary',
    maxDbs: 1,
    overlappingSync: false,
  });
  const old = root.get(encode(key));
  root.putSync(encode(key), encode(JSON.stringify(edit(old ? JSON.parse(new TextDecoder().decode(old)) : {}))));
  await root.close();
}
