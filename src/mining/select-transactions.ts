import { isFinalTx } from '../consensus/locks.ts';
import type { MempoolEntry } from '../mempool/entry.ts';
import type { Mempool } from '../mempool/mempool.ts';
import { feeAtRate } from '../mempool/policy/fee-rate.ts';
import { WITNESS_SCALE_FACTOR } from '../primitives/transaction.ts';
import { MaxHeap } from './max-heap.ts';

/** Limits on the transactions of a block template. */
export interface SelectionLimits {
  /** Exclusive limit of the total weight. */
  readonly weight: number;
  /** Exclusive limit of the total signature operation cost (BIP141). */
  readonly sigOpCost: number;
  /** Minimum fee rate in satoshis per 1,000 virtual bytes. */
  readonly minFeeRate: bigint;
  /** Height of the block, for lock times. */
  readonly height: number;
  /** Median time past of the block's parent, for lock times (BIP113). */
  readonly lockTime: number;
}

/** The parts of `Mempool` that transaction selection uses. */
export type EntrySource = Pick<Mempool, 'entries' | 'ancestors' | 'descendants'>;

/** An entry and its ancestors that are not selected yet. */
interface Package {
  readonly entry: MempoolEntry;
  readonly fees: bigint;
  readonly size: number;
  readonly sigOpCost: number;
  /** Satoshis per virtual byte: the lower of the rates of the package and of the entry alone. */
  readonly score: number;
}

/** Packages that do not fit, in a row, after which an almost full block is full (Core: MAX_CONSECUTIVE_FAILURES). */
const MAX_CONSECUTIVE_FAILURES = 1000;
/** Remaining weight at which a block is almost full (Core: BLOCK_FULL_ENOUGH_WEIGHT_DELTA). */
const ALMOST_FULL = 4000;

/**
 * Returns the most profitable transactions for a block, parents first: repeatedly selects the entry with the highest
 * ancestor fee rate, together with its unselected ancestors (Core: BlockAssembler::addPackageTxs).
 */
export function selectTransactions(mempool: EntrySource, limits: SelectionLimits): MempoolEntry[] {
  const selected = new Set<MempoolEntry>();
  // Packages of entries with selected ancestors. The heap may still contain outdated packages of these entries.
  const changed = new Map<MempoolEntry, Package>();
  const heap = new MaxHeap(Array.from(mempool.entries(), wholePackage));
  let { weight, sigOpCost } = limits;
  let failures = 0;

  for (let candidate = heap.pop(); candidate; candidate = heap.pop()) {
    const { entry, fees, size } = candidate;
    if (selected.has(entry) || (changed.get(entry) ?? candidate) !== candidate) continue;
    // All following packages pay less.
    if (fees < feeAtRate(limits.minFeeRate, size)) break;
    if (WITNESS_SCALE_FACTOR * size >= weight || candidate.sigOpCost >= sigOpCost) {
      if (++failures > MAX_CONSECUTIVE_FAILURES && weight < ALMOST_FULL) break;
      continue;
    }
    const members = missingMembers(mempool, entry, selected);
    if (!members.every(({ tx }) => isFinalTx(tx, limits.height, limits.lockTime))) continue;
    failures = 0;
    for (const member of members) {
      selected.add(member);
      weight -= member.tx.weight;
      sigOpCost -= member.sigOpCost;
    }
    for (const smaller of shrinkDescendants(mempool, members, selected, changed)) heap.push(smaller);
  }
  return [...selected];
}

function makePackage(entry: MempoolEntry, fees: bigint, size: number, sigOpCost: number): Package {
  const score = Math.min(Number(fees) / size, Number(entry.modifiedFee) / entry.vsize);
  return { entry, fees, size, sigOpCost, score };
}

function wholePackage(entry: MempoolEntry): Package {
  return makePackage(entry, entry.ancestorFees, entry.ancestorSize, entry.ancestorSigOpCost);
}

/** Returns the entry and its unselected ancestors, ancestors first. */
function missingMembers(
  mempool: EntrySource,
  entry: MempoolEntry,
  selected: ReadonlySet<MempoolEntry>,
): MempoolEntry[] {
  const members = [entry];
  for (const ancestor of mempool.ancestors(entry)) if (!selected.has(ancestor)) members.push(ancestor);
  return members.sort((a, b) => a.ancestorCount - b.ancestorCount);
}

/** Removes `members` from their descendants' packages; returns these (Core: UpdatePackagesForAdded). */
function shrinkDescendants(
  mempool: EntrySource,
  members: readonly MempoolEntry[],
  selected: ReadonlySet<MempoolEntry>,
  changed: Map<MempoolEntry, Package>,
): Iterable<Package> {
  const touched = new Map<MempoolEntry, Package>();
  for (const member of members) {
    for (const descendant of mempool.descendants(member)) {
      if (selected.has(descendant)) continue;
      const { fees, size, sigOpCost } = changed.get(descendant) ?? wholePackage(descendant);
      const smaller = makePackage(
        descendant,
        fees - member.modifiedFee,
        size - member.vsize,
        sigOpCost - member.sigOpCost,
      );
      changed.set(descendant, smaller);
      touched.set(descendant, smaller);
    }
  }
  return touched.values();
}
