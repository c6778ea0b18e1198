import type { BlockIndex } from '../chain/tree/block-index.ts';
import type { Peer } from '../p2p/peer/peer.ts';
import type { PeerFollower } from '../p2p/peer/peer-follower.ts';
import type { SpvHandlers } from './header-handlers.ts';
import type { Watcher } from './watcher.ts';

/** Counters of a scan since the node's start. */
export interface ScanCounts {
  /** Block filters checked (BIP157). */
  readonly filters: number;
  /** Merkle blocks checked (BIP37); absent for a scan by block filters. */
  readonly merkleBlocks?: number;
  /** Full blocks fetched. */
  readonly blocks: number;
  /** Blocks (with Bloom filters: transactions) that matched but do not concern the watcher. */
  readonly falsePositives: number;
}

/** Scans the blocks of a header chain for a watcher's transactions. */
export interface Scanner extends PeerFollower {
  /** The last scanned block. */
  readonly scanned: BlockIndex;
  readonly counts: ScanCounts;
  /** Number of peers the scan relies on: those that agree on all filter headers, or have our Bloom filter. */
  readonly filterPeers: number;
  readonly handlers: SpvHandlers;
  /** Returns the heights of the blocks requested from a peer. */
  inFlight?(peer: Peer): readonly number[];
  /** Sends the next requests, as far as headers and peers allow. */
  step(): void;
  /** Restarts the scan after `index`, or lets it go on if it is below. */
  rewindTo(index: BlockIndex): void;
  /** Handles a new tip. `fork` is the last block that the old and the new best chain share. */
  tipChanged(fork: BlockIndex, previous: BlockIndex): void;
}

/** Marks the blocks up to `scanned` as scanned. Returns the block after which the scan continues, but at most `limit`. */
export function resumePoint(watcher: Watcher, scanned: BlockIndex, limit?: BlockIndex): BlockIndex {
  for (let at = scanned; ; ) {
    watcher.scanned(at);
    const wanted = watcher.resumeAfter?.(at) ?? at;
    const next = limit && wanted.height > limit.height ? limit : wanted;
    if (next === at) return at;
    at = next;
  }
}
