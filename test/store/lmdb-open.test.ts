import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { open } from 'lmdb';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { randomInt } from '../../src/platform/random.ts';
import { StoreError } from '../../src/store/errors.ts';
import { LmdbStore } from '../../src/store/lmdb-store.ts';
import { Reserve } from '../../src/store/reserve.ts';
import type { StoreOperation } from '../../src/store/store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { tempDir } from '../support/temp-dir.ts';
import { Child, compileStore } from './child.ts';

const folder = tempDir('open');
let files = 0;
const newPath = () => join(folder, `file${files++}.db`);
const options = (path: string, more = {}) => ({ path, network: 'regtest', kind: 'blockchain' as const, ...more });
const encode = (text: string) => new TextEncoder().encode(text);
const put = (key: string, value: string): StoreOperation => ({ type: 'put', key: encode(key), value: encode(value) });

async function makeFile(content: readonly StoreOperation[] = [put('a', 'b')], more = {}): Promise<string> {
  const path = newPath();
  const store = await LmdbStore.open(options(path, more));
  await store.write(content);
  await store.close();
  return path;
}

async function failure(request: Parameters<typeof LmdbStore.open>[0]): Promise<StoreError> {
  const result = await LmdbStore.open(request).catch((error: unknown) => error);
  if (result instanceof LmdbStore) await result.close();
  expect(result).toBeInstanceOf(StoreError);
  return result as StoreError;
}

/** Checks that opening fails with this code and leaves the file unchanged; returns the error. */
async function expectFailure(request: Parameters<typeof LmdbStore.open>[0], code: string): Promise<StoreError> {
  const { path } = request;
  const before = existsSync(path) && statSync(path).isFile() ? readFileSync(path) : undefined;
  const error = await failure(request);
  expect(error.code).toBe(code);
  expect(error.message).toContain(path);
  expect(error.hint ?? 'none needed').not.toBe('');
  if (before) expect(readFileSync(path).equals(before)).toBe(true);
  return error;
}

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

/** Edits a record of the store itself, outside its key space. */
async function editRecord(path: string, key: string, edit: (value: Record<string, unknown>) => object): Promise<void> {
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

beforeAll(() => {
  compileStore(folder);
  // Opens a store and holds it until killed; prints 'open' or the error code.
  writeFileSync(
    join(folder, 'holder.js'),
    `import { writeSync } from 'node:fs';
     import { LmdbStore } from './store/lmdb-store.js';
     if (process.argv[4]) process.umask(Number.parseInt(process.argv[4], 8));
     const text = (s) => new TextEncoder().encode(s);
     try {
       const store = await LmdbStore.open({ path: process.argv[2], network: 'regtest', ...JSON.parse(process.argv[3]) });
       const value = store.get(text('a'));
       writeSync(1, 'open ' + (value ? new TextDecoder().decode(value) : '') + '\\n');
       setInterval(() => {}, 1000);
     } catch (error) {
       writeSync(1, error.code + ' ' + error.message + '\\n');
     }`,
  );
});

function hold(path: string, more: object = { kind: 'blockchain' }, umask = ''): Child {
  return new Child(join(folder, 'holder.js'), [path, JSON.stringify(more), umask]);
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

  it('is exclusive between processes until the holder exits; readers are allowed', {
    timeout: 30_000,
  }, async () => {
    const path = await makeFile();
    const [holder, reader] = [hold(path), hold(path, { kind: 'blockchain', readOnly: true })];
    await holder.printed(1);
    await reader.printed(1);
    expect([holder.lines[0], reader.lines[0]]).toEqual(['open b', 'open b']);
    const error = await failure(options(path));
    expect(error.code).toBe('database-in-use');
    expect(error.message).toContain(`process ${holder.process.pid}`);
    expect(error.hint).toContain('RPC');
    const beside = await LmdbStore.open(options(path, { readOnly: true }));
    expect(beside.get(encode('a'))).toEqual(encode('b'));
    await beside.close();

    // The reader still runs, so LMDB's reader table is not cleared: the pid decides.
    await holder.kill();
    const store = await LmdbStore.open(options(path));
    await store.write([put('a', 'c')]);
    await store.close();
    await reader.kill();
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
      // In another container, while another process has the file open.
      await editRecord(path, 'holder', () => ({ pid: 1, started: '5', scope: `${boot()} pid:[1]` }));
      const reader = hold(path, { kind: 'blockchain', readOnly: true });
      await reader.printed(1);
      await expectFailure(options(path), 'database-in-use');
      await reader.kill();
      await (await LmdbStore.open(options(path))).close();
    }
  });

  it.runIf(process.platform === 'linux')(
    'is taken over from a process that its parent has not waited for',
    async () => {
      const path = await makeFile();
      // The shell becomes a program that waits for no child, and then its child exits.
      const script = 'cat <&3 & echo $!; exec sleep 60 3<&-';
      const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] });
      try {
        const pid = Number(await once(parent.stdout!, 'data'));
        const name = () => readFileSync(`/proc/${parent.pid}/comm`, 'latin1');
        await vi.waitUntil(() => name() === 'sleep\n', { timeout: 15_000 });
        (parent.stdio[3] as Writable).end();
        const stat = () => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
        await vi.waitUntil(() => stat()[0] === 'Z', { timeout: 15_000 });
        await editRecord(path, 'holder', () => ({ pid, started: stat()[19] }));
        await (await LmdbStore.open(options(path))).close();
      } finally {
        parent.kill();
      }
    },
  );

  it('goes to one of several concurrent processes after a crash', { timeout: 30_000 }, async () => {
    const path = await makeFile();
    const first = hold(path);
    await first.printed(1);
    const early = [hold(path), hold(path), hold(path)];
    await first.kill();
    const late = [hold(path), hold(path)];
    const all = [...early, ...late];
    await Promise.all(all.map((child) => child.printed(1)));
    const outcomes = all.map((child) => child.lines[0]!.split(' ')[0]);
    const winner = all.findIndex((child) => child.lines[0] === 'open b');
    // Processes that opened before the crash may have been rejected because of the first.
    expect(outcomes.filter((outcome) => outcome === 'open').length).toBeLessThanOrEqual(1);
    expect(outcomes.every((outcome) => outcome === 'open' || outcome === 'database-in-use')).toBe(true);
    if (winner >= 0) expect((await failure(options(path))).message).toContain(`${all[winner]!.process.pid}`);
    await Promise.all(all.map((child) => child.kill()));
    await (await LmdbStore.open(options(path))).close();
  });
});

describe.runIf(process.platform !== 'win32')('File modes', () => {
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

  it('restrict wallets to their owner, whatever the umask and the previous mode', { timeout: 30_000 }, async () => {
    const wallet = newPath();
    const blockchain = newPath();
    const children = [hold(wallet, { kind: 'wallet' }, '0'), hold(blockchain, { kind: 'blockchain' }, '0')];
    await Promise.all(children.map((child) => child.printed(1)));
    expect([mode(wallet), mode(`${wallet}-lock`), mode(blockchain)]).toEqual(['600', '600', '644']);
    await Promise.all(children.map((child) => child.kill()));
    chmodSync(wallet, 0o644);
    chmodSync(`${wallet}-lock`, 0o666);
    await (await LmdbStore.open(options(wallet, { kind: 'wallet' }))).close();
    expect([mode(wallet), mode(`${wallet}-lock`)]).toEqual(['600', '600']);
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
