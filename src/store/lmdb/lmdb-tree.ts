import { PAGE_HEADER_SIZE, type PageFile, type Tree } from './lmdb-pages.ts';

const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;
/** Flags of a page in memory (P_DIRTY_OVF, P_KEEP), which have no meaning in the file. */
const IGNORED_FLAGS = 0xa000;
const NODE_HEADER_SIZE = 8;
const NODE_OVERFLOW = 0x01;
/** Flag of a record that describes another tree. */
export const NODE_TREE = 0x02;
/** LMDB's limit of the depth of a tree (CURSOR_STACK). */
const MAX_DEPTH = 32;
const MAX_KEY_SIZE = 2048;
/** Bytes of a reference to overflow pages: page number, transaction, count. */
const OVERFLOW_REFERENCE_SIZE = 24;

/** Thrown for a page that LMDB cannot have written. */
export class Fault extends Error {}
/** Thrown for a reference to a page beyond the end of the file. */
export class BeyondEnd extends Error {}

/** The pages of a file that are in use or free, each of which may be so once. */
export class PageUse {
  readonly #used: Uint8Array;
  readonly #pageCount: number;
  /** Free pages beyond the end of the file. */
  #freeBeyondEnd = 0;

  /** `lastPage` is the last page that LMDB has allocated; `pageCount` are those in the file. */
  constructor(lastPage: number, pageCount: number) {
    this.#used = new Uint8Array(Math.min(lastPage, pageCount) + 1);
    this.#used.fill(1, 0, 2);
    this.#lastPage = lastPage;
    this.#pageCount = pageCount;
  }

  readonly #lastPage: number;

