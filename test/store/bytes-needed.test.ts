import { expect, it } from 'vitest';
import { bytesNeeded, type DatabaseSize, sizeOfOpen } from '../../src/store/lmdb/bytes-needed.ts';
import type { StoreOperation } from '../../src/store/store.ts';

const PAGE = 4096;
/** A tree of one leaf. */
const small: DatabaseSize = { pageSize: PAGE, used: 0, depth: 1, branchPages: 0, leafPages: 1, freeListPages: 0 };
/** A tree of 10,000 leaves. */
const large: DatabaseSize = { ...small, depth: 3, branchPages: 101, leafPages: 10_000 };

const put = (valueLength: number, keyLength = 10): StoreOperation => ({
  type: 'put',
  key: new Uint8Array(keyLength),
  value: new Uint8Array(valueLength),
});
const remove: StoreOperation = { type: 'delete', key: new Uint8Array(10) };
const times = (count: number, operation: StoreOperation) => Array<StoreOperation>(count).fill(operation);

/** Pages that a batch may take more than an empty one. */
function pages(operations: readonly StoreOperation[], size: DatabaseSize): number {
  return (bytesNeeded([operations], size) - bytesNeeded([], size)) / PAGE;
}

it('An empty commit writes the main tree and the list of free pages', () => {
  // The root of the main tree and a list of one page, and for both what they replace.
  expect(bytesNeeded([], small)).toBeGreaterThanOrEqual(4 * PAGE);
  expect(bytesNeeded([], small)).toBeLessThanOrEqual(32 * PAGE);
  // The list is written anew, and its own pages are freed and listed.
  const listed = bytesNeeded([], { ...small, freeListPages: 50 }) - bytesNeeded([], small);
  expect(listed).toBe(100 * PAGE);
});

it('A large value takes pages of its own, with one header of 24 bytes and its checksum of 4', () => {
  for (const count of [2, 3, 100]) {
    const most = count * PAGE - 24 - 4;
    expect([count, pages([put(most + 1)], small) - pages([put(most)], small)]).toEqual([count, 1]);
    expect(pages([put(most)], small)).toBe(pages([put(most - PAGE + 1)], small));
  }
});

it('A record goes to a page of its own if two do not fit on a page (me_nodemax)', () => {
  // Half of the page without its header, less the entry of the index. A record has a header of 8 bytes and a checksum of 4.
  const largest = (PAGE - 24) / 2 - 2;
  for (const keyLength of [1, 511]) {
    const most = largest - 8 - keyLength - 4;
    // LMDB rounds up to an even length, and the bound counts the entry of the index as well.
    const [fits, near, above] = [most - 2, most - 1, most + 1].map((length) => pages([put(length, keyLength)], small));
    expect([keyLength, near! - fits!, above! - fits!]).toEqual([keyLength, 1, 1]);
    expect(pages([put(0, keyLength)], small)).toBe(fits);
  }
});

it('Every record of a batch may lie on a leaf of its own, with branches of its own', () => {
  // Each deletion changes a leaf and what it is merged with; the branches above them exist once.
  expect(pages(times(100, remove), large)).toBeGreaterThanOrEqual(200 + 101);
  expect(pages(times(10, remove), large)).toBeGreaterThanOrEqual(20 + 60);
  // No more than all pages are written.
  expect(pages(times(1_000_000, remove), large)).toBeLessThanOrEqual(1.1 * (10_000 + 101));
  expect(pages(times(1_000_000, remove), large)).toBeGreaterThanOrEqual(10_000 + 101);
  // An insertion may split its leaf besides.
  expect(pages(times(100, put(10)), large)).toBeGreaterThanOrEqual(300 + 101);
  // Large values need their leaves too.
  expect(pages(times(100, put(5_000)), large)).toBeGreaterThanOrEqual(300 + 101 + 200);
});

it('Pages that are new are filled with records to a quarter at least', () => {
  const bytes = 100_000 * (10 + 8 + 2 + 4 + 100);
  const fewest = Math.ceil(bytes / (PAGE - 24));
  expect(pages(times(100_000, put(100)), small)).toBeGreaterThanOrEqual(fewest);
  expect(pages(times(100_000, put(100)), small)).toBeLessThanOrEqual(5 * fewest);
  // A batch of nothing but references to large values.
  const references = Math.ceil((100_000 * (10 + 8 + 2 + 8)) / (PAGE - 24));
  const values = 100_000 * 2;
  expect(pages(times(100_000, put(5_000)), small)).toBeGreaterThanOrEqual(values + references);
  expect(pages(times(100_000, put(5_000)), small)).toBeLessThanOrEqual(values * 1.1 + 5 * references);
});

it('The pages that are replaced are listed as free, 8 bytes each', () => {
  const written = pages(times(1_000_000, remove), large);
  expect(written - 10_000 - 101).toBeGreaterThanOrEqual((8 * 10_101) / PAGE);
});

it('Batches of one commit are added up', () => {
  const batch = times(100, put(5_000));
  const one = bytesNeeded([[...batch, ...batch]], large);
  expect(bytesNeeded([batch, batch], large)).toBe(one);
});

it('The sizes of an open database are those of its tree and of the list of free pages', () => {
  const tree = { pageSize: 512, treeDepth: 3, treeBranchPageCount: 5, treeLeafPageCount: 70, overflowPages: 9 };
  const free = { treeBranchPageCount: 1, treeLeafPageCount: 20, overflowPages: 300 };
  const database = { getStats: () => ({ ...tree, lastPageNumber: 99, free }) } as Parameters<typeof sizeOfOpen>[0];
  expect(sizeOfOpen(database)).toEqual({
    pageSize: 512,
    used: 51_200,
    depth: 3,
    branchPages: 5,
    leafPages: 70,
    freeListPages: 321,
  });
});
