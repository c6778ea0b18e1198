import { compareBytes } from '../../bytes/compare.ts';
import type { MutableEntry } from '../entry.ts';

/** Transactions that are mined together: modified fee in satoshis and size in virtual bytes (Core: FeeFrac). */
export interface Chunk {
  readonly fee: bigint;
  readonly vsize: number;
}

/**
 * Returns Core's error text if the replaced entries have clusters of more than two transactions, for which no fee rate
 * diagram is computed (Core: CheckConflictTopology).
 */
export function conflictTopologyError(replaced: Iterable<MutableEntry>): string | undefined {
  // Core's order, which decides which of several errors is returned.
  for (const entry of [...replaced].sort((a, b) => compareBytes(a.tx.txid, b.tx.txid))) {
    const { txidHex } = entry.tx;
    const ancestors = entry.ancestorCount - 1;
    const descendants = entry.descendantCount - 1;
    if (descendants > 1) return `${txidHex} has ${descendants} descendants, max 1 allowed`;
    if (ancestors > 1) return `${txidHex} has ${ancestors} ancestors, max 1 allowed`;
    if (ancestors > 0 && descendants > 0) {
      return `${txidHex} has both ancestor and descendant, exceeding cluster limit of 2`;
    }
    const [child] = entry.children;
    if (child && child.ancestorCount > 2) return `${txidHex} is not the only parent of child ${child.tx.txidHex}`;
    const [parent] = entry.parents;
    if (parent && parent.descendantCount > 2) return `${txidHex} is not the only child of parent ${parent.tx.txidHex}`;
  }
  return undefined;
}

/**
 * Returns whether replacing `replaced` by `added` makes the fee rate diagram of the mempool strictly better (Core:
 * ImprovesFeerateDiagram). `replaced` must have passed `conflictTopologyError`.
 */
export function improvesDiagram(replaced: readonly MutableEntry[], added: Chunk): boolean {
  const gone = new Set(replaced);
  const before: Chunk[] = [];
  const after: Chunk[] = [added];
  for (const entry of replaced) {
    const own = { fee: entry.modifiedFee, vsize: entry.vsize };
    const [parent] = entry.parents;
    if (parent && !gone.has(parent)) after.push({ fee: parent.modifiedFee, vsize: parent.vsize });
    // A parent is counted with its child.
    if (entry.children.size > 0) continue;
    if (!parent) {
      before.push(own);
    } else {
      const both = { fee: own.fee + parent.modifiedFee, vsize: own.vsize + parent.vsize };
      // One chunk if the child pays for its parent.
      if (isBetter(own, both)) before.push(both);
      else before.push(own, { fee: parent.modifiedFee, vsize: parent.vsize });
    }
  }
  return isAbove(diagram(after), diagram(before));
}

function isBetter(a: Chunk, b: Chunk): boolean {
  return a.fee * BigInt(b.vsize) > b.fee * BigInt(a.vsize);
}

/** Returns the points of cumulative fee over cumulative size, best chunk first; the diagram is linear between them. */
function diagram(chunks: readonly Chunk[]): Chunk[] {
  const points: Chunk[] = [{ fee: 0n, vsize: 0 }];
  let last = points[0]!;
  for (const { fee, vsize } of chunks.toSorted((a, b) => (isBetter(a, b) ? -1 : isBetter(b, a) ? 1 : 0))) {
    last = { fee: last.fee + fee, vsize: last.vsize + vsize };
    points.push(last);
  }
  return points;
}

/** Returns whether `line` is nowhere below `other` and somewhere above it (Core: CompareChunks). */
function isAbove(line: readonly Chunk[], other: readonly Chunk[]): boolean {
  let isSomewhereAbove = false;
  for (const { vsize } of [...line, ...other]) {
    const [fee, scale] = feeAt(line, vsize);
    const [otherFee, otherScale] = feeAt(other, vsize);
    const difference = fee * otherScale - otherFee * scale;
    if (difference < 0n) return false;
    if (difference > 0n) isSomewhereAbove = true;
  }
  return isSomewhereAbove;
}

/** Returns the cumulative fee at `vsize` as a fraction; the line is level beyond its end. */
function feeAt(line: readonly Chunk[], vsize: number): [numerator: bigint, denominator: bigint] {
  const end = line.findIndex((point) => point.vsize >= vsize);
  if (end < 0) return [line.at(-1)!.fee, 1n];
  if (end === 0) return [0n, 1n];
  const from = line[end - 1]!;
  const to = line[end]!;
  const width = BigInt(to.vsize - from.vsize);
  return [from.fee * width + (to.fee - from.fee) * BigInt(vsize - from.vsize), width];
}
