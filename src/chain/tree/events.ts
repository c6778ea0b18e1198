import type { BlockReject } from '../../consensus/block-check.ts';
import type { Coin } from '../../consensus/coins.ts';
import type { Block } from '../../primitives/block.ts';
import type { BlockIndex } from './block-index.ts';

/** What the chain reports. While a listener runs, the chain stands where the event says. */
export type ChainEvents = {
  /** `index` is the new tip; `undo` is what it spends: for each transaction but the coinbase, the coins of its inputs. */
  blockConnected: {
    readonly index: BlockIndex;
    readonly block: Block;
    readonly undo: readonly (readonly Coin[])[];
  };
  /** `index` was the tip; its parent is, now. */
  blockDisconnected: { readonly index: BlockIndex; readonly block: Block };
  /**
   * The chain has come to rest after it had moved; `fork` is the last block that the tip and `previous`, the one before, have
   * in common. All three are the same where blocks were taken away for a branch that turned out invalid, and put back.
   */
  tip: { readonly tip: BlockIndex; readonly fork: BlockIndex; readonly previous: BlockIndex };
  /** A block on the tip has been stored whose header and contents agree; neither its inputs nor scripts are judged yet. */
  blockStored: { readonly index: BlockIndex; readonly block: Block };
  /** Another header than before has the most work. */
  header: { readonly best: BlockIndex };
  /** A block was found valid, being connected, or invalid. */
  blockChecked: { readonly hash: Uint8Array; readonly index?: BlockIndex; readonly reject?: BlockReject };
  /** The store has failed, or does not hold what it should: the chain cannot be relied upon any more. Told once. */
  failed: { readonly error: unknown };
};
