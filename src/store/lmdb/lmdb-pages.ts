import { fstatSync, readSync } from 'node:fs';
import { StoreError } from '../errors.ts';
import { type DatabaseFile, damaged, truncated } from './damage.ts';
import type { StoreKind } from './lmdb-options.ts';

// The part of LMDB's file format (data version 2, 64-bit little-endian) needed to check a file.
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const META_SIZE = 144;
/** Flags of the tree of free pages and of the file: MDB_INTEGERKEY, MDB_NOSUBDIR. */
const FILE_FLAGS = 0x4008;
/** Bytes of address space that LMDB may reserve. If the system refuses them, LMDB's error path kills the process. */
const MAX_MAP_SIZE = 2 ** 44;

/** Bytes of a page's header: page number, transaction, padding, flags, lower and upper bound of the free space. */
export const PAGE_HEADER_SIZE = 24;
/** Bytes of the description of a tree (MDB_db). */
export const TREE_SIZE = 48;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** The description of a tree (MDB_db). */
export interface Tree {
  readonly flags: number;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  /** Undefined if the tree is empty. */
  readonly root: number | undefined;
}

/** The fields of a meta page, the root of the file after one transaction. */
export interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: bigint;
  /** Bytes of address space reserved for the file. */
  readonly mapSize: number;
  /** The freed pages, by transaction. */
  readonly freeTree: Tree;
  readonly mainTree: Tree;
}

/** Reads the description of a tree at `offset`. */
export function readTree(view: DataView, offset: number): Tree {
  const root = view.getBigUint64(offset + 40, true);
  return {
    flags: view.getUint16(offset + 4, true),
    depth: view.getUint16(offset + 6, true),
    branchPages: Number(view.getBigUint64(offset + 8, true)),
    leafPages: Number(view.getBigUint64(offset + 16, true)),
    overflowPages: Number(view.getBigUint64(offset + 24, true)),
    entries: Number(view.getBigUint64(offset + 32, true)),
    root: root === NO_PAGE ? undefined : Number(root),
  };
}

/** An LMDB file, read without LMDB. */
export class PageFile implements DatabaseFile {
  readonly #fd: number;
  readonly path: string;
  readonly kind: StoreKind;

  constructor(fd: number, { path, kind }: DatabaseFile) {
    this.#fd = fd;
    this.path = path;
    this.kind = kind;
  }

  /** Bytes of the file. */
  get size(): number {
    return fstatSync(this.#fd).size;
  }

  /** Fills `into` from `offset`; returns whether the file is long enough. */
  read(offset: number, into: Uint8Array): boolean {
    for (let at = 0; at < into.length; ) {
      const count = readSync(this.#fd, into, at, into.length - at, offset + at);
      if (count === 0) return false;
      at += count;
    }
    return true;
  }

  /**
   * Returns the meta page of the last commit; LMDB alternates between two, of which the second describes the
   * transaction before. Throws `StoreError`.
   */
  newestMeta(): Meta {
    const first = this.#metaPage(0);
    const pageSize = first && first !== 'short' ? pageSizeOf(first) : undefined;
    const second = pageSize === undefined ? undefined : this.#metaPage(pageSize);
    if ((first === 'short' && this.#startsLikeLmdb()) || second === 'short') throw truncated(this);
    if (!first || first === 'short' || pageSize === undefined) throw notADatabase(this.path);
    if (!second) throw damaged(this, 'its second page is not a meta page');
    const metas = [first, second].map((view) => readMeta(view, pageSize));
    const [flags, otherFlags] = metas.map(({ freeTree }) => freeTree.flags);
    if (flags === otherFlags && flags !== FILE_FLAGS) throw notADatabase(this.path);
    const [even, odd] = metas.map(({ transaction }) => transaction);
    const isSound =
      even! % 2n === 0n &&
      odd! % 2n === 1n &&
      (even! - odd! === 1n || odd! - even! === 1n) &&
      // The version and the page size.
      [4, 24].every((at) => first.getUint32(at, true) === second.getUint32(at, true)) &&
      metas.every(
        ({ freeTree, mapSize, lastPage }) =>
          freeTree.flags === FILE_FLAGS && mapSize <= MAX_MAP_SIZE && lastPage * pageSize < MAX_MAP_SIZE,
      );
    if (!isSound) throw damaged(this, 'its two meta pages contradict each other');
    return even! > odd! ? metas[0]! : metas[1]!;
  }

  /** Returns the content of the meta page at `offset`; 'short' if the file ends within it, undefined if it is none. */
  #metaPage(offset: number): DataView<ArrayBuffer> | 'short' | undefined {
    const bytes = new Uint8Array(PAGE_HEADER_SIZE + META_SIZE);
    if (!this.read(offset, bytes)) return 'short';
    const view = new DataView(bytes.buffer, PAGE_HEADER_SIZE);
    const isMeta = new DataView(bytes.buffer).getUint16(18, true) === 0x08;
    const version = view.getUint32(4, true) & 0xffff;
    return view.getUint32(0, true) === MAGIC && version === DATA_VERSION && isMeta ? view : undefined;
  }

  #startsLikeLmdb(): boolean {
    const bytes = new Uint8Array(4);
    return this.read(PAGE_HEADER_SIZE, bytes) && new DataView(bytes.buffer).getUint32(0, true) === MAGIC;
  }
}

function pageSizeOf(meta: DataView): number | undefined {
  const pageSize = meta.getUint32(24, true);
  return pageSize >= 256 && pageSize <= 65536 && (pageSize & (pageSize - 1)) === 0 ? pageSize : undefined;
}

function readMeta(view: DataView, pageSize: number): Meta {
  return {
    pageSize,
    freeTree: readTree(view, 24),
    mainTree: readTree(view, 24 + TREE_SIZE),
    lastPage: Number(view.getBigUint64(120, true)),
    transaction: view.getBigUint64(128, true),
    mapSize: Number(view.getBigUint64(16, true)),
  };
}

function notADatabase(path: string): StoreError {
  return new StoreError('not-a-database', path, `${path} is not a database of Pier`, {
    hint: 'Use another data directory, or move this file away.',
  });
}
