import { type BlockIndex, lastCommonAncestor } from './block-index.ts';

/** The chain from genesis to the tip, by height (Core: CChain). */
export class ActiveChain {
  readonly #blocks: BlockIndex[] = [];

  get tip(): BlockIndex {
    return this.#blocks[this.#blocks.length - 1]!;
  }

  at(height: number): BlockIndex | undefined {
    return this.#blocks[height];
  }

  contains(index: BlockIndex): boolean {
    return this.#blocks[index.height] === index;
  }

  /** The last block that the path to `index` shares with this chain. */
  findFork(index: BlockIndex): BlockIndex {
    return this.contains(index) ? index : lastCommonAncestor(index, this.tip);
  }

  /** Puts a child of the tip, or genesis, on top. */
  push(index: BlockIndex): void {
    this.#blocks.push(index);
  }

  /** Takes the tip away. */
  pop(): void {
    this.#blocks.pop();
  }

  /** Makes the path to `tip` this chain. */
  setTip(tip: BlockIndex): void {
    this.#blocks.length = tip.height + 1;
    for (let at: BlockIndex | undefined = tip; at && this.#blocks[at.height] !== at; at = at.prev) {
      this.#blocks[at.height] = at;
    }
  }
}

/** Hashes of `from` and of blocks before it, ten one by one and then ever farther apart, genesis last. */
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
