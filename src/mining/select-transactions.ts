import { isFinalTx } from '../consensus/locks.ts';
import type { MempoolEntry } from '../mempool/entry.ts';
import type { Mempool } from '../mempool/mempool.ts';
import { feeAtRate } from '../mempool/policy/fee-rate.ts';
import { WITNESS_SCALE_FACTOR } from '../primitives/transaction.ts';
import { MaxHeap } from './max-heap.ts';

export interface SelectionLimits {
  /** Weight of all the transactions together must stay below this. */
  readonly weight: number;
  /** BIP141 cost of all signature operations must stay below this. */
  readonly sigOpCost: number;
  /** Satoshis per 1,000 virtual bytes; below it nothing is chosen. */
  readonly minFeeRate: bigint;
  /** Of the block, for lock times. */
  readonly height: number;
  /** The median time past of the block's parent, for lock times (BIP113). */
  readonly lockTime: number;
}

/** What is needed of a mempool. */
export type EntrySource = Pick<Mempool, 'entries' | 'ancestors' | 'descendants'>;

/** An entry together with those of its ancestors that have not been chosen yet. */
interface Package {
  readonly entry: MempoolEntry;
  readonly fees: bigint;
  readonly size: number;
  readonly sigOpCost: number;
  /** What a miner gains by it for each virtual byte; the entry alone may be worth less than with its ancestors. */
  readonly score: number;
}

/** After this many packages that did not fit in a row, an almost full block is full. */
const MAX_CONSECUTIVE_FAILURES = 1000;
/** Weight short of the limit at which a block is almost full. */
const ALMOST_FULL = 4000;

/**
 * The most profitable transactions of the mempool for one block, in an order that a block may have: always the package
 * of an entry and its missing ancestors with the best fee rate (Core: BlockAssembler::addPackageTxs).
 */
export function selectTransactions(mempool: EntrySource, limits: SelectionLimits): MempoolEntry[] {
  const chosen = new Set<MempoolEntry>();
  // Of entries some of whose ancestors have been chosen; the heap may still hold what they were before.
  const changed = new Map<MempoolEntry, Package>();
  const heap = new MaxHeap(Array.from(mempool.entries(), wholePackage));
  let { weight, sigOpCost } = limits;
  let failures = 0;

  for (let candidate = heap.pop(); candidate; candidate = heap.pop()) {
    const { entry, fees, size } = candidate;
    if (chosen.has(entry) || (changed.get(entry) ?? candidate) !== candidate) continue;
    // All that follow pay less.
    if (fees < feeAtRate(limits.minFeeRate, size)) break;
    if (WITNESS_SCALE_FACTOR * size >= weight || candidate.sigOpCost >= sigOpCost) {
      if (++failures > MAX_CONSECUTIVE_FAILURES && weight < ALMOST_FULL) break;
      continue;
    }
    const members = missingMembers(mempool, entry, chosen);
    if (!members.every(({ tx }) => isFinalTx(tx, limits.height, limits.lockTime))) continue;
    failures = 0;
    for (const member of members) {
      chosen.add(member);
      weight -= member.tx.weight;
      sigOpCost -= member.sigOpCost;
    }
    for (const smaller of shrinkDescendants(mempool, members, chosen, changed)) heap.push(smaller);
  }
  return [...chosen];
}

function makePackage(entry: MempoolEntry, fees: bigint, size: number, sigOpCost: number): Package {
  const score = Math.min(Number(fees) / size, Number(entry.modifiedFee) / entry.vsize);
  return { entry, fees, size, sigOpCost, score };
}

function wholePackage(entry: MempoolEntry): Package {
  return makePackage(entry, entry.ancestorFees, entry.ancestorSize, entry.ancestorSigOpCost);
}

/** The entry and its ancestors that have not been chosen, ancestors first. */
function missingMembers(mempool: EntrySource, entry: MempoolEntry, chosen: ReadonlySet<MempoolEntry>): MempoolEntry[] {
  const members = [entry];
  for (const ancestor of mempool.ancestors(entry)) if (!chosen.has(ancestor)) members.push(ancestor);
  return members.sort((a, b) => a.ancestorCount - b.ancestorCount);
}

/** Takes `members` out of the packages of their descendants; returns the packages that have changed. */
function shrinkDescendants(
  mempool: EntrySource,
  members: readonly MempoolEntry[],
  chosen: ReadonlySet<MempoolEntry>,
  changed: Map<MempoolEntry, Package>,
): Iterable<Package> {
  const touched = new Map<MempoolEntry, Package>();
  for (const member of members) {
    for (const descendant of mempool.descendants(member)) {
      if (chosen.has(descendant)) continue;
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
