import { binaryKey } from '../../bytes/compare.ts';
import { blockWork } from '../../consensus/pow.ts';
import type { BlockHeader } from '../../primitives/header.ts';
import { BlockIndex, isBetter } from './block-index.ts';

/** The tree of all known headers, and the candidates for the tip of the active chain (Core: BlockManager). */
export class BlockTree {
  readonly #indexes = new Map<string, BlockIndex>();
  /** Blocks whose body is stored, by the parent whose chain lacks a body (Core: m_blocks_unlinked). */
  readonly #waiting = new Map<BlockIndex, BlockIndex[]>();
  /**
   * Valid blocks with all bodies stored (Core: setBlockIndexCandidates). Those worse than the tip are removed when the
   * best chain is active.
   */
  readonly #candidates = new Set<BlockIndex>();
  /** Blocks whose records have changed since the last flush. */
  #dirty = new Set<BlockIndex>();
  #bestHeader: BlockIndex | undefined;
  // Loaded blocks have sequence 0 in the active chain and 1 elsewhere.
  #nextSequence = 2;
  #nextPreciousSequence = -1;

  /** Returns a tree of its own with the same blocks, of which none has changed or is a candidate. */
  copy(): BlockTree {
    const copy = new BlockTree();
    const copies = copy.#indexes;
    const copyOf = (index: BlockIndex) => copies.get(index.key)!;
    for (const index of this.#indexes.values()) copies.set(index.key, index.copy(index.prev && copyOf(index.prev)));
    for (const [parent, waiting] of this.#waiting) copy.#waiting.set(copyOf(parent), waiting.map(copyOf));
    copy.#bestHeader = this.#bestHeader && copyOf(this.#bestHeader);
    return copy;
  }

  /** Number of headers. */
  get size(): number {
    return this.#indexes.size;
  }

  /** The valid header with the most chainwork; its body may be missing (Core: m_best_header). */
  get bestHeader(): BlockIndex {
    return this.#bestHeader!;
  }

  /** Returns the block with this hash. */
  get(hash: Uint8Array): BlockIndex | undefined {
    return this.#indexes.get(binaryKey(hash));
  }

  /** Iterates over all blocks, parents before their children. */
  values(): IterableIterator<BlockIndex> {
    return this.#indexes.values();
  }

  /** Adds a new header; `hash` must be its hash. `prev` is undefined only for genesis (Core: AddToBlockIndex). */
  add(header: BlockHeader, hash: Uint8Array, prev: BlockIndex | undefined): BlockIndex {
    const index = this.restore(header, hash, prev);
    this.#considerHeader(index);
    this.markDirty(index);
    return index;
  }

  /** Adds a header from the store. After the last one, `findBestHeader` must be called. */
  restore(header: BlockHeader, hash: Uint8Array, prev: BlockIndex | undefined): BlockIndex {
    const index = BlockIndex.of(header, hash, prev, (prev?.chainwork ?? 0n) + blockWork(header.bits));
    this.#indexes.set(index.key, index);
    return index;
  }

  #considerHeader(index: BlockIndex): void {
    if (!index.failed && (!this.#bestHeader || index.chainwork > this.#bestHeader.chainwork)) this.#bestHeader = index;
  }

  /** Marks a block's record as changed. */
  markDirty(index: BlockIndex): void {
    this.#dirty.add(index);
  }

  /** Returns the changed blocks and resets the list. If writing them fails, the caller must call `markDirty` again. */
  takeDirty(): Set<BlockIndex> {
    const dirty = this.#dirty;
    this.#dirty = new Set();
    return dirty;
  }

  /**
   * Records that the body of `index` is stored; adds it and its unblocked descendants to the candidates (Core:
   * ReceivedBlockTransactions).
   */
  receivedTransactions(index: BlockIndex, txCount: number): void {
    index.txCount = txCount;
    index.hasData = true;
    this.markDirty(index);
    for (const linked of this.link(index)) {
      linked.sequence = this.#nextSequence++;
      if (!linked.failed) this.#candidates.add(linked);
    }
  }

  /**
   * Sets `chainTxCount` of `index` and the blocks waiting for it; returns
   * them, or none if an ancestor's body is missing.
   */
  link(index: BlockIndex): BlockIndex[] {
    const { prev } = index;
    if (prev && prev.chainTxCount === 0) {
      const waiting = this.#waiting.get(prev);
      if (waiting) waiting.push(index);
      else this.#waiting.set(prev, [index]);
      return [];
    }
    const linked = [index];
    for (let i = 0; i < linked.length; i++) {
      const at = linked[i]!;
      at.chainTxCount = (at.prev?.chainTxCount ?? 0) + at.txCount;
      const waiting = this.#waiting.get(at);
      if (!waiting) continue;
      this.#waiting.delete(at);
      linked.push(...waiting);
    }
    return linked;
  }

  /** Returns the best candidate, or the tip if it is valid and none is better (Core: FindMostWorkChain). */
  findMostWork(tip: BlockIndex): BlockIndex {
    let best = tip.failed ? undefined : tip;
    for (const candidate of this.#candidates) if (!best || isBetter(candidate, best)) best = candidate;
    return best!;
  }

  /** Removes candidates worse than the tip, but not the tip itself (Core: PruneBlockIndexCandidates). */
  pruneCandidates(tip: BlockIndex): void {
    for (const candidate of this.#candidates) if (isBetter(tip, candidate)) this.#candidates.delete(candidate);
  }

  /** Recomputes the candidates: all connectable blocks not worse than `base`, a valid block with all bodies stored. */
  collectCandidates(base: BlockIndex): void {
    this.#candidates.clear();
    for (const index of this.values()) {
      if (index.chainTxCount > 0 && !index.failed && !isBetter(base, index)) this.#candidates.add(index);
    }
  }

  /** Marks `root` and its descendants invalid. */
  markFailed(root: BlockIndex): void {
    for (const index of this.values()) {
      if (index.failed || index.ancestor(root.height) !== root) continue;
      index.failed = true;
      this.#candidates.delete(index);
      this.markDirty(index);
    }
    this.findBestHeader();
  }

  /** Removes the invalid mark from `root`, its ancestors and its descendants (Core: ResetBlockFailureFlags). */
  clearFailed(root: BlockIndex): void {
    for (const index of this.values()) {
      if (!index.failed) continue;
      if (root.ancestor(index.height) !== index && index.ancestor(root.height) !== root) continue;
      index.failed = false;
      this.markDirty(index);
    }
    this.findBestHeader();
  }

  /** Recomputes `bestHeader`. */
  findBestHeader(): void {
    this.#bestHeader = undefined;
    for (const index of this.values()) this.#considerHeader(index);
  }

  /** Prefers `index` over chains with equal work, including those preferred by earlier calls (Core: PreciousBlock). */
  prefer(index: BlockIndex): void {
    index.sequence = this.#nextPreciousSequence--;
    if (index.chainTxCount > 0 && !index.failed) this.#candidates.add(index);
  }

  /** Returns the tip and the leaves of all other branches, highest first (Core: `getchaintips`). */
  tips(tip: BlockIndex, isActive: (index: BlockIndex) => boolean): BlockIndex[] {
    const parents = new Set<BlockIndex>();
    const branches: BlockIndex[] = [];
    for (const index of this.values()) {
      if (isActive(index)) continue;
      branches.push(index);
      parents.add(index.prev!);
    }
    return [tip, ...branches.filter((index) => !parents.has(index))].sort((a, b) => b.height - a.height);
  }
}
