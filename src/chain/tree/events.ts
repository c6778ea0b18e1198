import type { BlockReject } from '../../consensus/block-check.ts';
import type { Coin } from '../../consensus/coins.ts';
import type { Block } from '../../primitives/block.ts';
import type { BlockIndex } from './block-index.ts';

/** Events of `Chain`. Listeners run synchronously, in the state the event describes (Core: CValidationInterface). */
export type ChainEvents = {
  /** `index` is the new tip; `undo` has, for each transaction but the coinbase, the coins that its inputs spend. */
  blockConnected: {
    readonly index: BlockIndex;
    readonly block: Block;
    readonly undo: readonly (readonly Coin[])[];
    /** The block's source, as given to `acceptBlock`; undefined for a block that an earlier run has stored. */
    readonly from?: string | undefined;
  };
  /** `index` was disconnected; its parent is the tip. */
  blockDisconnected: { readonly index: BlockIndex; readonly block: Block };
  /**
   * The best chain has been activated; `fork` is the last common ancestor of `tip` and `previous`, the tip before. All
   * three are the same block if a reorganisation to an invalid branch was undone (Core: UpdatedBlockTip).
   */
  tip: { readonly tip: BlockIndex; readonly fork: BlockIndex; readonly previous: BlockIndex };
  /** A child of the tip was stored; its inputs and scripts are not checked yet (Core: NewPoWValidBlock). */
  blockStored: { readonly index: BlockIndex; readonly block: Block };
  /** The best header has changed. */
  header: { readonly best: BlockIndex };
  /** A block was connected, or found invalid (then `reject` is set). */
  blockChecked: { readonly hash: Uint8Array; readonly index?: BlockIndex; readonly reject?: BlockReject };
  /** The store has failed or is corrupt, so the chain is unusable. Emitted once. */
  failed: { readonly error: unknown };
};
