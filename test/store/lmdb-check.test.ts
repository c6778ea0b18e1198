import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type CheckOptions, checkLmdbFile } from '../../src/store/lmdb/lmdb-check.ts';
import { PageFile } from '../../src/store/lmdb/lmdb-pages.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { tempDir } from '../support/temp-dir.ts';
import { encode, newPath, options } from './lmdb-files.ts';

const folder = tempDir('check');
const PAGE = 4096;
const [BRANCH, LEAF] = [1, 2];

/** The bytes of an LMDB file (data version 2) and where its parts are, by LMDB's header lmdb.h and mdb.c. */
class LmdbImage {
  readonly bytes: Buffer;
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** The meta page of the last transaction. */
  get meta(): number {
    return this.bytes.readBigUInt64LE(152) > this.bytes.readBigUInt64LE(PAGE + 152) ? 0 : PAGE;
  }
  get otherMeta(): number {
    return PAGE - this.meta;
  }
  /** Offsets of the descriptions of trees (MDB_db). */
  get freeTree(): number {
    return this.meta + 48;
  }
  get mainTree(): number {
    return this.meta + 96;
  }
  get contentTree(): number {
    const leaf = this.root(this.mainTree);
    const node = this.nodes(leaf).find((at) => this.key(at).startsWith('data'))!;
    return this.value(node);
  }
  /** The offset of a tree's root page. */
  root(tree: number): number {
    return Number(this.bytes.readBigUInt64LE(tree + 40)) * PAGE;
  }
  /** The offsets of the nodes on a page. */
  nodes(page: number): number[] {
    return Array.from({ length: this.bytes.readUInt16LE(page + 20) / 2 }, (_, i) => this.node(page, i));
  }
  node(page: number, index: number): number {
    return page + 24 + this.bytes.readUInt16LE(page + 24 + 2 * index);
  }
  key(node: number): string {
    return this.bytes.toString('latin1', node + 8, this.value(node));
  }
  value(node: number): number {
    return node + 8 + this.bytes.readUInt16LE(node + 6);
  }
  /** The offset of a page that a branch refers to. */
  child(branch: number, index: number): number {
    return this.bytes.readUInt32LE(this.node(branch, index)) * PAGE;
  }
  /** The root of the content, a branch page. */
  get branch(): number {
    return this.root(this.contentTree);
  }
  /** A leaf of the content in the middle. */
  get leaf(): number {
    return this.child(this.branch, 2);
  }
  /** The reference to the pages of a large value: page number, transaction, count. */
  get reference(): number {
    for (let i = 0; ; i++) {
      const node = this.nodes(this.child(this.branch, i)).find((at) => (this.bytes.readUInt16LE(at + 4) & 1) === 1);
      if (node !== undefined) return this.value(node);
    }
  }
  get overflowPage(): number {
    return this.page(this.reference) * PAGE;
  }
  /** The first record of the list of free pages: a count, then so many page numbers. */
  get freeRecord(): number {
    let page = this.root(this.freeTree);
    while (this.bytes.readUInt16LE(page + 18) === BRANCH) page = this.child(page, 0);
    return this.node(page, 0);
  }
  get lastFreeRecord(): number {
    let page = this.root(this.freeTree);
    while (this.bytes.readUInt16LE(page + 18) === BRANCH) page = this.child(page, this.nodes(page).length - 1);
    return this.nodes(page).at(-1)!;
  }
  get freeList(): number {
    return this.value(this.freeRecord);
  }
  page(at: number): number {
    return Number(this.bytes.readBigUInt64LE(at));
  }
  set16(at: number, change: (value: number) => number): void {
    this.bytes.writeUInt16LE(change(this.bytes.readUInt16LE(at)), at);
  }
  set64(at: number, change: (value: bigint) => bigint): void {
    this.bytes.writeBigUInt64LE(BigInt.asUintN(64, change(this.bytes.readBigUInt64LE(at))), at);
  }
}

