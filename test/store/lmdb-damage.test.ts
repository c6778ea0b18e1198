import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomInt } from '../../src/platform/random.ts';
import { StoreError } from '../../src/store/errors.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import type { StoreOperation } from '../../src/store/store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Flipped bits and zeroed pages per kind of place; `PIER_DAMAGES` sets more. */
const DAMAGES = Number(process.env.PIER_DAMAGES ?? 40);
const PAGE = 4096;

const folder = tempDir('damage');
const options = (path: string) => ({ path, network: 'regtest', kind: 'blockchain' }) as const;
const encode = (text: string) => new TextEncoder().encode(text);

/** A file with records of all sizes, freed pages and several levels of pages. */
let whole: Buffer;
let content: Map<string, string>;

function contentOf(store: LmdbStore): Map<string, string> {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return new Map([...store.entries()].map(([key, value]) => [hex(key), hex(value)]));
}

beforeAll(async () => {
  const path = join(folder, 'whole.db');
  const store = await LmdbStore.open(options(path));
  const random = new SeededRandom(4);
  for (let batch = 0; batch < 12; batch++) {
    const operations: StoreOperation[] = [];
    for (let i = 0; i < 200; i++) {
      const key = encode(`key ${randomInt(random, 900)}`);
      const size = randomInt(random, 40) === 0 ? randomInt(random, 20_000) : randomInt(random, 60);
      if (randomInt(random, 4) === 0) operations.push({ type: 'delete', key });
      else operations.push({ type: 'put', key, value: random.bytes(size) });
    }
    await store.write(operations);
  }
  content = contentOf(store);
  await store.close();
  whole = readFileSync(path);
});

/** The kinds of result that a damaged file may have: none of them is a wrong answer. */
type Outcome = 'refused' | 'detected' | 'harmless';

/** Opens a damaged file, reads all of it and writes to it, and checks that no answer is wrong. */
async function outcome(bytes: Buffer): Promise<Outcome> {
  const path = join(folder, 'damaged.db');
  rmSync(`${path}-lock`, { force: true });
  writeFileSync(path, bytes);
  const store = await LmdbStore.open({ ...options(path), toleratesDamage: true }).catch((error: unknown) => error);
  if (!(store instanceof LmdbStore)) {
    expectNamed(store, path);
    // A refused file is left as it is.
    expect(readFileSync(path).equals(bytes)).toBe(true);
    return 'refused';
  }
  let result: Outcome = store.damaged.length > 0 ? 'detected' : 'harmless';
  for (const [key, value] of content) {
    try {
      const found = Buffer.from(store.get(Buffer.from(key, 'hex')) ?? []).toString('hex');
      if (found !== value && store.damaged.length === 0) expect.fail(`wrong value of ${key}`);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      expectNamed(error, path);
      result = 'detected';
    }
  }
  // Takes pages from the list of free pages.
  await store.write(
    Array.from({ length: 40 }, (_, i) => ({ type: 'put', key: encode(`new ${i}`), value: encode('x'.repeat(3000)) })),
  );
  if (result === 'harmless') {
    const now = contentOf(store);
    expect(now.size).toBe(content.size + 40);
    for (const [key, value] of content) if (now.get(key) !== value) expect.fail(`wrong value of ${key}`);
  } else {
    expect(() => contentOf(store)).toThrow(StoreError);
  }
  await store.close();
  return result;
}

function expectNamed(error: unknown, path: string): void {
  expect(error).toBeInstanceOf(StoreError);
  expect((error as StoreError).message).toContain(path);
  expect((error as StoreError).hint).toBeTruthy();
}

function flipped(at: number, bit: number): Buffer {
  const bytes = Buffer.from(whole);
  bytes[at]! ^= 1 << bit;
  return bytes;
}

async function outcomes(damaged: Iterable<Buffer>): Promise<Record<Outcome, number>> {
  const counts = { refused: 0, detected: 0, harmless: 0 };
  for (const bytes of damaged) counts[await outcome(bytes)]++;
  return counts;
}

