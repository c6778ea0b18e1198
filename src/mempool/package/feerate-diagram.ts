import { compareBytes } from '../../bytes/compare.ts';
import type { MutableEntry } from '../entry.ts';

/** What is mined as one: its fee in satoshis, prioritisation included, and its size in virtual bytes. */
export interface Chunk {
  readonly fee: bigint;
  readonly vsize: number;
}

/**
 * Why no fee rate diagram can be drawn of what would go: families of more than two (Core: CheckConflictTopology).
 */
export function conflictTopologyError(replaced: Iterable<MutableEntry>): string | undefined {
  // In Core's order, which decides which of several faults is told.
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
 * Whether blocks of every size can hold as much in fees after `added` has replaced `replaced` as before, and some more
 * (Core: ImprovesFeerateDiagram). The families must be those that `conflictTopologyFault` lets pass.
 */
export function improvesDiagram(replaced: readonly MutableEntry[], added: Chunk): boolean {
  const gone = new Set(replaced);
  const before: Chunk[] = [];
  const after: Chunk[] = [added];
  for (const entry of replaced) {
    const own = { fee: entry.modifiedFee, vsize: entry.vsize };
    const [parent] = entry.parents;
    if (parent && !gone.has(parent)) after.push({ fee: parent.modifiedFee, vsize: parent.vsize });
    // A parent is drawn with its child.
    if (entry.children.size > 0) continue;
    if (!parent) {
      before.push(own);
    } else {
      const both = { fee: own.fee + parent.modifiedFee, vsize: own.vsize + parent.vsize };
      // Together where the child pays for its parent.
      if (isBetter(own, both)) before.push(both);
      else before.push(own, { fee: parent.modifiedFee, vsize: parent.vsize });
    }
  }
  return isAbove(diagram(after), diagram(before));
}

function isBetter(a: Chunk, b: Chunk): boolean {
  return a.fee * BigInt(b.vsize) > b.fee * BigInt(a.vsize);
}

/** Points of the sum of fees over size, from the best chunk to the worst; between them lines are straight. */
function diagram(chunks: readonly Chunk[]): Chunk[] {
  const points: Chunk[] = [{ fee: 0n, vsize: 0 }];
  let last = points[0]!;
  for (const { fee, vsize } of chunks.toSorted((a, b) => (isBetter(a, b) ? -1 : isBetter(b, a) ? 1 : 0))) {
    last = { fee: last.fee + fee, vsize: last.vsize + vsize };
    points.push(last);
  }
  return points;
}

/** Whether one line is nowhere below the other, and somewhere above it. */
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

/** The fees that fit into `vsize`, as a fraction; beyond its end a line is level. */
function feeAt(line: readonly Chunk[], vsize: number): [numerator: bigint, denominator: bigint] {
  const end = line.findIndex((point) => point.vsize >= vsize);
  if (end < 0) return [line.at(-1)!.fee, 1n];
  if (end === 0) return [0n, 1n];
  const from = line[end - 1]!;
  const to = line[end]!;
  const width = BigInt(to.vsize - from.vsize);
  return [from.fee * width + (to.fee - from.fee) * BigInt(vsize - from.vsize), width];
}
