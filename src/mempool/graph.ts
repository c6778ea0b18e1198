import { binaryKey } from '../bytes/compare.ts';
import { coinKey, type OutPoint, outPointKey } from '../primitives/outpoint.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { MutableEntry } from './entry.ts';

/** Mempool entries indexed by txid, wtxid and spent outpoints, with parent and child links (Core: CTxMemPool). */
export class MempoolGraph {
  readonly #byTxid = new Map<string, MutableEntry>();
  readonly #byWtxid = new Map<string, MutableEntry>();
  readonly #spenders = new Map<string, MutableEntry>();
  #nextSequence = 1;

  /** The sequence number of the next entry. */
  get nextSequence(): number {
    return this.#nextSequence;
  }

  #bytes = 0;
  #usage = 0;
  #totalFee = 0n;

  /** Number of entries. */
  get size(): number {
    return this.#byTxid.size;
  }

  /** Total virtual bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Approximate bytes of memory. */
  get usage(): number {
    return this.#usage;
  }

  /** Total fee in satoshis, without prioritisation. */
  get totalFee(): bigint {
    return this.#totalFee;
  }

  /** Returns the entry with this txid. */
  get(txid: Uint8Array): MutableEntry | undefined {
    return this.#byTxid.get(binaryKey(txid));
  }

  /** Returns the entry with this wtxid. */
  getByWtxid(wtxid: Uint8Array): MutableEntry | undefined {
    return this.#byWtxid.get(binaryKey(wtxid));
  }

  /** Returns the entry that spends `outpoint` (Core: GetConflictTx). */
  spender(outpoint: OutPoint): MutableEntry | undefined {
    return this.#spenders.get(outPointKey(outpoint));
  }

  /** Iterates over the entries that spend an output of `tx`, which need not be in the mempool. */
  *spendersOf(tx: Transaction): IterableIterator<MutableEntry> {
    const key = binaryKey(tx.txid);
    for (let vout = 0; vout < tx.outputs.length; vout++) {
      const spender = this.#spenders.get(coinKey(key, vout));
      if (spender) yield spender;
    }
  }

  /** Iterates over all entries, oldest first. */
  entries(): IterableIterator<MutableEntry> {
    return this.#byTxid.values();
  }

  /** Returns the entries whose outputs `entry` spends; `entry` itself need not have been added. */
  findParents(entry: MutableEntry): Set<MutableEntry> {
    const parents = new Set<MutableEntry>();
    for (const { prevout } of entry.tx.inputs) {
      const parent = this.get(prevout.txid);
      if (parent) parents.add(parent);
    }
    return parents;
  }

  /** Returns all ancestors of `entry`, which need not have been added. */
  findAncestors(entry: MutableEntry): Set<MutableEntry> {
    const ancestors = this.findParents(entry);
    for (const ancestor of ancestors) for (const parent of ancestor.parents) ancestors.add(parent);
    return ancestors;
  }

  /**
   * Adds an entry that conflicts with no other and whose parents have been added. Children that were added before it
   * are not linked; see `linkChildren`.
   */
  add(entry: MutableEntry, ancestors: ReadonlySet<MutableEntry>): void {
    entry.sequence = this.#nextSequence++;
    this.#byTxid.set(entry.key, entry);
    this.#byWtxid.set(binaryKey(entry.tx.wtxid), entry);
    for (const { prevout } of entry.tx.inputs) this.#spenders.set(outPointKey(prevout), entry);
    this.#bytes += entry.vsize;
    this.#usage += entry.usage;
    this.#totalFee += entry.fee;

    for (const parent of this.findParents(entry)) {
      entry.parents.add(parent);
      parent.children.add(entry);
    }
    for (const ancestor of ancestors) {
      addToAncestorSums(entry, ancestor, 1);
      addToDescendantSums(ancestor, entry, 1);
    }
  }

