import type { BlockIndex } from '../chain/tree/block-index.ts';
import type { Peer } from '../p2p/peer/peer.ts';
import type { PeerFollower } from '../p2p/peer/peer-follower.ts';
import type { SpvHandlers } from './header-handlers.ts';

/** What a search has cost so far. */
export interface ScanCounts {
  /** Block filters that were looked at (BIP157). */
  readonly filters: number;
  /** Merkle blocks that were looked at (BIP37); absent where there are none. */
  readonly merkleBlocks?: number;
  /** Whole blocks that were fetched. */
  readonly blocks: number;
  /** Blocks, or by Bloom filters transactions, that were sent for nothing. */
  readonly falsePositives: number;
}

/** Looks through the blocks of a chain of headers for what its watcher waits for. */
export interface Scanner extends PeerFollower {
  /** The last block that was looked at. */
  readonly scanned: BlockIndex;
  readonly counts: ScanCounts;
  /** Peers that search, or tell what a search relies on, and have not been found to contradict each other. */
  readonly witnesses: number;
  readonly handlers: SpvHandlers;
  /** Heights of the blocks that a peer has been asked about. */
  inFlight?(peer: Peer): readonly number[];
  /** Goes on as far as it is known how. */
  step(): void;
  /** Goes on from `index`, which lies before what was scanned, or is on another branch. */
  setBack(index: BlockIndex): void;
  /** The best chain has moved; `fork` is the last block that it shares with the one before. */
  tipChanged(fork: BlockIndex, previous: BlockIndex): void;
}
