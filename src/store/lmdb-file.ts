import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StoreError } from './errors.ts';

// The part of LMDB's file format (data version 2, 64-bit little-endian) needed to check that a file is complete.
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

/** The fields of a meta page. */
interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: bigint;
  /** The root pages of the tree of free pages and of the main tree. */
  readonly roots: readonly bigint[];
}

/** Thrown when a tree refers to a page beyond the end of the file. */
class BeyondEnd extends Error {}

class PageFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  get size(): number {
    return fstatSync(this.#fd).size;
  }

  /** Reads `length` bytes at `offset`; undefined if the file is too short. */
  read(offset: number, length: number): DataView | undefined {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const count = readSync(this.#fd, bytes, at, length - at, offset + at);
      if (count === 0) return undefined;
      at += count;
    }
    return new DataView(bytes.buffer);
  }

  /** Reads the meta page at `offset`; 'short' if the file ends within it, undefined if it is not a meta page. */
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

  /** Returns the meta page of the last commit; LMDB alternates between two. Throws `StoreError`. */
  newestMeta(path: string): Meta {
    const first = this.meta(0);
    const second = first && first !== 'short' ? this.meta(first.pageSize) : undefined;
    if (first === 'short' && this.#startsLikeLmdb()) throw truncated(path);
    if (second === 'short') throw truncated(path);
    if (!first || first === 'short' || !second) {
      throw new StoreError('not-a-database', path, `${path} is not a database of Pier`, {
        hint: 'Use another data directory, or move this file away.',
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
    // A tree cannot have more pages than the file: more visits mean a cycle.
    let visits = 0;
    for (let page = pending.pop(); page !== undefined; page = pending.pop()) {
      if (++visits > pageCount) throw new BeyondEnd();
      const view = this.read(Number(follow(page)) * pageSize, pageSize);
      if (!view) throw new BeyondEnd();
      const flags = view.getUint16(18, true);
      // The slots after the page header hold the offsets of the nodes, relative to the end of the header.
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
  return new StoreError('truncated-database', path, `${path} is truncated`, {
    hint: 'Restore the file from a backup, or move it away to start over.',
  });
}

/**
 * Checks that `path` is a complete LMDB file; throws `StoreError` if not. Must run before LMDB maps the file: reading a
 * mapped page beyond the end of the file kills the process (SIGBUS).
 */
export function checkLmdbFile(path: string): void {
  const fd = openSync(path, 'r');
  try {
    const file = new PageFile(fd);
    for (;;) {
      const meta = file.newestMeta(path);
      const pageCount = Math.floor(file.size / meta.pageSize);
      if (meta.lastPage < pageCount) return;
      // The last pages may be missing if one transaction allocated and freed them, so check the referenced pages.
      try {
        for (const root of meta.roots) file.checkTree(root, meta.pageSize, pageCount);
        return;
      } catch (error) {
        if (!(error instanceof BeyondEnd || error instanceof RangeError)) throw error;
        // A concurrent commit may have changed the pages while we read them: retry.
        if (file.newestMeta(path).transaction === meta.transaction) throw truncated(path);
      }
    }
  } finally {
    closeSync(fd);
  }
}
