import fs from 'node:fs';
import { basename, dirname } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { StoreError } from '../../src/store/errors.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { fileError } from '../../src/store/lmdb/prerequisites.ts';
import { probe, Reserve } from '../../src/store/lmdb/reserve.ts';
import { replaceFs, restoreFs, systemError } from '../support/replace-fs.ts';
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

const folder = tempDir('faults');
const newPath = () => newPathIn(folder);
const makeFile = () => makeFileIn(folder);
const original = { ...fs };

afterEach(() => {
  restoreFs();
  vi.restoreAllMocks();
});

/** Returns the names of the files that belong to a database. */
const filesOf = (path: string) => fs.readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path)));
/** Returns the files that this process has open. */
const openFiles = () => fs.readdirSync('/proc/self/fd').length;
const text = (store: LmdbStore, key: string) => new TextDecoder().decode(store.get(encode(key)));

describe('A new file', () => {
  it('is not left half made if its disk is full', async () => {
    const path = newPath();
    const before = openFiles();
    replaceFs({
      writeSync: () => {
        throw systemError('ENOSPC');
      },
    });
    const error = await expectFailure(options(path), 'disk-full');
    expect(error.hint).toContain('Free disk space');
    expect([filesOf(path), openFiles()]).toEqual([[], before]);
    restoreFs();
    await (await LmdbStore.open(options(path))).close();
  });

  it('appears under its name by a link, or by a new name where links are not supported', async () => {
    const path = newPath();
    replaceFs({
      linkSync: (from: string, to: string) => {
        if (to === path) throw systemError('EPERM');
        original.linkSync(from, to);
      },
    });
    const store = await LmdbStore.open(options(path));
    await store.write([put('a', 'b')]);
    expect(filesOf(path)).toEqual([basename(path), `${basename(path)}-lock`]);
    await store.close();
  });

  it.each(['EEXIST', 'EPERM'])('does not replace one that another process creates first (%s)', async (code) => {
    const other = await makeFile();
    const path = newPath();
    replaceFs({
      linkSync: (from: string, to: string) => {
        if (to !== path) return original.linkSync(from, to);
        fs.copyFileSync(other, path);
        throw systemError(code);
      },
    });
    const store = await LmdbStore.open(options(path));
    expect(text(store, 'a')).toBe('b');
    expect(filesOf(path)).toEqual([basename(path), `${basename(path)}-lock`]);
    await store.close();
  });

  it('is on the disk with its name: the folder is synced once the name is there', async () => {
    const path = newPath();
    const synced: boolean[] = [];
    const before = openFiles();
    replaceFs({
      fsyncSync: (fd: number) => {
        if (fs.fstatSync(fd).isDirectory()) synced.push(fs.existsSync(path));
        original.fsyncSync(fd);
      },
    });
    const store = await LmdbStore.open(options(path));
    expect(synced).toEqual([true]);
    await store.close();
    expect(openFiles()).toBe(before);
  });

  it('has room for its first batches', async () => {
    const path = newPath();
    const store = await LmdbStore.open(options(path));
    expect(fs.statSync(path).size).toBeGreaterThanOrEqual(64 << 10);
    await store.close();
  });
});

describe('The lock file', () => {
  it.each(['EEXIST', 'EPERM', 'ENOTSUP'])('may be created by LMDB (%s)', async (code) => {
    const path = await makeFile();
    fs.rmSync(`${path}-lock`);
    replaceFs({
      linkSync: () => {
        throw systemError(code);
      },
    });
    await (await LmdbStore.open(options(path))).close();
    expect(filesOf(path)).toEqual([basename(path), `${basename(path)}-lock`]);
  });

  it('is complete once it exists, and no draft of it is left', async () => {
    const path = await makeFile();
    fs.rmSync(`${path}-lock`);
    const sizes: number[] = [];
    replaceFs({
      linkSync: (from: string, to: string) => {
        sizes.push(fs.statSync(from).size);
        original.linkSync(from, to);
      },
    });
    await (await LmdbStore.open(options(path))).close();
    // LMDB's header and 126 places of 64 bytes for readers.
    expect(sizes).toEqual([8272]);
    expect(filesOf(path)).toEqual([basename(path), `${basename(path)}-lock`]);
    fs.rmSync(`${path}-lock`);
    replaceFs({
      linkSync: () => {
        throw systemError('EIO');
      },
    });
    const before = openFiles();
    await expectFailure(options(path), 'io-error');
    expect([filesOf(path), openFiles()]).toEqual([[basename(path)], before]);
  });
});

