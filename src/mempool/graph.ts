import { binaryKey } from '../bytes/compare.ts';
import { coinKey, type OutPoint, outPointKey } from '../primitives/outpoint.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { MutableEntry } from './entry.ts';

/** Entries by txid, wtxid and the outputs they spend, linked to their parents and children. */
export class MempoolGraph {
  readonly #byTxid = new Map<string, MutableEntry>();
  readonly #byWtxid = new Map<string, MutableEntry>();
  readonly #spenders = new Map<string, MutableEntry>();
  #nextSequence = 1;
  #bytes = 0;
  #usage = 0;
  #totalFee = 0n;

  get size(): number {
    return this.#byTxid.size;
  }

  /** Sum of the virtual sizes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of memory. */
  get usage(): number {
    return this.#usage;
  }

  /** Satoshis, without what `prioritise` added. */
  get totalFee(): bigint {
    return this.#totalFee;
  }

  get(txid: Uint8Array): MutableEntry | undefined {
    return this.#byTxid.get(binaryKey(txid));
  }

  getByWtxid(wtxid: Uint8Array): MutableEntry | undefined {
    return this.#byWtxid.get(binaryKey(wtxid));
  }

  /** The entry that spends `outpoint`. */
  spender(outpoint: OutPoint): MutableEntry | undefined {
    return this.#spenders.get(outPointKey(outpoint));
  }

  /** The entries that spend an output of `tx`, which need not be here. */
  *spendersOf(tx: Transaction): IterableIterator<MutableEntry> {
    const key = binaryKey(tx.txid);
    for (let vout = 0; vout < tx.outputs.length; vout++) {
      const spender = this.#spenders.get(coinKey(key, vout));
      if (spender) yield spender;
    }
  }

  /** In the order of arrival. */
  entries(): IterableIterator<MutableEntry> {
    return this.#byTxid.values();
  }

  /** The entries whose outputs `entry` spends, whether or not it has been added. */
  findParents(entry: MutableEntry): Set<MutableEntry> {
    const parents = new Set<MutableEntry>();
    for (const { prevout } of entry.tx.inputs) {
      const parent = this.get(prevout.txid);
      if (parent) parents.add(parent);
    }
    return parents;
  }

  /** The parents of `entry`, which need not have been added, and theirs. */
  findAncestors(entry: MutableEntry): Set<MutableEntry> {
    const ancestors = this.findParents(entry);
    for (const ancestor of ancestors) for (const parent of ancestor.parents) ancestors.add(parent);
    return ancestors;
  }

  /**
   * Adds an entry whose parents are there and whose inputs no entry spends. Children that are there already are not
   * linked: see `adopt`.
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
   * Removes an entry and its part in the sums of others. All of its ancestors or all of its descendants must have
   * left before it, or it would cut a family in two whose sums know of each other. Returns its ancestors, whose sums
   * have changed.
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
   * Links entries that came back after their children, when a block was disconnected, and sums both families anew.
   * Returns every entry whose sums have changed.
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
    const adopters = [...changed];
    for (const adopter of adopters) {
      for (const relative of ancestorsOf(adopter)) changed.add(relative);
      for (const relative of descendantsOf(adopter)) changed.add(relative);
    }
    for (const entry of changed) recomputeSums(entry);
    return changed;
  }

  /** Changes what an entry counts as paying. */
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

/** Everything reachable from `start` by `next`, without `start`. */
function reachable<T>(start: T, next: (from: T) => ReadonlySet<T>): Set<T> {
  const found = new Set<T>(next(start));
  // A set yields what is added to it while it is iterated.
  for (const member of found) for (const further of next(member)) found.add(further);
  return found;
}

interface Linked<T> {
  readonly parents: ReadonlySet<T>;
  readonly children: ReadonlySet<T>;
}

/** All ancestors in the mempool, without the entry itself. */
export function ancestorsOf<T extends Linked<T>>(entry: T): Set<T> {
  return reachable(entry, (from) => from.parents);
}

/** All descendants in the mempool, without the entry itself. */
export function descendantsOf<T extends Linked<T>>(entry: T): Set<T> {
  return reachable(entry, (from) => from.children);
}

/** The entries and all of their descendants, children before their parents: an order in which they can be removed. */
export function withDescendants(entries: Iterable<MutableEntry>): MutableEntry[] {
  const all = new Set(entries);
  for (const entry of all) for (const child of entry.children) all.add(child);
  return [...all].sort((a, b) => b.ancestorCount - a.ancestorCount);
}
