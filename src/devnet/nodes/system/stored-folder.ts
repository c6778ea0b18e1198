import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { PierError } from '../../../platform/errors.ts';
import { MemoryStore } from '../../../store/memory-store.ts';

/** Bytes of one value at most: a state file limits them. */
const MAX_PIECE = 1 << 24;
/** Relative path of a file, offset of a piece, and length of the file. */
const KEY = /^(.+)\n(\d+)\n(\d+)$/s;

/**
 * Reads the files of a folder and of those in it, except those with the names `without`. Nothing may write to it
 * meanwhile. The zeros at the end of a file are left out: bitcoind allocates 16 MB at once for blocks.
 */
export async function readFolder(folder: string, without: readonly string[]): Promise<MemoryStore> {
  const files = new MemoryStore();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || without.includes(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const content = await readFile(path);
    let end = content.length;
    while (end > 0 && content[end - 1] === 0) end--;
    for (let at = 0; at === 0 || at < end; at += MAX_PIECE) {
      const key = new TextEncoder().encode(`${relative(folder, path)}\n${at}\n${content.length}`);
      const value = Uint8Array.from(content.subarray(at, Math.min(end, at + MAX_PIECE)));
      await files.write([{ type: 'put', key, value }]);
    }
  }
  return files;
}

/**
 * Replaces what a folder has, except files with the names `spared`, by what `readFolder` returned. Throws `PierError`
 * 'bad-state' if a file would be elsewhere.
 */
export async function writeFolder(folder: string, files: MemoryStore, spared: readonly string[] = []): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    if (!spared.includes(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
  for (const [key, value] of files.entries()) {
    const [, name = '', at, length] = KEY.exec(new TextDecoder().decode(key)) ?? [];
    const path = resolve(folder, name);
    // The names may come from a file that another user has made.
    if (!path.startsWith(resolve(folder) + sep)) {
      throw new PierError('bad-state', `the state has a file of bitcoind outside of its folder: '${name}'`);
    }
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, constants.O_CREAT | constants.O_WRONLY, 0o600);
    try {
      await file.write(value, 0, value.length, Number(at));
      await file.truncate(Number(length));
    } finally {
      await file.close();
    }
  }
}
