import type { BlockReject } from '../../consensus/block-check.ts';
import type { ChainParams } from '../../consensus/params.ts';
import type { Emitter } from '../../platform/emitter.ts';
import type { BlockHeader } from '../../primitives/header.ts';
import type { BlockIndex } from './block-index.ts';
import type { ChainEvents } from './events.ts';

/** The outcome of adding headers. */
export interface AcceptHeadersResult {
  /** The last accepted header, whether or not it is new. */
  readonly last?: BlockIndex;
  /** Number of new headers. */
  readonly added: number;
  /** Why the header after `last` was rejected; later ones were not checked. */
  readonly reject?: BlockReject;
}

/** A chain of headers, with block bodies (`Chain`) or without (`HeaderChain`). */
export interface HeaderView {
  readonly params: ChainParams;
  /** `HeaderChain` emits only `header` and `tip`. */
  readonly events: Pick<Emitter<ChainEvents>, 'on'>;
  /** The tip of the active chain. */
  readonly tip: BlockIndex;
  /** The header with the most chainwork that is not known to be invalid. */
  readonly bestHeader: BlockIndex;
  /** Whether the tip lacks work or is old (Core: IsInitialBlockDownload). Once false, it stays false. */
  readonly isInitialBlockDownload: boolean;
  /** Returns the block with this hash (internal byte order), on any branch. */
  getIndex(hash: Uint8Array): BlockIndex | undefined;
  /** Returns the block of the active chain at `height`. */
  atHeight(height: number): BlockIndex | undefined;
  /** Returns whether a block is in the active chain. */
  contains(index: BlockIndex): boolean;
  /** Returns the last common ancestor of `index` and the active chain. */
  findFork(index: BlockIndex): BlockIndex;
  /** Returns the block locator of `from` (default: the tip). */
  locator(from?: BlockIndex): Uint8Array[];
  /** Adds headers, each the child of the previous one. */
  acceptHeaders(headers: readonly BlockHeader[]): AcceptHeadersResult;
}
