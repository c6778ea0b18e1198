import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { tempDir } from '../support/temp-dir.ts';
import { Child, compileStore } from './child.ts';
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

const folder = tempDir('claim');
const newPath = () => newPathIn(folder);
const makeFile = () => makeFileIn(folder);

beforeAll(() => {
  compileStore(folder);
  // Opens a store and holds it until killed; prints 'open' or the error code.
  writeFileSync(
    join(folder, 'holder.js'),
    `import { writeSync } from 'node:fs';
     import { LmdbStore } from './store/lmdb/lmdb-store.js';
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

describe('The claim to write between processes', () => {
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
    expect(error.hint).toContain(`stop it ('pier down', or kill ${holder.process.pid}), call its RPC`);
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

  it.runIf(process.platform === 'linux')('holds while a process in another container has the file open', async () => {
    const path = await makeFile();
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    await editRecord(path, 'holder', () => ({ pid: 1, started: '5', scope: `${boot} pid:[1]` }));
    const reader = hold(path, { kind: 'blockchain', readOnly: true });
    await reader.printed(1);
    await expectFailure(options(path), 'database-in-use');
    await reader.kill();
    await (await LmdbStore.open(options(path))).close();
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