describe('A file that cannot be opened', () => {
  it('leaves no descriptor open when there are too many', async () => {
    const path = await makeFile();
    const before = openFiles();
    let opened = 0;
    replaceFs({
      openSync: (name: string, flags: string, ...rest: []) => {
        // LMDB opens the file and its lock file itself, after it has been tried here as often.
        if (flags === 'a+' && ++opened === 5) throw systemError('EMFILE');
        return original.openSync(name, flags, ...rest);
      },
    });
    const error = await expectFailure(options(path), 'too-many-files');
    expect(error.hint).toContain('ulimit -n');
    expect([opened, openFiles()]).toEqual([5, before]);
  });

  it('on a read-only file system is read nevertheless', async () => {
    const path = await makeFile();
    replaceFs({
      openSync: (name: string, flags: string, ...rest: []) => {
        if (flags === 'a+') throw systemError('EROFS');
        return original.openSync(name, flags, ...rest);
      },
    });
    const reader = await LmdbStore.open(options(path, { readOnly: true }));
    expect(text(reader, 'a')).toBe('b');
    await reader.close();
    await expectFailure(options(path), 'permission-denied');
  });

  it('can be opened later: the claim is given back', async () => {
    const path = newPath();
    await (await LmdbStore.open(options(path, { kind: 'wallet' }))).close();
    replaceFs({
      chmodSync: () => {
        throw systemError('EPERM');
      },
    });
    const before = openFiles();
    expect((await failure(options(path, { kind: 'wallet' }))).code).toBe('permission-denied');
    expect(openFiles()).toBe(before);
    restoreFs();
    await (await LmdbStore.open(options(path, { kind: 'wallet' }))).close();
  });

  it('a wallet has the mode 600 again', async () => {
    const path = newPath();
    await (await LmdbStore.open(options(path, { kind: 'wallet' }))).close();
    const modes = () => [path, `${path}-lock`].map((file) => (fs.statSync(file).mode & 0o777).toString(8));
    expect(modes()).toEqual(['600', '600']);
    for (const file of [path, `${path}-lock`]) fs.chmodSync(file, 0o666);
    await (await LmdbStore.open(options(path, { kind: 'wallet', readOnly: true }))).close();
    expect(modes()).toEqual(['666', '666']);
    await (await LmdbStore.open(options(path, { kind: 'wallet' }))).close();
    expect(modes()).toEqual(['600', '600']);
    const chain = await makeFile();
    expect((fs.statSync(chain).mode & 0o777).toString(8)).toBe('644');
    fs.chmodSync(chain, 0o640);
    await (await LmdbStore.open(options(chain))).close();
    expect((fs.statSync(chain).mode & 0o777).toString(8)).toBe('640');
  });
});

it('Errors of the system have a code and a hint', () => {
  const table: [string, string, RegExp][] = [
    ['EACCES', 'permission-denied', /owner and the permissions of \/there/],
    ['EPERM', 'permission-denied', /owner and the permissions/],
    ['EROFS', 'permission-denied', /owner and the permissions/],
    ['ENOSPC', 'disk-full', /Free disk space, then start again/],
    ['EDQUOT', 'disk-full', /Free disk space/],
    ['EFBIG', 'disk-full', /ulimit -f/],
    ['EMFILE', 'too-many-files', /ulimit -n/],
    ['ENFILE', 'too-many-files', /ulimit -n/],
    ['EIO', 'io-error', /Check \/there and its disk/],
    ['E2BIG', 'io-error', /Check/],
  ];
  for (const [code, kind, hint] of table) {
    const cause = systemError(code);
    const error = fileError(cause, '/there') as StoreError;
    expect([code, error.code, error.path]).toEqual([code, kind, '/there']);
    expect(error).toBeInstanceOf(StoreError);
    expect(error.hint).toMatch(hint);
    expect(error.cause).toBe(cause);
    // The file that the system names.
    const named = fileError(Object.assign(systemError(code), { path: '/named' }), '/there') as StoreError;
    expect(named.path).toBe('/there');
    if (kind !== 'disk-full') expect(`${named.message} ${named.hint}`).toContain('/named');
  }
  for (const other of [
    new TypeError('x'),
    systemError('ERR_X'),
    systemError('xEIO'),
    systemError('EIO x'),
    new StoreError('io-error', 'p', 'm'),
  ]) {
    expect(fileError(other, '/there')).toBe(other);
  }
});