let made: Promise<Buffer> | undefined;

/** Returns a file whose content has a root, leaves and large values, and that has free pages. */
async function image(): Promise<LmdbImage> {
  made ??= (async () => {
    const path = join(folder, 'whole.db');
    const store = await LmdbStore.open(options(path));
    const key = (n: number) => encode(`key ${String(n).padStart(4, '0')}`);
    await store.write(
      Array.from({ length: 600 }, (_, n) => ({
        type: 'put',
        key: key(n),
        value: new Uint8Array(n % 200 === 77 ? 9_000 : 30),
      })),
    );
    await store.write([{ type: 'put', key: key(5), value: new Uint8Array(31) }]);
    await store.close();
    return readFileSync(path);
  })();
  return new LmdbImage(Buffer.from(await made));
}

function check(bytes: Buffer, more: Partial<CheckOptions> = {}) {
  const path = newPath(folder);
  writeFileSync(path, bytes);
  return checkLmdbFile({ path, kind: 'blockchain', content: 'data\0', isSealed: () => true, ...more });
}

afterEach(() => vi.restoreAllMocks());

type Edit = (file: LmdbImage) => void;

const first = 1n;
/** Fields with a value that LMDB cannot have written, so that the file is damaged. */
const damages: Record<string, Edit> = {
  // Meta pages.
  'no second meta page': (file) => file.bytes.writeUInt32LE(0, PAGE + 24),
  'a second page that is no meta page': (file) => file.set16(PAGE + 18, () => LEAF),
  'a second meta page of another format': (file) => file.set16(PAGE + 28, (version) => version + 1),
  'meta pages of different page sizes': (file) => file.bytes.writeUInt32LE(2 * PAGE, PAGE + 48),
  'an odd transaction in the first meta page': (file) => file.set64(152, (transaction) => transaction + first),
  'an even transaction in the second meta page': (file) => file.set64(PAGE + 152, (transaction) => transaction + first),
  'meta pages three transactions apart': (file) => file.set64(file.meta + 152, (transaction) => transaction + 2n),
  'an address space above 16 TiB': (file) => file.set64(file.otherMeta + 40, () => 2n ** 44n + 1n),
  'a last page at 16 TiB': (file) => file.set64(file.otherMeta + 144, () => 2n ** 32n),
  'flags of the tree of free pages in one meta page': (file) => file.set16(file.meta + 52, (flags) => flags ^ 1),
  'flags of the main tree': (file) => file.set16(file.mainTree + 4, () => 4),
  // Descriptions of trees.
  'flags of the content': (file) => file.set16(file.contentTree + 4, () => 4),
  'a content that is no tree': (file) => {
    const record = file.nodes(file.root(file.mainTree)).find((at) => file.key(at).startsWith('data'))!;
    file.set16(record + 4, () => 0);
  },
  'one branch page more': (file) => file.set64(file.contentTree + 8, (count) => count + 1n),
  'one leaf page less': (file) => file.set64(file.contentTree + 16, (count) => count - 1n),
  'one overflow page more': (file) => file.set64(file.contentTree + 24, (count) => count + 1n),
  'one record less': (file) => file.set64(file.contentTree + 32, (count) => count - 1n),
  'a level less': (file) => file.set16(file.contentTree + 6, (depth) => depth - 1),
  'a level more': (file) => file.set16(file.contentTree + 6, (depth) => depth + 1),
  'a root beyond the last page': (file) => file.set64(file.contentTree + 40, () => 1_000_000n),
  'a root that is a meta page': (file) => file.set64(file.contentTree + 40, () => 1n),
  'no root, but levels': (file) => {
    file.set64(file.contentTree + 40, () => -1n);
    for (const count of [8, 16, 24, 32]) file.set64(file.contentTree + count, () => 0n);
  },
  // Headers of pages.
  'another number on a page': (file) => file.set64(file.leaf, (page) => page + 1n),
  'a page of a later transaction': (file) =>
    file.set64(file.leaf + 8, () => file.bytes.readBigUInt64LE(file.meta + 152) + 1n),
  'a leaf instead of a branch': (file) => file.set16(file.branch + 18, () => LEAF),
  'a branch instead of a leaf': (file) => file.set16(file.leaf + 18, () => BRANCH),
  'an odd size of the index': (file) => file.set16(file.leaf + 20, (lower) => lower + 1),
  'an empty page': (file) => file.set16(file.leaf + 20, () => 0),
  'an index that overlaps the records': (file) =>
    file.set16(file.leaf + 20, () => file.bytes.readUInt16LE(file.leaf + 22) + 2),
  'records that begin beyond the page': (file) => file.set16(file.leaf + 22, () => PAGE - 24 + 1),
  // Records.
  'a record in the free space': (file) => file.set16(file.leaf + 24, () => file.bytes.readUInt16LE(file.leaf + 22) - 2),
  'a record whose header ends beyond the page': (file) => file.set16(file.leaf + 24, () => PAGE - 24 - 6),
  'a value that ends beyond the page': (file) => file.set16(file.node(file.leaf, 1), () => PAGE),
  'a value of more than 64 KiB on a leaf': (file) => file.set16(file.node(file.leaf, 1) + 2, () => 1),
  'an empty key': (file) => file.set16(file.node(file.leaf, 1) + 6, () => 0),
  'a key that ends beyond the page': (file) => file.set16(file.node(file.branch, 1) + 6, () => PAGE),
  'a tree in a record of the content': (file) => file.set16(file.node(file.leaf, 1) + 4, () => 2),
  'an unknown flag of a record': (file) => file.set16(file.node(file.leaf, 1) + 4, () => 4),
  'two equal keys': (file) => {
    const [from, to] = [file.node(file.leaf, 1) + 8, file.node(file.leaf, 2) + 8];
    file.bytes.copy(file.bytes, to, from, from + 8);
  },
  'keys in another order': (file) => {
    const [one, two] = [file.leaf + 26, file.leaf + 28].map((at) => file.bytes.readUInt16LE(at));
    file.set16(file.leaf + 26, () => two!);
    file.set16(file.leaf + 28, () => one!);
  },
  'a leaf whose first key is that before it': (file) => {
    const before = file.nodes(file.child(file.branch, 1)).at(-1)!;
    file.bytes.copy(file.bytes, file.node(file.leaf, 0) + 8, before + 8, before + 16);
  },
  'a leaf whose first key is below the key that leads to it': (file) => {
    const node = file.node(file.branch, 2);
    file.bytes[file.value(node) - 1]!++;
  },
  'a key in a branch that is not above the last record': (file) => {
    const before = file.nodes(file.child(file.branch, 1)).at(-1)!;
    file.bytes.copy(file.bytes, file.node(file.branch, 2) + 8, before + 8, before + 16);
  },
  'two references to one page': (file) => {
    file.bytes.copy(file.bytes, file.node(file.branch, 3), file.node(file.branch, 2), file.node(file.branch, 2) + 6);
  },
  'a reference to a free page': (file) => {
    file.bytes.writeUInt32LE(Number(file.bytes.readBigUInt64LE(file.freeList + 8)), file.node(file.branch, 2));
  },
  'a reference above 2^32': (file) => file.set16(file.node(file.branch, 2) + 4, () => 1),
  // Large values.
  'fewer pages than a large value needs': (file) => {
    file.set64(file.reference + 16, () => 2n);
    file.bytes.writeUInt32LE(2, file.overflowPage + 20);
    file.set64(file.contentTree + 24, (count) => count - 1n);
  },
  'more pages of a large value than there are': (file) => file.set64(file.reference + 16, () => 1_000n),
  'another count of pages in their header': (file) => file.bytes.writeUInt32LE(4, file.overflowPage + 20),
  'a large value on a page of another kind': (file) => file.set16(file.overflowPage + 18, () => LEAF),
  'another number on a page of a large value': (file) => file.set64(file.overflowPage, (page) => page + 1n),
  // The list of free pages.
  'a list of free pages of a later transaction': (file) =>
    file.set64(file.lastFreeRecord + 8, () => file.bytes.readBigUInt64LE(file.meta + 152) + 1n),
  'a list of free pages with a part of an entry': (file) => file.set16(file.freeRecord, (length) => length - 4),
  'more free pages than entries': (file) =>
    file.set64(file.freeList, () => BigInt(file.bytes.readUInt16LE(file.freeRecord) / 8)),
  'a negative count of free pages': (file) => file.set64(file.freeList, () => -1n),
  'a free page that is a meta page': (file) => file.set64(file.freeList + 8, () => 1n),
  'a free page beyond the last': (file) =>
    file.set64(file.freeList + 8, () => file.bytes.readBigUInt64LE(file.meta + 144) + 1n),
  'a free page that is in use': (file) => file.set64(file.freeList + 8, () => BigInt(file.leaf / PAGE)),
  'a page that is free twice': (file) =>
    file.set64(file.freeList + 16, () => file.bytes.readBigUInt64LE(file.freeList + 8)),
  'consecutive free pages without their first': (file) =>
    file.set64(file.freeList + 8 * file.page(file.freeList), () => -1n),
};

