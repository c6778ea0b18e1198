import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isFileLike, writeAll } from '../../src/node/write-all.ts';
import { replaceFs, restoreFs, systemError } from '../support/replace-fs.ts';
import { tempDir } from '../support/temp-dir.ts';

const folder = tempDir('write-all');
afterEach(restoreFs);

describe('writeAll', () => {
  it('continues after a part has been written, and tells how far it came before an error', () => {
    const path = join(folder, 'parts');
    const fd = fs.openSync(path, 'w');
    const write = fs.writeSync;
    let room = 100;
    replaceFs({
      writeSync: (to: number, bytes: Uint8Array, at: number) => {
        if (room === 0) throw systemError('ENOSPC');
        const count = Math.min(room, 3, bytes.length - at);
        room -= count;
        return write(to, bytes, at, count);
      },
    });
    expect(writeAll(fd, Buffer.from('0123456789'))).toEqual({ written: 10 });
    room = 4;
    expect(writeAll(fd, Buffer.from('abcdefghij'))).toMatchObject({ written: 4, error: { code: 'ENOSPC' } });
    expect(writeAll(fd, new Uint8Array(0))).toEqual({ written: 0 });
    fs.closeSync(fd);
    expect(fs.readFileSync(path, 'utf8')).toBe('0123456789abcd');
  });
});

describe('isFileLike', () => {
  it('is true for a file and a device that is no terminal, and false for a pipe', () => {
    const of = (path: string) => {
      const fd = fs.openSync(path, 'r+');
      try {
        return isFileLike(fd);
      } finally {
        fs.closeSync(fd);
      }
    };
    fs.writeFileSync(join(folder, 'file'), '');
    expect([of(join(folder, 'file')), of('/dev/null')]).toEqual([true, true]);
    replaceFs({ fstatSync: () => ({ isFile: () => false, isCharacterDevice: () => false }) });
    expect(isFileLike(0)).toBe(false);
  });
});
