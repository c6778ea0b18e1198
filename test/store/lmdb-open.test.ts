import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { open } from 'lmdb';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomInt } from '../../src/platform/random.ts';
import { StoreError } from '../../src/store/errors.ts';
import { LmdbStore } from '../../src/store/lmdb-store.ts';
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

/** Fails to open, with this code, and leaves the folder as it was. */
async function expectRefusal(request: Parameters<typeof LmdbStore.open>[0], code: string): Promise<StoreError> {
  const { path } = request;
  const before = existsSync(path) && statSync(path).isFile() ? readFileSync(path) : undefined;
  const error = await failure(request);
  expect(error.code).toBe(code);
  expect(error.message).toContain(path);
  expect(error.hint ?? 'none needed').not.toBe('');
  if (before) expect(readFileSync(path).equals(before)).toBe(true);
  return error;
}

/** The newest meta page of an LMDB file, by LMDB's own layout: the page size and the number of the last page. */
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

/** Edits the store's own records, which lie outside its key space. */
async function editRecord(path: string, key: string, edit: (value: Record<string, unknown>) => object): Promise<void> {
  const root = open<Uint8Array, Uint8Array>({
    path,
    noSubdir: true,
    encoding: 'binary',
    keyEncoding: 'binary',
    maxDbs: 1,
  });
  const old = root.get(encode(key));
  root.putSync(encode(key), encode(JSON.stringify(edit(old ? JSON.parse(new TextDecoder().decode(old)) : {}))));
  await root.close();
}

