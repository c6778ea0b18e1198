import { feeRate, type KnownTransaction, type Timeline } from '../timeline.ts';

/** Virtual bytes of a block's transactions: a coinbase and the header take the rest (Core: DEFAULT_BLOCK_RESERVED_WEIGHT). */
export const BLOCK_VSIZE = 998_000;

/** Nodes whose mempools hold the same transactions. */
export interface MempoolGroup {
  readonly nodes: readonly string[];
  /** The best fee rate first. */
  readonly transactions: readonly KnownTransaction[];
}

/** A block that could be mined of a mempool. */
export interface FutureBlock {
  readonly transactions: readonly KnownTransaction[];
  readonly vsize: number;
}

/** The virtual bytes of a mempool whose fee rates are in a range. */
export interface FeeBucket {
  /** Satoshis per virtual byte; the range ends where the next one begins. */
  readonly from: number;
  readonly vsize: number;
}

/** A transaction and the nodes that know it. */
export interface ArrivalRow {
  readonly transaction: KnownTransaction;
  /** When the first mempool added it. */
  readonly first: number;
  /** Milliseconds after that for each node, in their order; undefined where it has not come. */
  readonly delays: readonly (number | undefined)[];
  /** Nodes whose mempools hold it. */
  readonly present: number;
}

/** How the rows of the matrix are ordered. */
export type RowOrder = 'newest' | 'rate';

/** A rectangle, in pixels. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const BUCKETS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500];

/** Returns the names of the nodes that have a mempool. */
export function mempoolNodes(timeline: Timeline): string[] {
  return [...timeline.nodes.values()].filter(({ role }) => role !== 'light').map(({ name }) => name);
}

/** Returns the mempools at a moment, the largest first; nodes with equal ones are together. */
export function mempoolsAt(timeline: Timeline, time: number): MempoolGroup[] {
  const sorted = [...timeline.transactions.values()].sort((a, b) => feeRate(b) - feeRate(a));
  const groups = new Map<string, { nodes: string[]; transactions: KnownTransaction[] }>();
  for (const name of mempoolNodes(timeline)) {
    const moment = timeline.nodeAt(name, time);
    if (!moment || moment.status === 'stopped') continue;
    const transactions = sorted.filter(({ stays }) => stays.isIn(name, time));
    const key = transactions.map(({ txid }) => txid.slice(-8)).join('');
    const known = groups.get(key);
    if (known) known.nodes.push(name);
    else groups.set(key, { nodes: [name], transactions });
  }
  return [...groups.values()].sort((a, b) => b.transactions.length - a.transactions.length);
}

/** Returns the blocks that would be mined of transactions whose best fee rate is first. */
export function futureBlocks(transactions: readonly KnownTransaction[]): FutureBlock[] {
  const blocks: { transactions: KnownTransaction[]; vsize: number }[] = [];
  for (const transaction of transactions) {
    const { vsize = 0 } = transaction;
    let last = blocks.at(-1);
    if (!last || (last.vsize + vsize > BLOCK_VSIZE && last.transactions.length > 0)) {
      last = { transactions: [], vsize: 0 };
      blocks.push(last);
    }
    last.transactions.push(transaction);
    last.vsize += vsize;
  }
  return blocks;
}

/** Returns the virtual bytes by fee rate, from the lowest rate that there is to the highest. */
export function feeHistogram(transactions: readonly KnownTransaction[]): FeeBucket[] {
  const sizes = BUCKETS.map(() => 0);
  for (const transaction of transactions) {
    const rate = feeRate(transaction);
    sizes[BUCKETS.findLastIndex((from) => rate >= from)]! += transaction.vsize ?? 0;
  }
  const [first, last] = [sizes.findIndex((size) => size > 0), sizes.findLastIndex((size) => size > 0)];
  return first < 0 ? [] : BUCKETS.slice(first, last + 1).map((from, i) => ({ from, vsize: sizes[first + i]! }));
}

/** Returns which nodes knew which transactions at a moment, `count` of them at most, and how many there are. */
export function arrivalsAt(
  timeline: Timeline,
  time: number,
  { order, count }: { readonly order: RowOrder; readonly count: number },
): { readonly rows: readonly ArrivalRow[]; readonly total: number } {
  const nodes = mempoolNodes(timeline);
  const known: { transaction: KnownTransaction; first: number }[] = [];
  for (const transaction of timeline.transactions.values()) {
    const { first } = transaction.stays;
    if (first <= time) known.push({ transaction, first });
  }
  known.sort((a, b) =>
    order === 'newest' ? b.first - a.first : feeRate(b.transaction) - feeRate(a.transaction) || b.first - a.first,
  );
  const rows = known.slice(0, count).map(({ transaction, first }) => {
    const delays = nodes.map((node) => {
      const added = transaction.stays.get(node)?.added;
      return added === undefined || added > time ? undefined : added - first;
    });
    return { transaction, first, delays, present: nodes.filter((node) => transaction.stays.isIn(node, time)).length };
  });
  return { rows, total: known.length };
}

/** Returns how strong the shade of an arrival is: 1 for the first node, less the later it came, and never nothing. */
export function shadeOf(delay: number): number {
  return Math.max(0.2, 1 - Math.log10(1 + Math.max(0, delay)) / 5);
}

/** Divides a rectangle into parts of such sizes, in rows, so that they are nearly square (an ordered treemap). */
export function layOutSquares(sizes: readonly number[], width: number, height: number): Rectangle[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total <= 0) return [];
  const scale = (width * height) / total;
  const placed: Rectangle[] = [];
  let y = 0;
  for (let start = 0; start < sizes.length; ) {
    let [end, area, worst] = [start, 0, Number.POSITIVE_INFINITY];
    // A row grows as long as its last part becomes squarer.
    while (end < sizes.length) {
      const next = area + sizes[end]! * scale;
      const rowHeight = next / width;
      const side = (sizes[end]! * scale) / Math.max(rowHeight, 1e-9);
      const ratio = Math.max(side / rowHeight, rowHeight / side);
      if (end > start && ratio > worst) break;
      [area, worst] = [next, ratio];
      end++;
    }
    const rowHeight = area / width;
    let x = 0;
    for (let i = start; i < end; i++) {
      const part = (sizes[i]! * scale) / Math.max(rowHeight, 1e-9);
      placed.push({ x, y, width: part, height: rowHeight });
      x += part;
    }
    y += rowHeight;
    start = end;
  }
  return placed;
}
