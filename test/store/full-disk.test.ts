import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomInt } from '../../src/platform/random.ts';
import type { StoreError } from '../../src/store/errors.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { requireOracles } from '../support/oracles.ts';
import { canMount, resizeDisk, smallDisk } from '../support/small-disk.ts';
import { tempDir } from '../support/temp-dir.ts';
import { Child, compileStore } from './child.ts';
import { encode, newPath as newPathIn, options } from './lmdb-files.ts';

/** Disks and limits of file sizes that are filled; `PIER_FILLS` sets more. */
const FILLS = Number(process.env.PIER_FILLS ?? 6);

const folder = tempDir('full-disk');
const numberOf = (bytes: Uint8Array | undefined) => (bytes ? Number(new TextDecoder().decode(bytes)) : 0);

const newPath = () => newPathIn(folder);

beforeAll(() => {
  compileStore(folder);
  // Writes until a write fails. Prints the number of each batch that is written, and the code of the error.
  writeFileSync(
    join(folder, 'filler.js'),
    `import { writeSync } from 'node:fs';
     import { LmdbStore } from './store/lmdb/lmdb-store.js';
     const [path, seed] = process.argv.slice(2);
     let state = Number(seed);
     const below = (n) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0, (state >>> 8) % n);
     const text = (s) => new TextEncoder().encode(s);
     const say = (line) => writeSync(1, line + '\\n');
     const failed = (error) => say(error.code + ' ' + error.message + ' HINT ' + error.hint);
     try {
       const store = await LmdbStore.open({ path, network: 'regtest', kind: 'blockchain' });
       for (let n = 1; ; n++) {
         const operations = [{ type: 'put', key: text('last'), value: text(String(n)) }];
         for (let i = below(60); i >= 0; i--) {
           const key = text('key ' + below(3000));
           const value = new Uint8Array(below(30) === 0 ? below(60000) : below(300)).fill(n);
           operations.push(below(4) === 0 ? { type: 'delete', key } : { type: 'put', key, value });
         }
         operations.push({ type: 'put', key: text('batch ' + n), value: new Uint8Array(below(9000)).fill(n) });
         const done = () => say(n);
         const pending = below(3) === 0 ? [] : [store.write(operations).then(done)];
         if (pending.length === 0 || below(4) === 0) {
           try {
             store.writeSync(operations);
             done();
           } catch (error) {
             pending.push(Promise.reject(error));
           }
         }
         const [result] = below(2) || pending.length > 1 ? await Promise.allSettled(pending) : pending.map((p) => p.catch(() => {}));
         if (result?.status !== 'rejected') continue;
         failed(result.reason);
         await store.write([]).catch((error) => say(error.code));
         try { store.writeSync([]); } catch (error) { say(error.code); }
         await store.flushed().catch((error) => say(error.code));
         break;
       }
       await store.close();
     } catch (error) {
       failed(error);
     }
     // A damaged heap would show.
     for (let i = 0; i < 200; i++) Buffer.allocUnsafeSlow(100 + i).fill(1);
     say('ended');`,
  );
  writeFileSync(
    join(folder, 'limited.cjs'),
    `const [kib, ...args] = process.argv.slice(2);
     const { status, signal } = require('node:child_process').spawnSync(
       'bash',
       ['-c', 'ulimit -f "$0"; exec "$@"', kib, process.execPath, ${JSON.stringify(join(folder, 'filler.js'))}, ...args],
       { stdio: 'inherit' },
     );
     process.exitCode = status ?? 99;`,
  );
});

/** Checks what a filler has printed, and returns the number of its last batch. */
function lastReported({ lines, errors, process: { exitCode } }: Child, path: string, reason: RegExp): number {
  expect([exitCode, errors]).toEqual([0, '']);
  const numbers = lines.filter((line) => /^\d+$/.test(line)).map(Number);
  const rest = lines.filter((line) => !/^\d+$/.test(line));
  expect(rest[0]).toContain(path);
  expect(rest[0]).toMatch(reason);
  expect(rest[0]).toMatch(/HINT \w+/);
  // Every later write fails too, and the store is closed.
  if (rest[0]!.startsWith('write-failed')) expect(rest.slice(1, 4)).toEqual(Array(3).fill('write-failed'));
  else expect(rest[0]).toMatch(/^disk-full /);
  expect(rest.at(-1)).toBe('ended');
  return Math.max(0, ...numbers);
}

/** Checks that the file holds what was reported, and can be written to. */
async function expectWhole(path: string, reported: number): Promise<void> {
  const store = await LmdbStore.open(options(path));
  expect(store.damaged).toEqual([]);
  const last = numberOf(store.get(encode('last')));
  expect(last).toBeGreaterThanOrEqual(reported);
  for (let n = 1; n <= last; n++) expect(store.get(encode(`batch ${n}`))!.every((byte) => byte === n % 256)).toBe(true);
  await store.write([{ type: 'put', key: encode('more'), value: new Uint8Array(300_000) }]);
  await store.close();
}

describe.runIf(process.platform === 'linux')('A limit of file sizes', () => {
  it('fails the write and all later ones, and leaves the file as it was', { timeout: 600_000 }, async () => {
    const random = new SeededRandom(3);
    const limits = [4, 20, 64, ...Array.from({ length: FILLS }, () => 100 + randomInt(random, 4_000))];
    for (const [seed, kib] of limits.entries()) {
      const path = newPath();
      const child = new Child(join(folder, 'limited.cjs'), [String(kib), path, String(seed)]);
      await child.ended;
      await expectWhole(path, lastReported(child, path, /the limit of file sizes is reached HINT Raise the limit/));
    }
  });
});

describe.runIf(canMount || requireOracles)('A full disk', () => {
  it('fails the write and all later ones, and leaves the file as it was', { timeout: 600_000 }, async () => {
    const random = new SeededRandom(4);
    const sizes = [8, 16, 40, 100, ...Array.from({ length: FILLS }, () => 300 + randomInt(random, 4_000))];
    for (const [seed, kib] of sizes.entries()) {
      const disk = smallDisk('small', kib);
      const path = join(disk, 'chain.db');
      const child = new Child(join(folder, 'filler.js'), [path, String(seed)]);
      await child.ended;
      const reported = lastReported(child, path, /no space left on the disk \(\d+ bytes free\) HINT Free disk space/);
      // Reading takes no space.
      if (reported > 0) {
        const reader = await LmdbStore.open({ ...options(path), readOnly: true });
        expect(numberOf(reader.get(encode('last')))).toBeGreaterThanOrEqual(reported);
        await reader.close();
        // It can be opened, or says why not.
        const again = await LmdbStore.open(options(path)).catch((error: StoreError) => error);
        if (again instanceof LmdbStore) await again.close();
        else expect(again).toMatchObject({ code: 'disk-full', path, hint: expect.stringContaining('Free disk space') });
      }
      resizeDisk(disk, 20_000);
      await expectWhole(path, reported);
    }
  });
});
