import { toReversedHex } from '../../bytes/hex.ts';

/** A block with its ancestors. */
interface LinkedBlock {
  readonly hashHex: string;
  readonly prev: LinkedBlock | undefined;
}

/**
 * The blocks that a network had before it was reverted. Peers outside of it, which keep them, would send them again: nodes
 * refuse what they do not have any more.
 */
export class WithdrawnBlocks {
  /** Hashes as hex. */
  readonly #hashes = new Set<string>();

  /** Adds a block and its ancestors, also those that stay: a node that has a block does not ask. */
  add(tip: LinkedBlock): void {
    for (let at: LinkedBlock | undefined = tip; at && !this.#hashes.has(at.hashHex); at = at.prev) {
      this.#hashes.add(at.hashHex);
    }
  }

  /** Returns whether a block, by hash in internal byte order, was added. */
  has(hash: Uint8Array): boolean {
    return this.#hashes.size > 0 && this.#hashes.has(toReversedHex(hash));
  }
}