beforeAll(() => {
  compileStore(folder);
  // Opens a store, says so or prints the error's code, and holds it until it is killed.
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

describe('a path that is no database of ours', () => {
  it('is refused where nothing is there and nothing is to be created', async () => {
    const path = newPath();
    await expectRefusal(options(path, { create: false }), 'missing-database');
    await expectRefusal(options(path, { readOnly: true }), 'missing-database');
    expect(existsSync(path)).toBe(false);
    expect(existsSync(`${path}-lock`)).toBe(false);
  });

  it('is refused, unchanged and without a lock beside it, if it is a folder or holds something else', async () => {
    const directory = newPath();
    mkdirSync(directory);
    await expectRefusal(options(directory), 'not-a-database');
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
      // Its second meta page is gone.
      Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(4096), whole.subarray(8192)]),
    ];
    for (const content of contents) {
      const path = newPath();
      writeFileSync(path, content);
      for (const more of [{}, { readOnly: true }]) await expectRefusal(options(path, more), 'not-a-database');
      expect(existsSync(`${path}-lock`)).toBe(false);
    }
  });

  it('is refused, unchanged, if another program made it with LMDB', async () => {
    const path = newPath();
    const foreign = open({ path, noSubdir: true });
    await foreign.put('hello', 'world');
    await foreign.close();
    const error = await expectRefusal(options(path), 'not-a-database');
    expect(error.message).toContain('not one of Pier');
  });

  it.runIf(process.platform !== 'win32')('is refused if the file system does not let us', async () => {
    const path = await makeFile();
    chmodSync(path, 0o000);
    if (process.getuid?.() !== 0) {
      await expectRefusal(options(path), 'permission-denied');
      return;
    }
    // Nothing is closed to root, so let somebody else try.
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

describe('a truncated file', () => {
  const random = new SeededRandom(3);
  /** Changes of which a part undoes itself, so that pages are taken and freed at once. */
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

  it('is told from one that lacks nothing but unused pages, wherever it is cut', async () => {
    const path = newPath();
    let store = await LmdbStore.open(options(path));
    // LMDB need not write the last pages of a file if the same transaction has taken and freed them.
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

    const whole = readFileSync(path);
    const { pageSize, pages } = lastPage(path);
    let refused = 0;
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
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(10);
  });

  it('is refused also if the cut goes through its head', async () => {
    const path = await makeFile();
    for (const length of [5000, 4096, 4000, 100]) {
      truncateSync(path, length);
      await expectRefusal(options(path), 'truncated-database');
    }
    truncateSync(path, 20);
    await expectRefusal(options(path), 'not-a-database');
  });
});

describe('a database of another purpose', () => {
  it('is refused by network, kind and format, and left unchanged', async () => {
    const path = await makeFile();
    for (const readOnly of [false, true]) {
      const network = await expectRefusal({ ...options(path), network: 'main', readOnly }, 'other-network');
      expect(network.message).toContain('regtest');
      const kind = await expectRefusal({ ...options(path), kind: 'wallet', readOnly }, 'other-kind');
      expect(kind.message).toContain('blockchain');
    }
    await editRecord(path, 'identity', (identity) => ({ ...identity, format: 2 }));
    await expectRefusal(options(path), 'newer-format');
    await editRecord(path, 'identity', (identity) => ({ ...identity, format: 1 }));
    const store = await LmdbStore.open(options(path));
    expect(store.get(encode('a'))).toEqual(encode('b'));
    await store.close();
  });
});

describe('one writer', () => {
  it('is all that one process gets', async () => {
    const path = await makeFile();
    const store = await LmdbStore.open(options(path));
    const error = await expectRefusal(options(path), 'database-in-use');
    expect(error.message).toContain(`this process (${process.pid})`);
    const reader = await LmdbStore.open(options(path, { readOnly: true }));
    expect(reader.get(encode('a'))).toEqual(encode('b'));
    await expect(reader.write([put('a', 'c')])).rejects.toThrow('reading only');
    await reader.close();
    await store.write([put('a', 'c')]);
    await store.close();
    const again = await LmdbStore.open(options(path));
    expect(again.get(encode('a'))).toEqual(encode('c'));
    await again.close();
  });

  it('is refused beside another process, by its pid, until that is gone; readers are not', {
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

    // The reader goes on living, so LMDB's table of readers is not emptied: the pid decides.
    await holder.kill();
    const store = await LmdbStore.open(options(path));
    await store.write([put('a', 'c')]);
    await store.close();
    await reader.kill();
  });

  it('takes over from a process that died, also if its pid belongs to another one now', async () => {
    const path = await makeFile();
    const stat = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')[19];
    const boot = () => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const records: Record<string, unknown>[] = [
      { pid: 2 ** 30 },
      // Alive, but the platform could not tell when the holder started; nobody else has the file open.
      { pid: process.ppid },
      { pid: process.ppid, scope: `${'0'.repeat(36)} pid:[1]`, started: '5' },
    ];
    if (process.platform === 'linux') {
      records.push({ pid: process.ppid, started: `${Number(stat(process.ppid)) + 1}` });
      // In a container that is gone.
      records.push({ pid: process.pid, started: stat(process.pid), scope: `${boot()} pid:[1]` });
    }
    for (const holder of records) {
      await editRecord(path, 'holder', () => holder);
      const store = await LmdbStore.open(options(path));
      await store.close();
    }
    if (process.platform === 'linux') {
      await editRecord(path, 'holder', () => ({ pid: process.ppid, started: stat(process.ppid) }));
      const error = await expectRefusal(options(path), 'database-in-use');
      expect(error.message).toContain(`process ${process.ppid}`);
      // A container that we cannot see into, while somebody has the file open.
      await editRecord(path, 'holder', () => ({ pid: 1, started: '5', scope: `${boot()} pid:[1]` }));
      const reader = hold(path, { kind: 'blockchain', readOnly: true });
      await reader.printed(1);
      await expectRefusal(options(path), 'database-in-use');
      await reader.kill();
      await (await LmdbStore.open(options(path))).close();
    }
  });

  it('is one also when several come at once after a crash', { timeout: 30_000 }, async () => {
    const path = await makeFile();
    const first = hold(path);
    await first.printed(1);
    const takers = [hold(path), hold(path), hold(path)];
    await first.kill();
    const late = [hold(path), hold(path)];
    const all = [...takers, ...late];
    await Promise.all(all.map((child) => child.printed(1)));
    const outcomes = all.map((child) => child.lines[0]!.split(' ')[0]);
    const winner = all.findIndex((child) => child.lines[0] === 'open b');
    // Those that came before the death were refused because of the first.
    expect(outcomes.filter((outcome) => outcome === 'open').length).toBeLessThanOrEqual(1);
    expect(outcomes.every((outcome) => outcome === 'open' || outcome === 'database-in-use')).toBe(true);
    if (winner >= 0) expect((await failure(options(path))).message).toContain(`${all[winner]!.process.pid}`);
    await Promise.all(all.map((child) => child.kill()));
    await (await LmdbStore.open(options(path))).close();
  });
});

describe.runIf(process.platform !== 'win32')('file modes', () => {
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

  it('keep wallets to their owner, whatever the umask and the mode they came with', { timeout: 30_000 }, async () => {
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

describe('a new file', () => {
  it('appears complete, in folders made for it, with nothing else beside it but LMDB’s lock', async () => {
    const path = join(folder, 'deep', 'er', 'new.db');
    const store = await LmdbStore.open(options(path));
    expect(store.path).toBe(path);
    expect(readdirSync(dirname(path)).sort()).toEqual(['new.db', 'new.db-lock']);
    await store.close();
  });

  it('is made by one of two who want it at once, and opened by one', async () => {
    const path = newPath();
    const results = await Promise.allSettled([LmdbStore.open(options(path)), LmdbStore.open(options(path))]);
    const opened = results.filter((result) => result.status === 'fulfilled');
    expect(opened).toHaveLength(1);
    await opened[0]!.value.close();
  });
});

describe.runIf(process.platform === 'linux')('a disk that takes no more', () => {
  it('fails the write and all later ones, and leaves the file as it was', { timeout: 30_000 }, async () => {
    const path = newPath();
    writeFileSync(
      join(folder, 'filler.js'),
      `import { writeSync } from 'node:fs';
       import { LmdbStore } from './store/lmdb-store.js';
       const store = await LmdbStore.open({ path: process.argv[2], network: 'regtest', kind: 'blockchain' });
       const text = (s) => new TextEncoder().encode(s);
       for (let n = 1; ; n++) {
         const value = new Uint8Array(9000).fill(n);
         const operations = [1, 2, 3].map((i) => ({ type: 'put', key: text(n + ' ' + i), value }));
         try {
           if (n % 2) await store.write(operations); else store.writeSync(operations);
           writeSync(1, n + '\\n');
         } catch (error) {
           writeSync(1, error.code + '\\n');
           try { await store.write([]); } catch (again) { writeSync(1, again.code + '\\n'); }
           try { store.writeSync([]); } catch (again) { writeSync(1, again.code + '\\n'); }
           break;
         }
       }
       await store.close().catch((error) => writeSync(1, String(error) + '\\n'));
       writeSync(1, 'closed\\n');`,
    );
    writeFileSync(
      join(folder, 'limited.cjs'),
      `require('node:child_process').spawnSync('bash', ['-c', 'ulimit -f 400; exec "$0" "$@"', process.execPath, ${JSON.stringify(join(folder, 'filler.js'))}, process.argv[2]], { stdio: ['ignore', 'inherit', 'ignore'] });`,
    );
    const child = new Child(join(folder, 'limited.cjs'), [path]);
    await child.ended;
    const numbers = child.lines.filter((line) => /^\d+$/.test(line)).length;
    expect(numbers).toBeGreaterThan(5);
    expect(child.lines.slice(numbers)).toEqual(['write-failed', 'write-failed', 'write-failed', 'closed']);
    const store = await LmdbStore.open(options(path));
    expect([...store.entries()].length).toBe(3 * numbers);
    await store.close();
  });
});
