import { binaryKey } from '../../bytes/compare.ts';
import { blockWork } from '../../consensus/pow.ts';
import type { BlockHeader } from '../../primitives/header.ts';
import { BlockIndex, isBetter } from './block-index.ts';

/** All known headers as a tree, and which of their chains could become the active one. */
export class BlockTree {
  readonly #indexes = new Map<string, BlockIndex>();
  /** Bodies that wait for the body of the block which is the key. */
  readonly #waiting = new Map<BlockIndex, BlockIndex[]>();
  /** Blocks that no tip may be worse than: valid as far as known, with all bodies from genesis on. */
  readonly #candidates = new Set<BlockIndex>();
  /** What has changed since it was last written. */
  #dirty = new Set<BlockIndex>();
  #bestHeader: BlockIndex | undefined;
  // Blocks that were loaded have 0, if the tip's chain holds them, or 1.
  #nextSequence = 2;
  #nextPreciousSequence = -1;
  #preciousWork = -1n;

  get size(): number {
    return this.#indexes.size;
  }

  /** The tip of the chain of headers with the most work, bodies or no, that is not known to be invalid. */
  get bestHeader(): BlockIndex {
    return this.#bestHeader!;
  }

  get(hash: Uint8Array): BlockIndex | undefined {
    return this.#indexes.get(binaryKey(hash));
  }

  values(): IterableIterator<BlockIndex> {
    return this.#indexes.values();
  }

  /** Adds a header whose hash is `hash`, which must be new; `prev` is undefined for genesis only. */
  add(header: BlockHeader, hash: Uint8Array, prev: BlockIndex | undefined): BlockIndex {
    const index = this.restore(header, hash, prev);
    this.#considerHeader(index);
    this.touch(index);
    return index;
  }

  /** `add` for a header that the store holds already; `findBestHeader` must follow the last one. */
  restore(header: BlockHeader, hash: Uint8Array, prev: BlockIndex | undefined): BlockIndex {
    const index = new BlockIndex(header, hash, prev, (prev?.chainwork ?? 0n) + blockWork(header.bits));
    this.#indexes.set(index.key, index);
    return index;
  }

  #considerHeader(index: BlockIndex): void {
    if (!index.failed && (!this.#bestHeader || index.chainwork > this.#bestHeader.chainwork)) this.#bestHeader = index;
  }

  /** Marks what must be written. */
  touch(index: BlockIndex): void {
    this.#dirty.add(index);
  }

  /** Hands over the blocks that have changed; who cannot write them must `touch` them again. */
  takeDirty(): Set<BlockIndex> {
    const dirty = this.#dirty;
    this.#dirty = new Set();
    return dirty;
  }

  /** The body of `index`, of `txCount` transactions, is there: so it and those that waited for it may be connected. */
  received(index: BlockIndex, txCount: number, tip: BlockIndex | undefined): void {
    index.txCount = txCount;
    index.hasData = true;
    this.touch(index);
    for (const linked of this.link(index)) {
      linked.sequence = this.#nextSequence++;
      if (!linked.failed && (!tip || !isBetter(tip, linked))) this.#candidates.add(linked);
    }
  }

  /** Counts the transactions up to `index`, whose body is there, and up to those that waited for it; returns them. */
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

  /** The best block that the chain could end in: the tip itself if no candidate is better and it is valid. */
  mostWork(tip: BlockIndex): BlockIndex {
    let best = tip.failed ? undefined : tip;
    for (const candidate of this.#candidates) if (!best || isBetter(candidate, best)) best = candidate;
    return best!;
  }

  /** Forgets the candidates that are worse than the tip. The tip stays one: a better chain may turn out invalid. */
  pruneCandidates(tip: BlockIndex): void {
    for (const candidate of this.#candidates) if (isBetter(tip, candidate)) this.#candidates.delete(candidate);
  }

  /** Looks again for all blocks that may be better than `base`, a valid block with all its bodies, which is one too. */
  collectCandidates(base: BlockIndex): void {
    this.#candidates.clear();
    for (const index of this.values()) {
      if (index.chainTxCount > 0 && !index.failed && !isBetter(base, index)) this.#candidates.add(index);
    }
  }

  /** Marks `root` and all that descend from it as invalid. */
  markFailed(root: BlockIndex): void {
    for (const index of this.values()) {
      if (index.failed || index.height < root.height || index.ancestor(root.height) !== root) continue;
      index.failed = true;
      this.#candidates.delete(index);
      this.touch(index);
    }
    if (this.#bestHeader?.failed) this.findBestHeader();
  }

  /** Takes the mark from `root`, from all before it and from all that descend from it. */
  clearFailed(root: BlockIndex): void {
    for (const index of this.values()) {
      if (!index.failed) continue;
      const related =
        index.height < root.height ? root.ancestor(index.height) === index : index.ancestor(root.height) === root;
      if (!related) continue;
      index.failed = false;
      this.touch(index);
    }
    this.findBestHeader();
  }

  findBestHeader(): void {
    this.#bestHeader = undefined;
    for (const index of this.values()) this.#considerHeader(index);
  }

  /** Lets `index` win against chains of the same work, also against those for which this was called before. */
  prefer(index: BlockIndex, tip: BlockIndex): void {
    if (tip.chainwork > this.#preciousWork) this.#nextPreciousSequence = -1;
    this.#preciousWork = tip.chainwork;
    index.sequence = this.#nextPreciousSequence--;
    if (index.chainTxCount > 0 && !index.failed) this.#candidates.add(index);
  }

  /** Blocks without children on the same side of the active chain, as `getchaintips` lists them, and the tip. */
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
