import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../src/store/lmdb/make-folder.ts';
import { replaceFs, restoreFs, systemError } from '../support/replace-fs.ts';
import { tempDir } from '../support/temp-dir.ts';

const folder = tempDir('make-folder');
const mkdir = mkdirSync;

afterEach(restoreFs);

describe('A folder', () => {
  it('is created with its parents', () => {
    const path = join(folder, 'a', 'b', 'c');
    makeFolder(path);
    makeFolder(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it('is not created below a file', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'a')]) expect(() => makeFolder(path)).toThrow(/ENOTDIR/);
  });

  it('may be created by another process meanwhile, but only as a folder', () => {
    const path = join(folder, 'raced', 'deep');
    replaceFs({
      mkdirSync: (name: string) => {
        mkdir(name);
        throw systemError('EEXIST');
      },
    });
    makeFolder(path);
    expect(statSync(path).isDirectory()).toBe(true);
    replaceFs({
      mkdirSync: () => {
        throw systemError('EEXIST');
      },
    });
    expect(() => makeFolder(join(folder, 'never'))).toThrow('EEXIST');
    replaceFs({
      mkdirSync: (name: string) => {
        mkdir(name);
        throw systemError('EACCES');
      },
    });
    expect(() => makeFolder(join(folder, 'denied'))).toThrow('EACCES');
  });
});