  /** Marks `count` pages as in use by the content of the file. */
  use(page: number, count: number): void {
    if (page + count - 1 > this.#lastPage) throw new Fault(`page ${page} does not exist`);
    if (page + count > this.#pageCount) throw new BeyondEnd();
    this.#mark(page, count);
  }

  /** Marks a page as free. The last pages of a file may be missing if they are free. */
  free(page: number): void {
    if (page > this.#lastPage) throw new Fault(`free page ${page} does not exist`);
    if (page < this.#used.length) this.#mark(page, 1);
    if (page >= this.#pageCount) this.#freeBeyondEnd++;
  }

  /** Checks, once all pages are marked, that those beyond the end of the file are free. */
  checkEnd(): void {
    if (this.#lastPage >= this.#pageCount + this.#freeBeyondEnd)
      throw new Fault(`page ${this.#lastPage} does not exist`);
  }

  #mark(first: number, count: number): void {
    for (let page = first; page < first + count; page++) {
      if (this.#used[page] !== 0) throw new Fault(`page ${page} is referenced twice`);
      this.#used[page] = 1;
    }
  }
}

/** A record on a leaf page, valid until the next. */
export interface LeafRecord {
  /** The page, with the key at [keyStart, valueStart). */
  readonly page: Uint8Array;
  readonly keyStart: number;
  readonly valueStart: number;
  /** Bytes of the value. */
  readonly length: number;
  readonly flags: number;
  /** The first page of a value that is not on this page. */
  readonly overflowPage: number | undefined;
}

interface Frame {
  readonly page: Uint8Array;
  readonly view: DataView;
  /** Nodes on the page. */
  count: number;
  /** The next node to visit. */
  at: number;
}

function newFrame(pageSize: number): Frame {
  const page = new Uint8Array(pageSize);
  return { page, view: new DataView(page.buffer), count: 0, at: 0 };
}

/** What a `TreeWalk` is given. */
export interface TreeWalkModules {
  readonly file: PageFile;
  readonly pageSize: number;
  /** The last transaction: no page is newer. */
  readonly transaction: bigint;
  readonly use: PageUse;
  /** Whether keys are integers; default: bytes. */
  readonly hasIntegerKeys?: boolean;
  readonly onRecord: (record: LeafRecord) => void;
}

/**
 * Reads all pages of one tree in key order, except the content of overflow pages, and checks all that LMDB relies on:
 * headers, bounds, references, order of keys and the counts in the description of the tree.
 */
export class TreeWalk {
  readonly #tree: Tree;
  readonly #modules: TreeWalkModules;
  readonly #frames: Frame[] = [];
  #depth = 0;
  #counts = { branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0 };
  /** The last key, which must be below the next. */
  #last: Uint8Array | undefined;
  /** The key of a branch that leads to the next leaf, whose first key must not be below. */
  #bound: Uint8Array | undefined;

  constructor(tree: Tree, modules: TreeWalkModules) {
    this.#tree = tree;
    this.#modules = modules;
    if (tree.root !== undefined) this.#enter(tree.root);
  }

  /** Reads up to the next leaf; returns false at the end. Throws `Fault` or `BeyondEnd`. */
  next(): boolean {
    while (this.#depth > 0) {
      const frame = this.#frames[this.#depth - 1]!;
      if (flagsOf(frame.view) === LEAF) {
        this.#readLeaf(frame);
        this.#depth--;
        return true;
      }
      if (frame.at === frame.count) {
        this.#depth--;
        continue;
      }
      this.#enter(this.#readBranch(frame));
    }
    const { depth, ...rest } = this.#tree;
    const isRight = (['branchPages', 'leafPages', 'overflowPages', 'entries'] as const).every(
      (name) => rest[name] === this.#counts[name],
    );
    if (!isRight || (rest.root === undefined && depth !== 0)) throw new Fault('pages or records are missing');
    return false;
  }

  #enter(number: number): void {
    const { file, pageSize, transaction, use } = this.#modules;
    use.use(number, 1);
    const depth = this.#depth++;
    const isLeaf = this.#depth === this.#tree.depth;
    if (depth >= MAX_DEPTH || this.#depth > this.#tree.depth) throw new Fault(`page ${number} is too deep in its tree`);
    const frame = this.#frames[depth] ?? newFrame(pageSize);
    this.#frames[depth] = frame;
    const { view } = frame;
    if (!file.read(number * pageSize, frame.page)) throw new BeyondEnd();
    checkHeader(view, number, isLeaf ? LEAF : BRANCH, transaction);
    const lower = view.getUint16(20, true);
    const upper = view.getUint16(22, true);
    const size = pageSize - PAGE_HEADER_SIZE;
    frame.count = lower >> 1;
    frame.at = 0;
    if (lower % 2 !== 0 || lower > upper || upper > size || frame.count < 1) {
      throw new Fault(`page ${number} has a damaged header`);
    }
    this.#counts[isLeaf ? 'leafPages' : 'branchPages']++;
  }

  /** Returns the offset of a node and checks that the node begins within the page. */
  #node({ view }: Frame, index: number): number {
    const offset = view.getUint16(PAGE_HEADER_SIZE + 2 * index, true);
    const node = PAGE_HEADER_SIZE + offset;
    if (offset < view.getUint16(22, true) || node + NODE_HEADER_SIZE > view.byteLength) {
      throw new Fault('a record lies outside of its page');
    }
    return node;
  }

  /** Reads the next node of a branch page: the number of a page. */
  #readBranch(frame: Frame): number {
    const { view, page } = frame;
    const node = this.#node(frame, frame.at);
    const start = node + NODE_HEADER_SIZE;
    const end = start + view.getUint16(node + 6, true);
    if (end > page.length) throw new Fault('a key lies outside of its page');
    // The first key of a branch page is below all.
    if (frame.at++ > 0) {
      if (this.#last && this.#compare(this.#last, 0, this.#last.length, page, start, end) >= 0) throw outOfOrder();
      this.#bound = page.slice(start, end);
    }
    return view.getUint32(node, true) + view.getUint16(node + 4, true) * 2 ** 32;
  }

  #readLeaf(frame: Frame): void {
    const { view, page, count } = frame;
    const { onRecord } = this.#modules;
    const record = {
      page,
      keyStart: 0,
      valueStart: 0,
      length: 0,
      flags: 0,
      overflowPage: undefined as number | undefined,
    };
    for (let i = 0; i < count; i++) {
      const node = this.#node(frame, i);
      const length = view.getUint16(node, true) + view.getUint16(node + 2, true) * 0x1_0000;
      const flags = view.getUint16(node + 4, true);
      const keyStart = node + NODE_HEADER_SIZE;
      const keyLength = view.getUint16(node + 6, true);
      const valueStart = keyStart + keyLength;
      const isOverflow = (flags & NODE_OVERFLOW) !== 0;
      const end = valueStart + (isOverflow ? OVERFLOW_REFERENCE_SIZE : length);
      if (keyLength === 0 || keyLength > MAX_KEY_SIZE || end > page.length || flags > NODE_TREE + NODE_OVERFLOW) {
        throw new Fault('a record lies outside of its page');
      }
      if (i === 0) this.#checkFirst(page, keyStart, valueStart);
      else if (this.#compare(page, record.keyStart, record.valueStart, page, keyStart, valueStart) >= 0)
        throw outOfOrder();
      record.keyStart = keyStart;
      record.valueStart = valueStart;
      record.length = length;
      record.flags = flags;
      record.overflowPage = isOverflow ? this.#readOverflow(view, valueStart, length) : undefined;
      onRecord(record);
    }
    this.#counts.entries += count;
    this.#last = page.slice(record.keyStart, record.valueStart);
    this.#bound = undefined;
  }

  /** Checks that the first key of a leaf is above that before it, and not below the key that leads to it. */
  #checkFirst(page: Uint8Array, start: number, end: number): void {
    const last = this.#last;
    const bound = this.#bound;
    const isOrdered =
      (!last || this.#compare(last, 0, last.length, page, start, end) < 0) &&
      (!bound || this.#compare(bound, 0, bound.length, page, start, end) <= 0);
    if (!isOrdered) throw outOfOrder();
  }

  /** Checks the reference at `offset` to a value of `length` bytes; returns its first page. */
  #readOverflow(view: DataView, offset: number, length: number): number {
    const { file, pageSize, transaction, use } = this.#modules;
    const number = Number(view.getBigUint64(offset, true));
    const pages = Number(view.getBigUint64(offset + 16, true));
    // A value that was replaced by a shorter one keeps its pages.
    if (pages * pageSize < PAGE_HEADER_SIZE + length) throw new Fault('a large value has a wrong size');
    use.use(number, pages);
    const header = new DataView(new ArrayBuffer(PAGE_HEADER_SIZE));
    if (!file.read(number * pageSize, new Uint8Array(header.buffer))) throw new BeyondEnd();
    checkHeader(header, number, OVERFLOW, transaction);
    if (header.getUint32(20, true) !== pages) throw new Fault(`page ${number} has a damaged header`);
    this.#counts.overflowPages += pages;
    return number;
  }

  /** Orders two keys, `a[from, to)` and `b[start, end)`. */
  #compare(a: Uint8Array, from: number, to: number, b: Uint8Array, start: number, end: number): number {
    return (this.#modules.hasIntegerKeys ? compareIntegers : compareBytes)(a, from, to, b, start, end);
  }
}

function outOfOrder(): Fault {
  return new Fault('keys are out of order');
}

function flagsOf(view: DataView): number {
  return view.getUint16(18, true) & ~IGNORED_FLAGS;
}

function checkHeader(view: DataView, number: number, flags: number, transaction: bigint): void {
  const isRight =
    view.getBigUint64(0, true) === BigInt(number) &&
    view.getBigUint64(8, true) <= transaction &&
    flagsOf(view) === flags;
  if (!isRight) throw new Fault(`page ${number} has a damaged header`);
}

function compareBytes(a: Uint8Array, from: number, to: number, b: Uint8Array, start: number, end: number): number {
  for (; from < to && start < end; from++, start++) if (a[from] !== b[start]) return a[from]! - b[start]!;
  return to - from - (end - start);
}

function compareIntegers(a: Uint8Array, from: number, to: number, b: Uint8Array, start: number, end: number): number {
  const [x, y] = [readInteger(a, from, to), readInteger(b, start, end)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Reads an integer key. Throws `Fault`. */
export function readInteger(bytes: Uint8Array, from: number, to: number): bigint {
  if (to - from !== 8) throw new Fault('the list of free pages is damaged');
  return new DataView(bytes.buffer, bytes.byteOffset + from).getBigUint64(0, true);
}
