import type { BlockReject } from '../../consensus/block-check.ts';
import type { ChainParams } from '../../consensus/params.ts';
import type { Emitter } from '../../platform/emitter.ts';
import type { BlockHeader } from '../../primitives/header.ts';
import type { BlockIndex } from './block-index.ts';
import type { ChainEvents } from './events.ts';

export interface AcceptHeadersResult {
  /** The last header that is known and valid, be it new or not. */
  readonly last?: BlockIndex;
  /** How many were new. */
  readonly added: number;
  /** Why the one after `last` was refused; those behind it were not looked at. */
  readonly reject?: BlockReject;
}

/** What who follows a chain by its headers needs of it, be their blocks known (`Chain`) or not (`HeaderChain`). */
export interface HeaderView {
  readonly params: ChainParams;
  /** Without their blocks, of what the chain reports only `header` and `tip` is told. */
  readonly events: Pick<Emitter<ChainEvents>, 'on'>;
  /** The end of the chain that is followed. */
  readonly tip: BlockIndex;
  /** The last of the headers with the most work that are not known to be invalid. */
  readonly bestHeader: BlockIndex;
  /** Whether the chain is still far behind (Core: IsInitialBlockDownload); once false it stays so. */
  readonly isInitialBlockDownload: boolean;
  /** The block with this hash (internal order), on whatever branch. */
  getIndex(hash: Uint8Array): BlockIndex | undefined;
  /** The block of the followed chain at `height`. */
  atHeight(height: number): BlockIndex | undefined;
  /** Whether a block is part of the followed chain. */
  contains(index: BlockIndex): boolean;
  /** The last block that the path to `index` shares with the followed chain. */
  findFork(index: BlockIndex): BlockIndex;
  /** Hashes by which a peer finds the last block that it shares with the path to `from` (default: the tip). */
  locator(from?: BlockIndex): Uint8Array[];
  /** Adds headers, each the child of the one before it. */
  acceptHeaders(headers: readonly BlockHeader[]): AcceptHeadersResult;
}
