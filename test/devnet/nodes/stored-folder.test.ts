import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readFolder, writeFolder } from '../../../src/devnet/nodes/system/stored-folder.ts';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import { tempDir } from '../../support/temp-dir.ts';

const MB = 1 << 20;

describe('the files of a folder', () => {
  it('are the same after they were read and written, and take no memory for zeros at their ends', async () => {
    const folder = tempDir('stored-folder');
    await mkdir(join(folder, 'regtest', 'blocks'), { recursive: true });
    const large = Buffer.alloc(40 * MB);
    for (const at of [0, 16 * MB, 33 * MB]) large[at] = 1;
    const contents = {
      'empty.dat': Buffer.alloc(0),
      'zeros.dat': Buffer.alloc(5),
      'regtest/blocks/blk00000.dat': large,
      'regtest/text': Buffer.from('text\0\0'),
    };
    for (const [name, content] of Object.entries(contents)) await writeFile(join(folder, name), content);
    await writeFile(join(folder, 'regtest', '.cookie'), 'secret');

    const files = await readFolder(folder, ['.cookie']);
    const sizes = [...files.entries()].map(([, value]) => value.length);
    expect(Math.max(...sizes)).toBe(16 * MB);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(33 * MB + 1 + 'text'.length);

    const target = join(tempDir('stored-folder-target'), 'copy');
    await mkdir(target);
    for (const name of ['old', 'node.log', 'node.log.1']) await writeFile(join(target, name), name);
    await writeFolder(target, files, ['node.log', 'node.log.1', 'node.log.2']);
    expect((await readdir(target, { recursive: true })).sort()).toEqual(
      [...Object.keys(contents), 'regtest', 'regtest/blocks', 'node.log', 'node.log.1'].sort(),
    );
    for (const [name, content] of Object.entries(contents)) {
      expect([name, (await readFile(join(target, name))).equals(content)]).toEqual([name, true]);
    }
  });

  it('are never written elsewhere', async () => {
    const parent = tempDir('stored-folder-outside');
    for (const name of ['../outside', '/tmp/../../outside', 'a/../../folder-2/outside', '.', 'no offset']) {
      const files = new MemoryStore();
      const key = name === 'no offset' ? name : `${name}\n0\n1`;
      await files.write([{ type: 'put', key: new TextEncoder().encode(key), value: new Uint8Array(1) }]);
      await expect(writeFolder(join(parent, 'folder'), files)).rejects.toMatchObject({ code: 'bad-state' });
    }
    expect([await readdir(parent), existsSync('/outside')]).toEqual([['folder'], false]);
  });
});
