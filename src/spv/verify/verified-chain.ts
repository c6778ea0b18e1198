import type { ChainParams } from '../../consensus/params.ts';
import type { BlockHeader } from '../../primitives/header.ts';

/** A header of a chain that is validated up to it. */
export interface VerifiedHeader {
  readonly header: BlockHeader;
  /** 32 bytes, internal order. */
  readonly hash: Uint8Array;
  readonly height: number;
  /** Expected hashes from the first validated header up to this one. */
  readonly chainwork: bigint;
}

/** A validated header chain: a light node's (`HeaderChain`), or one from a proof file (`ProofChain`). */
export interface VerifiedChain {
  readonly params: ChainParams;
  readonly tip: VerifiedHeader;
  /** Height of the first header; those below it are trusted by a checkpoint. Absent for a chain from genesis. */
  readonly firstHeight?: number;
  /** Returns the header at a height; undefined outside the chain. */
  atHeight(height: number): VerifiedHeader | undefined;
}
