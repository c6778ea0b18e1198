import { type BlockIndex, lastCommonAncestor } from './block-index.ts';

/** The active chain, from genesis to the tip (Core: CChain). */
export class ActiveChain {
  readonly #blocks: BlockIndex[] = [];

  /** The last block. */
  get tip(): BlockIndex {
    return this.#blocks[this.#blocks.length - 1]!;
  }

  /** Returns the block at `height`. */
  at(height: number): BlockIndex | undefined {
    return this.#blocks[height];
  }

  /** Returns whether `index` is in this chain. */
  contains(index: BlockIndex): boolean {
    return this.#blocks[index.height] === index;
  }

  /** Returns the last common ancestor of `index` and this chain (Core: FindFork). */
  findFork(index: BlockIndex): BlockIndex {
    return this.contains(index) ? index : lastCommonAncestor(index, this.tip);
  }

  /** Appends a child of the tip, or genesis. */
  push(index: BlockIndex): void {
    this.#blocks.push(index);
  }

  /** Removes the tip. */
  pop(): void {
    this.#blocks.pop();
  }

  /** Replaces the chain by the one that ends at `tip`. */
  setTip(tip: BlockIndex): void {
    this.#blocks.length = tip.height + 1;
    for (let at: BlockIndex | undefined = tip; at && this.#blocks[at.height] !== at; at = at.prev) {
      this.#blocks[at.height] = at;
    }
  }
}

/** Returns the hashes of `from`, ten ancestors, more at doubling distances, and genesis (Core: LocatorEntries). */
export function blockLocator(from: BlockIndex): Uint8Array[] {
  const hashes: Uint8Array[] = [];
  let step = 1;
  for (let at: BlockIndex | undefined = from; at; ) {
    hashes.push(at.hash);
    if (at.height === 0) break;
    at = at.ancestor(Math.max(at.height - step, 0));
    if (hashes.length > 10) step *= 2;
  }
  return hashes;
}
