import type { ChainParams } from '../../consensus/params.ts';
import type { BlockHeader } from '../../primitives/header.ts';

/** A header in its place in a chain whose rules have been checked up to it. */
export interface VerifiedHeader {
  readonly header: BlockHeader;
  /** 32 bytes, internal order. */
  readonly hash: Uint8Array;
  readonly height: number;
  /** Expected hashes from the first header that was checked to this one. */
  readonly chainwork: bigint;
}

/** A chain of headers that somebody has checked: a light node's (`HeaderChain`), or one that was shown (`ShownChain`). */
export interface VerifiedChain {
  readonly params: ChainParams;
  readonly tip: VerifiedHeader;
  /** How many headers before the first one were not seen, but are taken on trust; none if absent. */
  readonly unseen?: number;
  atHeight(height: number): VerifiedHeader | undefined;
}
