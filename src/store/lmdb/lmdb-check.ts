import { closeSync, openSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CHECKSUM_LENGTH, crc32, readChecksum } from './checksum.ts';
import { type DatabaseFile, damaged, truncated } from './damage.ts';
import { type Meta, PAGE_HEADER_SIZE, PageFile, readTree, type Tree } from './lmdb-pages.ts';
import { BeyondEnd, Fault, type LeafRecord, NODE_TREE, PageUse, readInteger, TreeWalk } from './lmdb-tree.ts';

/** Milliseconds that a check may run before it lets other work run. */
const SLICE_MS = 5;
/** Milliseconds after which a check ends without having seen all. Local disks and memory give 300 MB/s. */
const MAX_CHECK_MS = 20_000;
/** Checks of a file that another process writes meanwhile. */
const MAX_ATTEMPTS = 3;
/** Damaged records that a report names. */
const MAX_DAMAGED = 10_000;

/** Options of `checkLmdbFile`. */
export interface CheckOptions extends DatabaseFile {
  /** The name of the record that describes the tree of the store's content. */
  readonly content: string;
  /** Returns whether the records of the content end with checksums, from the other records of the main tree. */
  readonly isSealed: (main: ReadonlyMap<string, Uint8Array>) => boolean;
  /** Ends the check with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; default 20,000. */
  readonly maxMs?: number;
}

/** What `checkLmdbFile` has found in a file that LMDB can open. */
export interface CheckReport {
  /** Whether the whole file was read. */
  readonly complete: boolean;
  /** Keys of the records with a wrong checksum, at most 10,000. */
  readonly damaged: readonly Uint8Array[];
}

/**
 * Checks a file before LMDB maps it, because LMDB trusts it: a page beyond the end kills the process (SIGBUS), a wrong
 * page number is an assertion that aborts it, and a wrong key or count gives wrong answers. Reads all pages but the
 * content of large values, whose checksums are checked when they are read. Throws `StoreError`.
 */
export async function checkLmdbFile(options: CheckOptions): Promise<CheckReport> {
  const fd = openSync(options.path, 'r');
  try {
    const file = new PageFile(fd, options);
    for (let attempt = 1; ; attempt++) {
      const meta = file.newestMeta();
      try {
        return await checkContent(file, meta, options);
      } catch (error) {
        const isFault = error instanceof Fault || error instanceof BeyondEnd || error instanceof RangeError;
        if (!isFault) throw error;
        if (file.newestMeta().transaction === meta.transaction) {
          throw error instanceof BeyondEnd ? truncated(options) : damaged(options, error.message, { cause: error });
        }
        // Another process has reused pages that this one was reading. It has checked the file itself.
        if (attempt === MAX_ATTEMPTS) return { complete: false, damaged: [] };
      }
    }
  } finally {
    closeSync(fd);
  }
}

async function checkContent(file: PageFile, meta: Meta, options: CheckOptions): Promise<CheckReport> {
  const { pageSize, lastPage, transaction } = meta;
  const use = new PageUse(lastPage, Math.floor(file.size / pageSize));
  const slice = new Slices(options.maxMs ?? MAX_CHECK_MS, options.signal);
  const common = { file, pageSize, transaction, use };
  const walk = async (tree: Tree, onRecord: (record: LeafRecord) => void, more = {}) => {
    const pages = new TreeWalk(tree, { ...common, onRecord, ...more });
    while (pages.next()) if (slice.isOver) await slice.next();
  };

  const main = new Map<string, Uint8Array>();
  let content: Tree | undefined;
  const damagedKeys: Uint8Array[] = [];
  try {
    if (meta.mainTree.flags !== 0) throw new Fault('the description of its main tree is damaged');
    await walk(meta.freeTree, (record) => markFree(file, pageSize, record, transaction, use), {
      hasIntegerKeys: true,
    });
    await walk(meta.mainTree, (record) => {
      const key = new TextDecoder('latin1').decode(record.page.subarray(record.keyStart, record.valueStart));
      const value = record.page.slice(record.valueStart, record.valueStart + record.length);
      if (key !== options.content) {
        if (record.flags === 0) main.set(key, value);
      } else if (record.flags === NODE_TREE) {
        content = readTree(new DataView(value.buffer), 0);
      } else {
        throw new Fault('the description of the content is damaged');
      }
    });
    const isSealed = options.isSealed(main);
    if (content && content.flags !== 0) throw new Fault('the description of the content is damaged');
    if (content) {
      await walk(content, (record) => {
        if (record.flags > 1) throw new Fault('a record has unknown flags');
        if (!isSealed || record.overflowPage !== undefined || isSound(record)) return;
        if (damagedKeys.length < MAX_DAMAGED) damagedKeys.push(record.page.slice(record.keyStart, record.valueStart));
      });
    }
    use.checkEnd();
    return { complete: true, damaged: damagedKeys };
  } catch (error) {
    if (error instanceof OutOfTime) return { complete: false, damaged: damagedKeys };
    throw error;
  }
}

function isSound({ page, keyStart, valueStart, length }: LeafRecord): boolean {
  const end = valueStart + length - CHECKSUM_LENGTH;
  return end >= valueStart && crc32(page, keyStart, end) === readChecksum(page, end);
}

/**
 * Marks the pages that one transaction freed. The list is a count, then that many entries: 0, a page, or the negative
 * number of consecutive pages, the first of which is the next entry.
 */
function markFree(file: PageFile, pageSize: number, record: LeafRecord, transaction: bigint, use: PageUse): void {
  const { page, keyStart, valueStart, length, overflowPage } = record;
  if (readInteger(page, keyStart, valueStart) > transaction || length % 8 !== 0 || length < 8) {
    throw new Fault('the list of free pages is damaged');
  }
  const bytes = new Uint8Array(length);
  if (overflowPage === undefined) bytes.set(page.subarray(valueStart, valueStart + length));
  else if (!file.read(overflowPage * pageSize + PAGE_HEADER_SIZE, bytes)) throw new BeyondEnd();
  const list = new DataView(bytes.buffer);
  const entry = (index: number) => Number(list.getBigInt64(8 * index, true));
  const count = entry(0);
  if (!(count >= 0 && count < length / 8)) throw new Fault('the list of free pages is damaged');
  for (let i = 1; i <= count; i++) {
    const value = entry(i);
    if (value === 0) continue;
    if (value < 0 && i === count) throw new Fault('the list of free pages is damaged');
    const first = value > 0 ? value : entry(++i);
    if (first < 2) throw new Fault('the list of free pages is damaged');
    for (let free = first; free < first + Math.max(1, -value); free++) use.free(free);
  }
}

class OutOfTime extends Error {}

/** Divides work into slices, with other work in between, up to a limit of time. */
class Slices {
  readonly #end: number;
  readonly #signal: AbortSignal | undefined;
  #sliceEnd: number;

  constructor(maxMs: number, signal: AbortSignal | undefined) {
    const now = performance.now();
    this.#end = now + maxMs;
    this.#signal = signal;
    this.#sliceEnd = now + SLICE_MS;
  }

  get isOver(): boolean {
    return performance.now() >= this.#sliceEnd;
  }

  /** Waits for the next slice. Throws `OutOfTime`, or the signal's reason. */
  async next(): Promise<void> {
    await nextTurn();
    this.#signal?.throwIfAborted();
    const now = performance.now();
    if (now >= this.#end) throw new OutOfTime();
    this.#sliceEnd = now + SLICE_MS;
  }
}