/** Unusual values that LMDB writes. */
const sound: Record<string, Edit> = {
  'no change': () => {},
  'an address space of 16 TiB': (file) => file.set64(file.otherMeta + 40, () => 2n ** 44n),
  'a last page below 16 TiB in the meta page before': (file) => file.set64(file.otherMeta + 144, () => 2n ** 32n - 1n),
  'a page of the last transaction': (file) =>
    file.set64(file.leaf + 8, () => file.bytes.readBigUInt64LE(file.meta + 152)),
  'flags of pages in memory': (file) => {
    for (const page of [file.branch, file.leaf, file.overflowPage]) file.set16(page + 18, (flags) => flags | 0xa000);
  },
  'any first key of a branch': (file) => file.set16(file.node(file.branch, 0) + 6, (length) => length),
  'a large value that has become shorter, on the same pages': (file) => {
    const node = file.reference - 8 - 'key 0077'.length;
    file.set16(node, () => 5_000);
  },
  'entries of free pages that are 0': (file) => {
    // Unused: the page may be missing from both lists.
    file.set64(file.freeList + 8, () => 0n);
  },
  'a list of no free pages': (file) => file.set64(file.freeList, () => 0n),
};

describe('A file that LMDB cannot have written', () => {
  it.each(Object.keys(damages))('is damaged: %s', async (name) => {
    const file = await image();
    damages[name]!(file);
    await expect(check(file.bytes)).rejects.toMatchObject({ code: 'damaged-database' });
  });

  it.each(Object.keys(sound))('is told from a sound one: %s', async (name) => {
    const file = await image();
    sound[name]!(file);
    expect(await check(file.bytes)).toEqual({ complete: true, damaged: [] });
  });
});