describe('A damaged file', () => {
  it('is told from a whole one', async () => {
    expect(await outcome(whole)).toBe('harmless');
  });

  it('gives no wrong answer and does not kill the process: flipped bits anywhere', { timeout: 600_000 }, async () => {
    const random = new SeededRandom(1);
    const flips = Array.from({ length: DAMAGES }, () => flipped(randomInt(random, whole.length), randomInt(random, 8)));
    const counts = await outcomes(flips);
    expect(counts.refused + counts.detected).toBeGreaterThan(DAMAGES / 10);
  });

  it('gives no wrong answer: flipped bits in meta pages and in page headers', { timeout: 600_000 }, async () => {
    const random = new SeededRandom(2);
    const places = Array.from({ length: DAMAGES }, (_, i) =>
      i % 2 === 0
        ? randomInt(random, 2) * PAGE + randomInt(random, 168)
        : (2 + randomInt(random, whole.length / PAGE - 2)) * PAGE + randomInt(random, 60),
    );
    const counts = await outcomes(places.map((at) => flipped(at, randomInt(random, 8))));
    expect(counts.refused).toBeGreaterThan(DAMAGES / 5);
  });

  it('gives no wrong answer and does not kill the process: zeroed pages', { timeout: 600_000 }, async () => {
    const random = new SeededRandom(3);
    const pages = [0, 1, ...Array.from({ length: DAMAGES / 2 }, () => randomInt(random, whole.length / PAGE))];
    const counts = await outcomes(pages.map((page) => Buffer.from(whole).fill(0, page * PAGE, (page + 1) * PAGE)));
    expect(counts.refused).toBeGreaterThan(DAMAGES / 10);
  });

  it('is refused if its last page is given as one that it cannot have', async () => {
    // The number of the last page, in both meta pages.
    for (let bit = 8; bit < 64; bit++) {
      const bytes = Buffer.from(whole);
      for (const meta of [0, PAGE]) bytes[meta + 144 + (bit >> 3)]! ^= 1 << (bit & 7);
      expect([bit, await outcome(bytes)]).toEqual([bit, 'refused']);
    }
  });

  it('is refused by default if a record does not match its checksum', async () => {
    const key = encode('key 7');
    const path = join(folder, 'one.db');
    const store = await LmdbStore.open(options(path));
    await store.write([{ type: 'put', key, value: encode('a value to find') }]);
    await store.close();
    const bytes = readFileSync(path);
    const at = bytes.lastIndexOf('a value to find');
    bytes[at]! ^= 4;
    writeFileSync(path, bytes);
    await expect(LmdbStore.open(options(path))).rejects.toMatchObject({
      code: 'damaged-database',
      message: `${path} is damaged: 1 of its records do not match their checksums`,
    });
    const tolerant = await LmdbStore.open({ ...options(path), toleratesDamage: true });
    expect(tolerant.damaged.map((damaged) => new TextDecoder().decode(damaged))).toEqual(['key 7']);
    expect(() => tolerant.get(key)).toThrow('does not match its checksum');
    await tolerant.write([{ type: 'delete', key }]);
    await tolerant.close();
    await (await LmdbStore.open(options(path))).close();
  });

  it('is refused if the key of one of its own records is damaged, and not taken as empty', async () => {
    for (const key of ['data\0', 'identity']) {
      for (let bit = 0; bit < 8 * key.length; bit++) {
        const bytes = Buffer.from(whole);
        // Also on pages that are no longer in use.
        for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at + 1))
          bytes[at + (bit >> 3)]! ^= 1 << (bit & 7);
        expect([key, bit, await outcome(bytes)]).toEqual([key, bit, 'refused']);
      }
    }
  });

  it('is refused if its identity record is damaged', async () => {
    for (const [from, to] of [
      ['"regtest"', '"segtest"'],
      ['"format":2', '"format":0'],
      ['{"format"', 'z"format"'],
    ]) {
      const bytes = Buffer.from(whole);
      for (let at = bytes.indexOf(from!); at >= 0; at = bytes.indexOf(from!, at + 1)) bytes.write(to!, at);
      expect(await outcome(bytes)).toBe('refused');
    }
  });
});

describe('A file of format 1', () => {
  it('is read as it is, and gets checksums when it is opened for writing', async () => {
    const path = join(folder, 'first.db');
    const root = open<Uint8Array, Uint8Array>({
      path,
      noSubdir: true,
      encoding: 'binary',
      keyEncoding: 'binary',
      maxDbs: 1,
      overlappingSync: false,
    });
    root.putSync(encode('identity'), encode(JSON.stringify({ format: 1, kind: 'blockchain', network: 'regtest' })));
    const data = root.openDB<Uint8Array, Uint8Array>('data', {
      name: 'data',
      encoding: 'binary',
      keyEncoding: 'binary',
    });
    const big = new Uint8Array(3_000_000).fill(7);
    data.transactionSync(() => {
      for (let i = 0; i < 500; i++) data.putSync(encode(`key ${i}`), encode(`value ${i}`));
      for (const name of ['a', 'key 77 big', 'z']) data.putSync(encode(name), big);
    });
    await root.close();

    const check = (store: LmdbStore) => {
      expect([...store.entries()].length).toBe(503);
      for (let i = 0; i < 500; i++) expect(store.get(encode(`key ${i}`))).toEqual(encode(`value ${i}`));
      expect(Buffer.from(store.get(encode('z'))!).equals(big)).toBe(true);
    };
    const reader = await LmdbStore.open({ ...options(path), readOnly: true });
    check(reader);
    await reader.close();
    for (let i = 0; i < 2; i++) {
      const store = await LmdbStore.open(options(path));
      check(store);
      await store.close();
    }
    const bytes = readFileSync(path);
    for (let at = bytes.indexOf('value 123'); at >= 0; at = bytes.indexOf('value 123', at + 1)) bytes[at + 2]! ^= 1;
    writeFileSync(path, bytes);
    await expect(LmdbStore.open(options(path))).rejects.toMatchObject({ code: 'damaged-database' });
  });
});

describe('What LMDB cannot open', () => {
  it('is refused before LMDB sees it: a lock file that cannot be opened', async () => {
    const { mkdirSync } = await import('node:fs');
    const path = join(folder, 'locked.db');
    writeFileSync(path, whole);
    mkdirSync(`${path}-lock`);
    for (const readOnly of [false, true]) {
      const error = await LmdbStore.open({ ...options(path), readOnly }).catch((thrown: unknown) => thrown);
      expectNamed(error, `${path}-lock`);
    }
  });
});