describe('The room beyond the last page', () => {
  function file(size: number): string {
    const path = newPath();
    fs.writeFileSync(path, new Uint8Array(size));
    return path;
  }
  /** Lets the disk take `bytes` more. */
  function fill(bytes: number): void {
    let left = bytes;
    replaceFs({
      writeSync: (fd: number, from: Uint8Array, at: number, length: number) => {
        if (left === 0) throw systemError('ENOSPC');
        const count = Math.min(left, length);
        left -= count;
        return original.writeSync(fd, from, at, count);
      },
    });
  }

  it('is made in steps of 256 KiB, of which only what is needed must fit', async () => {
    const path = file(100_000);
    new Reserve(path).makeSync(90_000, 10_001);
    expect(fs.statSync(path).size).toBe(256 << 10);
    const before = openFiles();
    for (const make of ['make', 'makeSync'] as const) {
      const other = file(100_000);
      fill(50_000);
      await new Reserve(other)[make](100_000, 50_000);
      expect(fs.statSync(other).size).toBe(150_000);
      await expect((async () => new Reserve(other)[make](100_000, 50_001))()).rejects.toMatchObject({ code: 'ENOSPC' });
      expect([fs.statSync(other).size, openFiles()]).toEqual([150_000, before]);
      restoreFs();
    }
  });

  it('of many mebibytes is made one a turn', async () => {
    const path = file(10);
    const made = new Reserve(path).make(0, 10 << 20);
    const sizes = new Set<number>();
    let isDone = false;
    void made.then(() => (isDone = true));
    while (!isDone) {
      sizes.add(fs.statSync(path).size);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sizes.size).toBeGreaterThan(5);
    expect(fs.statSync(path).size).toBe(10 << 20);
  });

  it('is cut off at the given length, and never extended by that', () => {
    const path = file(100);
    const reserve = new Reserve(path);
    reserve.cut(100);
    reserve.cut(200);
    expect(fs.statSync(path).size).toBe(100);
    reserve.cut(99);
    expect(fs.statSync(path).size).toBe(99);
  });

  it('is tried out on a new file, which stays empty', () => {
    const path = file(0);
    const before = openFiles();
    let written = 0;
    replaceFs({
      writeSync: (...args: Parameters<typeof fs.writeSync>) => {
        const count = original.writeSync(...args);
        written += count;
        return count;
      },
    });
    probe(path, 3_000_000);
    expect([written, fs.statSync(path).size, openFiles()]).toEqual([3_000_000, 0, before]);
    fill(2_999_999);
    expect(() => probe(path, 3_000_000)).toThrow('ENOSPC');
    expect([fs.statSync(path).size, openFiles()]).toEqual([0, before]);
  });

  it('above 256 MiB must be free, if the system says what is', async () => {
    const path = file(10);
    const statfs = (bavail: number) => ({ statfsSync: () => ({ bavail, bsize: 4096, blocks: 1 << 30 }) });
    // Not needed below.
    replaceFs({ statfsSync: () => expect.fail('the free space is not asked for') });
    const limit = 256 << 20;
    vi.spyOn(Math, 'ceil').mockReturnValue(0);
    new Reserve(path).makeSync(0, limit);
    replaceFs(statfs((1 << 30) / 4096 - 1));
    expect(() => new Reserve(path).makeSync(0, 1 << 30)).toThrow('ENOSPC');
    replaceFs(statfs((1 << 30) / 4096));
    new Reserve(path).makeSync(0, 1 << 30);
    replaceFs({
      statfsSync: () => {
        throw systemError('ENOSYS');
      },
    });
    new Reserve(path).makeSync(0, 1 << 30);
  });
});

describe('The end of a store', () => {
  it('closes the file although the disk is full', async () => {
    const path = newPath();
    const store = await LmdbStore.open(options(path));
    await store.write([put('a', 'b')]);
    const before = openFiles();
    vi.spyOn(Reserve.prototype, 'makeSync').mockImplementation(() => {
      throw systemError('ENOSPC');
    });
    await store.close();
    expect(openFiles()).toBeLessThan(before);
    // Its claim ends with this process.
    await editRecord(path, 'holder', () => ({ pid: 2 ** 30 }));
    vi.restoreAllMocks();
    const again = await LmdbStore.open(options(path));
    expect(text(again, 'a')).toBe('b');
    await again.close();
  });

  it('leaves no descriptor, whether it was written or read', async () => {
    const path = await makeFile();
    const before = openFiles();
    for (const readOnly of [false, true]) {
      const store = await LmdbStore.open(options(path, { readOnly }));
      expect(openFiles()).toBeGreaterThan(before);
      await store.close();
      expect(openFiles()).toBe(before);
    }
  });
});
