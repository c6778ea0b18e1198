import type { BlockIndex } from '../chain/block-index.ts';
import type { Block } from '../primitives/block.ts';

/** Who looks for payments in a chain that is not there: a node's wallets. */
export interface Watcher {
  /** The last block that has been looked at, on the active chain. */
  start(): BlockIndex;
  /** From a block that has been looked at: the last one behind it before which there can be nothing. */
  skip?(scanned: BlockIndex): BlockIndex;
  /** The scripts of outputs that concern it; more may come with every block that is found. */
  scripts(): readonly Uint8Array[];
  /** Takes a block that may hold something; returns whether it did. */
  found(index: BlockIndex, block: Block): boolean;
  /** Everything up to here has been looked at. */
  scanned(index: BlockIndex): void;
}
