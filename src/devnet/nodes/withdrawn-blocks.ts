import { toReversedHex } from '../../bytes/hex.ts';

/** A block with its ancestors. */
interface LinkedBlock {
  /** In internal byte order. */
  readonly hash: Uint8Array;
  readonly prev: LinkedBlock | undefined;
}

/**
 * The blocks that a network had before it was reverted. Peers outside of it, which keep them, would send them again: nodes
 * refuse what they do not have any more.
 */
export class WithdrawnBlocks {
  /** As hex, in the order of RPC. */
  readonly #hashes = new Set<string>();

  /** Adds a block and its ancestors, also those that stay: a node that has a block does not ask. */
  add(tip: LinkedBlock): void {
    for (let at: LinkedBlock | undefined = tip; at && !this.has(at.hash); at = at.prev) {
      this.#hashes.add(toReversedHex(at.hash));
    }
  }

  /** The hashes of all blocks, as hex in the order of RPC. */
  get hashes(): ReadonlySet<string> {
    return this.#hashes;
  }

  /** Returns whether a block, by hash in internal byte order, was added. */
  has(hash: Uint8Array): boolean {
    return this.#hashes.size > 0 && this.#hashes.has(toReversedHex(hash));
  }
}
