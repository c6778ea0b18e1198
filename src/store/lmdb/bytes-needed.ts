import type { Database } from 'lmdb';
import type { StoreOperation } from '../store.ts';
import { CHECKSUM_LENGTH } from './checksum.ts';
import { PAGE_HEADER_SIZE } from './lmdb-pages.ts';

/** Bytes before the key of a record, and of its entry in the page's index. */
const RECORD_OVERHEAD = 10;
/** Bytes of a page's number in the list of free pages. */
const PAGE_NUMBER_SIZE = 8;
/** Pages that every commit may write besides: the main tree, and the path to a new list of free pages. */
const EVERY_COMMIT = 16;

/** The sizes of a database that bound what a commit writes. */
export interface DatabaseSize {
  /** Bytes of a page. */
  readonly pageSize: number;
  /** Bytes of the file up to its last page in use. */
  readonly used: number;
  /** Levels of the tree that is written to. */
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  /** Pages of the list of free pages, which a commit may write anew. */
  readonly freeListPages: number;
}

/** Statistics of lmdb-js, whose types omit them. */
interface Statistics {
  readonly pageSize: number;
  readonly treeDepth: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

/** Returns the sizes of an open database. */
export function sizeOfOpen(database: Pick<Database, 'getStats'>): DatabaseSize {
  const stats = database.getStats() as Statistics & { lastPageNumber: number; free: Statistics };
  const { pageSize, treeDepth, treeBranchPageCount, treeLeafPageCount, lastPageNumber, free } = stats;
  return {
    pageSize,
    used: (lastPageNumber + 1) * pageSize,
    depth: treeDepth,
    branchPages: treeBranchPageCount,
    leafPages: treeLeafPageCount,
    freeListPages: free.treeBranchPageCount + free.treeLeafPageCount + free.overflowPages,
  };
}

/**
 * Returns an upper bound of the bytes that a file grows by when LMDB commits batches. LMDB changes no page in place: it writes the
 * pages that change, with the branches above them, to free pages or to the end of the file.
 */
export function bytesNeeded(batches: readonly (readonly StoreOperation[])[], size: DatabaseSize): number {
  const { pageSize, depth, branchPages, leafPages, freeListPages } = size;
  // A larger record goes to pages of its own.
  const largest = Math.floor((pageSize - PAGE_HEADER_SIZE) / 2) - 2;
  let count = 0;
  let puts = 0;
  let smallBytes = 0;
  let largePages = 0;
  for (const operations of batches) {
    count += operations.length;
    for (const operation of operations) {
      if (operation.type === 'delete') continue;
      puts++;
      const keyBytes = RECORD_OVERHEAD + operation.key.length;
      const valueBytes = operation.value.length + CHECKSUM_LENGTH;
      if (keyBytes + valueBytes <= largest) smallBytes += keyBytes + valueBytes;
      else {
        smallBytes += keyBytes + PAGE_NUMBER_SIZE;
        largePages += Math.ceil((PAGE_HEADER_SIZE + valueBytes) / pageSize);
      }
    }
  }
  // A deletion may merge a leaf with its neighbour, an insertion may split it, and a split leaf is at least a quarter full.
  const leaves = Math.min(2 * count, leafPages);
  const splits = Math.min(puts, leaves + Math.ceil((4 * smallBytes) / pageSize));
  const branches = Math.min(2 * count * depth, branchPages);
  const newBranches = Math.min(splits, branches + Math.ceil(splits / 8)) + depth + 1;
  const written = leaves + splits + branches + newBranches + largePages;
  // Each written page may replace one, whose number then goes to the list of free pages.
  const freed = Math.ceil((2 * written * PAGE_NUMBER_SIZE) / pageSize);
  return (written + freed + 2 * freeListPages + EVERY_COMMIT) * pageSize;
}
