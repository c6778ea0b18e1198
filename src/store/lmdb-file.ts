import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StoreError } from './errors.ts';

// The part of LMDB's file format (data version 2, 64-bit little-endian) that tells whether a file may be mapped.
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const PAGE_HEADER_SIZE = 24;
const META_SIZE = 144;
const PAGE_BRANCH = 0x01;
const PAGE_LEAF = 0x02;
const NODE_HEADER_SIZE = 8;
const NODE_BIG_DATA = 0x01;
const NODE_SUB_DATABASE = 0x02;
const TREE_ROOT_OFFSET = 40;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: bigint;
  /** Root pages of the tree of free pages and of the main tree. */
  readonly roots: readonly bigint[];
}

/** Where a tree refers to something that the file does not hold. */
class BeyondEnd extends Error {}

class PageFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  get size(): number {
    return fstatSync(this.#fd).size;
  }

  /** `length` bytes at `offset`, or undefined if the file ends before. */
  read(offset: number, length: number): DataView | undefined {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const count = readSync(this.#fd, bytes, at, length - at, offset + at);
      if (count === 0) return undefined;
      at += count;
    }
    return new DataView(bytes.buffer);
  }

  /** The meta page at `offset`, 'short' if the file ends within it, undefined if something else is there. */
  meta(offset: number): Meta | 'short' | undefined {
    const view = this.read(offset, PAGE_HEADER_SIZE + META_SIZE);
    if (!view) return 'short';
    if (view.getUint32(PAGE_HEADER_SIZE, true) !== MAGIC) return undefined;
    if ((view.getUint32(PAGE_HEADER_SIZE + 4, true) & 0xffff) !== DATA_VERSION) return undefined;
    const pageSize = view.getUint32(PAGE_HEADER_SIZE + 24, true);
    if (pageSize < 256 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0) return undefined;
    return {
      pageSize,
      roots: [view.getBigUint64(PAGE_HEADER_SIZE + 64, true), view.getBigUint64(PAGE_HEADER_SIZE + 112, true)],
      lastPage: Number(view.getBigUint64(PAGE_HEADER_SIZE + 120, true)),
      transaction: view.getBigUint64(PAGE_HEADER_SIZE + 128, true),
    };
  }

  /** The meta page of the last commit; the two pages take turns. */
  newestMeta(path: string): Meta {
    const first = this.meta(0);
    const second = first && first !== 'short' ? this.meta(first.pageSize) : undefined;
    if (first === 'short' && this.#startsLikeLmdb()) throw truncated(path);
    if (second === 'short') throw truncated(path);
    if (!first || first === 'short' || !second) {
      throw new StoreError('not-a-database', path, `${path} is not a database of Pier`, {
        hint: 'Name another file, or move this one away.',
      });
    }
    return first.transaction > second.transaction ? first : second;
  }

  #startsLikeLmdb(): boolean {
    return this.read(PAGE_HEADER_SIZE, 4)?.getUint32(0, true) === MAGIC;
  }

  /** Throws `BeyondEnd` unless the tree under `root` lies within the file. */
  checkTree(root: bigint, pageSize: number, pageCount: number): void {
    if (root === NO_PAGE) return;
    const pending = [root];
    const follow = (page: bigint, count = 1n) => {
      if (page + count > BigInt(pageCount)) throw new BeyondEnd();
      return page;
    };
    // A tree has no more pages than the file; one that goes in circles would have.
    let visits = 0;
    for (let page = pending.pop(); page !== undefined; page = pending.pop()) {
      if (++visits > pageCount) throw new BeyondEnd();
      const view = this.read(Number(follow(page)) * pageSize, pageSize);
      if (!view) throw new BeyondEnd();
      const flags = view.getUint16(18, true);
      // The slots between header and free space hold the nodes' offsets, counted from the header's end.
      const count = view.getUint16(20, true) >> 1;
      for (let i = 0; i < count; i++) {
        const node = PAGE_HEADER_SIZE + view.getUint16(PAGE_HEADER_SIZE + 2 * i, true);
        const nodeFlags = view.getUint16(node + 4, true);
        const data = node + NODE_HEADER_SIZE + view.getUint16(node + 6, true);
        if (flags & PAGE_BRANCH) {
          pending.push(BigInt(view.getUint32(node, true)) | (BigInt(nodeFlags) << 32n));
        } else if (flags & PAGE_LEAF && nodeFlags & NODE_SUB_DATABASE) {
          const subRoot = view.getBigUint64(data + TREE_ROOT_OFFSET, true);
          if (subRoot !== NO_PAGE) pending.push(subRoot);
        } else if (flags & PAGE_LEAF && nodeFlags & NODE_BIG_DATA) {
          follow(view.getBigUint64(data, true), view.getBigUint64(data + 16, true));
        }
      }
    }
  }
}

function truncated(path: string): StoreError {
  return new StoreError('truncated-database', path, `${path} has been cut off: it ends before its data does`, {
    hint: 'Restore the file from a copy, or move it away to start anew.',
  });
}

/**
 * Throws `StoreError` unless `path` is a whole LMDB file. To be called before LMDB maps the file: reading a mapped page
 * that the file does not have kills the process (SIGBUS).
 */
export function checkLmdbFile(path: string): void {
  const fd = openSync(path, 'r');
  try {
    const file = new PageFile(fd);
    for (;;) {
      const meta = file.newestMeta(path);
      const pageCount = Math.floor(file.size / meta.pageSize);
      if (meta.lastPage < pageCount) return;
      // The last pages may rightly be missing if a transaction took and freed them at once. So see what is referred to.
      try {
        for (const root of meta.roots) file.checkTree(root, meta.pageSize, pageCount);
        return;
      } catch (error) {
        if (!(error instanceof BeyondEnd || error instanceof RangeError)) throw error;
        // A writer may have changed the pages under our eyes; then look again.
        if (file.newestMeta(path).transaction === meta.transaction) throw truncated(path);
      }
    }
  } finally {
    closeSync(fd);
  }
}