  /**
   * Removes an entry and updates the totals of its relatives. Either all its ancestors or all its descendants must have
   * been removed before, or these would keep counting each other. Returns its ancestors, whose totals have changed.
   */
  remove(entry: MutableEntry): ReadonlySet<MutableEntry> {
    const ancestors = ancestorsOf(entry);
    for (const ancestor of ancestors) addToDescendantSums(ancestor, entry, -1);
    for (const descendant of descendantsOf(entry)) addToAncestorSums(descendant, entry, -1);
    for (const parent of entry.parents) parent.children.delete(entry);
    for (const child of entry.children) child.parents.delete(entry);

    this.#byTxid.delete(entry.key);
    this.#byWtxid.delete(binaryKey(entry.tx.wtxid));
    for (const { prevout } of entry.tx.inputs) this.#spenders.delete(outPointKey(prevout));
    this.#bytes -= entry.vsize;
    this.#usage -= entry.usage;
    this.#totalFee -= entry.fee;
    return ancestors;
  }

  /**
   * Links re-added entries of disconnected blocks to children that were already in the mempool, and recomputes totals.
   * Returns all entries whose totals have changed (Core: UpdateTransactionsFromBlock).
   */
  linkChildren(entries: readonly MutableEntry[]): Set<MutableEntry> {
    const changed = new Set<MutableEntry>();
    for (const entry of entries) {
      for (const child of this.spendersOf(entry.tx)) {
        if (child.parents.has(entry)) continue;
        entry.children.add(child);
        child.parents.add(entry);
        changed.add(entry);
      }
    }
    const linked = [...changed];
    for (const entry of linked) {
      for (const relative of ancestorsOf(entry)) changed.add(relative);
      for (const relative of descendantsOf(entry)) changed.add(relative);
    }
    for (const entry of changed) recomputeSums(entry);
    return changed;
  }

  /** Adds `delta` satoshis to the modified fee of an entry. */
  changeFee(entry: MutableEntry, delta: bigint): void {
    entry.modifiedFee += delta;
    entry.ancestorFees += delta;
    entry.descendantFees += delta;
    for (const ancestor of ancestorsOf(entry)) ancestor.descendantFees += delta;
    for (const descendant of descendantsOf(entry)) descendant.ancestorFees += delta;
  }
}

function addToAncestorSums(entry: MutableEntry, ancestor: MutableEntry, sign: 1 | -1): void {
  entry.ancestorCount += sign;
  entry.ancestorSize += sign * ancestor.vsize;
  entry.ancestorSigOpCost += sign * ancestor.sigOpCost;
  entry.ancestorFees += sign > 0 ? ancestor.modifiedFee : -ancestor.modifiedFee;
}

function addToDescendantSums(entry: MutableEntry, descendant: MutableEntry, sign: 1 | -1): void {
  entry.descendantCount += sign;
  entry.descendantSize += sign * descendant.vsize;
  entry.descendantFees += sign > 0 ? descendant.modifiedFee : -descendant.modifiedFee;
}

function recomputeSums(entry: MutableEntry): void {
  entry.ancestorCount = 1;
  entry.ancestorSize = entry.vsize;
  entry.ancestorSigOpCost = entry.sigOpCost;
  entry.ancestorFees = entry.modifiedFee;
  for (const ancestor of ancestorsOf(entry)) addToAncestorSums(entry, ancestor, 1);
  entry.descendantCount = 1;
  entry.descendantSize = entry.vsize;
  entry.descendantFees = entry.modifiedFee;
  for (const descendant of descendantsOf(entry)) addToDescendantSums(entry, descendant, 1);
}

/** Returns all nodes reachable from `start` through `next`, without `start`. */
function reachable<T>(start: T, next: (from: T) => ReadonlySet<T>): Set<T> {
  const found = new Set<T>(next(start));
  // Iterating over a set also visits elements added meanwhile.
  for (const member of found) for (const further of next(member)) found.add(further);
  return found;
}

interface Linked<T> {
  readonly parents: ReadonlySet<T>;
  readonly children: ReadonlySet<T>;
}

/** Returns all in-mempool ancestors, without the entry itself. */
export function ancestorsOf<T extends Linked<T>>(entry: T): Set<T> {
  return reachable(entry, (from) => from.parents);
}

/** Returns all in-mempool descendants, without the entry itself. */
export function descendantsOf<T extends Linked<T>>(entry: T): Set<T> {
  return reachable(entry, (from) => from.children);
}

/** Returns the entries and all their descendants, children first as `MempoolGraph.remove` requires. */
export function withDescendants(entries: Iterable<MutableEntry>): MutableEntry[] {
  const all = new Set(entries);
  for (const entry of all) for (const child of entry.children) all.add(child);
  return [...all].sort((a, b) => b.ancestorCount - a.ancestorCount);
}