describe('A file of another program', () => {
  it.each([128, 4095, 131_072])('has a page size of %i', async (pageSize) => {
    const bytes = Buffer.concat([(await image()).bytes, new Uint8Array(200_000)]);
    bytes.writeUInt32LE(pageSize, 48);
    // Its second meta page, if LMDB wrote one there.
    bytes.copy(bytes, pageSize, 0, 200);
    bytes.writeBigUInt64LE(bytes.readBigUInt64LE(152) + 1n, pageSize + 152);
    await expect(check(bytes)).rejects.toMatchObject({ code: 'not-a-database' });
  });

  it('has other flags in both meta pages', async () => {
    const { bytes } = await image();
    for (const meta of [0, PAGE]) bytes.writeUInt16LE(0x0008, meta + 52);
    await expect(check(bytes)).rejects.toMatchObject({ code: 'not-a-database' });
  });
});

describe('A check of a file', () => {
  /** Makes a file with records whose values have no checksums. */
  async function unsealed(count: number, value: Uint8Array): Promise<Buffer> {
    const path = newPath(folder);
    const root = open<Uint8Array, Uint8Array>({
      path,
      noSubdir: true,
      encoding: 'binary',
      keyEncoding: 'binary',
      maxDbs: 1,
      overlappingSync: false,
    });
    const data = root.openDB<Uint8Array, Uint8Array>('data', {
      name: 'data',
      encoding: 'binary',
      keyEncoding: 'binary',
    });
    root.putSync(encode('other'), encode('record'));
    data.transactionSync(() => {
      for (let n = 0; n < count; n++) data.putSync(encode(String(n).padStart(6, '0')), value);
    });
    await root.close();
    return readFileSync(path);
  }

  it('names the records with a wrong checksum, up to 10,000', async () => {
    const few = await unsealed(3, new Uint8Array(3));
    const { damaged } = await check(few);
    expect(damaged.map((key) => new TextDecoder().decode(key))).toEqual(['000000', '000001', '000002']);
    expect((await check(await unsealed(10_001, new Uint8Array(8)))).damaged).toHaveLength(10_000);
  });

  it('asks for the checksums by the other records of the main tree', async () => {
    const file = await unsealed(3, new Uint8Array(8));
    const records: [string, string][] = [];
    const isSealed = (main: ReadonlyMap<string, Uint8Array>) => {
      for (const [key, value] of main) records.push([key, new TextDecoder().decode(value)]);
      return false;
    };
    expect(await check(file, { isSealed })).toEqual({ complete: true, damaged: [] });
    expect(records).toEqual([['other', 'record']]);
  });

  /** Moves the time by `ms` whenever it is read. */
  function hurry(ms: number): void {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += ms));
  }

  it('ends after 20 seconds without having seen all', async () => {
    const { bytes } = await image();
    hurry(400);
    expect(await check(bytes)).toEqual({ complete: true, damaged: [] });
    hurry(5_000);
    expect(await check(bytes)).toEqual({ complete: false, damaged: [] });
  });

  it('lets other work run after 5 ms, and ends with the reason of its signal', async () => {
    const { bytes } = await image();
    const abort = new AbortController();
    setImmediate(() => abort.abort(new Error('stopped')));
    hurry(1);
    await expect(check(bytes, { signal: abort.signal })).rejects.toThrow('stopped');
    // Without a pause nothing is noticed.
    hurry(0);
    setImmediate(() => abort.abort(new Error('stopped')));
    expect((await check(bytes, { signal: abort.signal })).complete).toBe(true);
  });

  it('is repeated up to three times while another process writes', async () => {
    const file = await image();
    damages['an empty page']!(file);
    const newestMeta = PageFile.prototype.newestMeta;
    let [reads, writes] = [0, 0];
    const read = vi.spyOn(PageFile.prototype, 'newestMeta').mockImplementation(function (this: PageFile) {
      const meta = newestMeta.call(this);
      return { ...meta, transaction: meta.transaction + BigInt(Math.min(reads++, writes)) };
    });
    for (const [changes, expected] of [
      [0, 'damaged'],
      [1, 'damaged'],
      [2, 'damaged'],
      [1_000, 'incomplete'],
    ] as const) {
      [reads, writes] = [0, changes];
      const found = await check(file.bytes).then(
        ({ complete }) => (complete ? 'sound' : 'incomplete'),
        () => 'damaged',
      );
      expect([changes, found]).toEqual([changes, expected]);
    }
    // Each attempt reads it before and after.
    expect(read.mock.calls).toHaveLength(2 + 4 + 4 + 6);
  });
});
