import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomInt } from '../../src/platform/random.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { tempDir } from '../support/temp-dir.ts';
import { Child, compileStore } from './child.ts';

const folder = tempDir('kill');
const options = (path: string) => ({ path, network: 'regtest', kind: 'blockchain' }) as const;

/** Keys that every batch sets to its number. */
const SHARED_KEYS = 20;
/** Batches whose own key is kept. */
const KEPT = 30;

beforeAll(() => {
  compileStore(folder);
  // Writes batches forever, several at a time, and prints the number of each once its promise resolves.
  writeFileSync(
    join(folder, 'writer.js'),
    `import { writeSync } from 'node:fs';
     import { LmdbStore } from './store/lmdb/lmdb-store.js';
     writeSync(1, 'opening\\n');
     const store = await LmdbStore.open({ path: process.argv[2], network: 'regtest', kind: 'blockchain' });
     const text = (s) => new TextEncoder().encode(s);
     const number = (n) => text(String(n).padStart(10, '0'));
     const value = store.get(text('shared 0'));
     let n = value ? Number(new TextDecoder().decode(value).slice(0, 10)) : 0;
     writeSync(1, n + '\\n');
     for (;;) {
       const current = ++n;
       const operations = [];
       for (let i = 0; i < ${SHARED_KEYS}; i++) {
         // Values of different lengths, some of several pages.
         const filler = 'x'.repeat((current * 37 + i * 101) % (i === 7 ? 20000 : 300));
         operations.push({ type: 'put', key: text('shared ' + i), value: text(String(current).padStart(10, '0') + filler) });
       }
       operations.push({ type: 'put', key: text('batch ' + current), value: number(current) });
       operations.push({ type: 'delete', key: text('batch ' + (current - ${KEPT})) });
       if (current % 17 === 0) {
         store.writeSync(operations);
         writeSync(1, current + '\\n');
       } else {
         const written = store.write(operations).then(() => writeSync(1, current + '\\n'));
         if (current % 5 === 0) await written;
       }
     }`,
  );
});

const decode = (bytes: Uint8Array | undefined) => (bytes ? new TextDecoder().decode(bytes) : undefined);
const encode = (text: string) => new TextEncoder().encode(text);

/** Checks that the file holds exactly the state after some batch; returns the number of that batch. */
async function batchInFile(path: string): Promise<number> {
  const store = await LmdbStore.open(options(path));
  const numbers = Array.from({ length: SHARED_KEYS }, (_, i) => decode(store.get(encode(`shared ${i}`))));
  const last = Number(numbers[0]?.slice(0, 10) ?? 0);
  for (const [i, value] of numbers.entries()) {
    const filler = 'x'.repeat((last * 37 + i * 101) % (i === 7 ? 20000 : 300));
    expect(value).toBe(last === 0 ? undefined : String(last).padStart(10, '0') + filler);
  }
  const own = [...store.entries({ gte: encode('batch '), lt: encode('batch~') })].map(([, value]) =>
    Number(decode(value)),
  );
  const expected = Array.from({ length: Math.min(last, KEPT) }, (_, i) => last - i);
  expect(own.sort((a, b) => b - a)).toEqual(expected);
  await store.close();
  return last;
}

/**
 * Repeatedly starts a writer on the file and kills it, until the file has more than `KEPT` batches; returns their number.
 */
async function killWriters(path: string, rounds: number, random: SeededRandom): Promise<number> {
  let last = 0;
  for (let round = 0; round < rounds || last <= KEPT; round++) {
    const child = new Child(join(folder, 'writer.js'), [path]);
    await child.printed(2 + randomInt(random, 60));
    expect(child.lines.slice(0, 2)).toEqual(['opening', String(last)]);
    await new Promise((resolve) => setTimeout(resolve, randomInt(random, 8)));
    await child.kill();
    const reported = Math.max(...child.lines.slice(1).map(Number));
    last = await batchInFile(path);
    expect(last).toBeGreaterThanOrEqual(reported);
  }
  return last;
}

describe('LmdbStore under kill -9', () => {
  it('keeps batches atomic, and loses none whose promise resolved', { timeout: 60_000 }, async () => {
    const seeds = [20, 21];
    const kill = (seed: number) => killWriters(join(folder, `killed${seed}.db`), 3, new SeededRandom(seed));
    const batches = await Promise.all(seeds.map(kill));
    // So that the first batches' own keys have been deleted again.
    expect(Math.min(...batches)).toBeGreaterThan(KEPT);
  });

  it('leaves a file that can be opened, even when killed while creating it', { timeout: 60_000 }, async () => {
    const delays = [0, 1, 2, 4, 8];
    const files = await Promise.all(
      delays.map(async (delay) => {
        const path = join(folder, `born${delay}.db`);
        const child = new Child(join(folder, 'writer.js'), [path]);
        await child.printed(1);
        await new Promise((resolve) => setTimeout(resolve, delay));
        await child.kill();
        const existed = existsSync(path);
        const reported = Math.max(0, ...child.lines.slice(1).map(Number));
        expect(await batchInFile(path)).toBeGreaterThanOrEqual(reported);
        return existed;
      }),
    );
    expect(files).toHaveLength(delays.length);
  });
});
