import { toReversedHex } from '../../bytes/hex.ts';
import type { BlockReject } from '../../consensus/block-check.ts';
import type { BlockRejectKind } from '../../consensus/reject.ts';
import type { BlockIndex } from '../tree/block-index.ts';
import { type ChainState, emit } from './state.ts';

/** Logged at debug level: these do not prove a block invalid, or cost the sender nothing to repeat. */
const quietKinds: ReadonlySet<BlockRejectKind> = new Set(['missing-prev', 'time-future', 'cached-invalid', 'low-work']);

/** A rejected block and its source. */
export interface RejectedBlock {
  readonly hash: Uint8Array;
  /** Undefined if the parent is unknown. */
  readonly height: number | undefined;
  /** Undefined if its header is not in the block tree. */
  readonly index: BlockIndex | undefined;
  /** The block's source; see `AcceptBlockOptions`. */
  readonly from: string | undefined;
}

/** Logs a rejected block and emits `blockChecked`. */
export function reportReject(state: ChainState, rejected: RejectedBlock, reject: BlockReject): void {
  const { hash, height, index, from } = rejected;
  const { kind, reason, debug } = reject;
  const fields = { block: toReversedHex(hash), height, from, reason, debug };
  if (quietKinds.has(kind)) state.logger.debug(fields, 'rejected block');
  else state.logger.warn(fields, 'rejected invalid block');
  emit(state, 'blockChecked', { hash, ...(index && { index }), reject });
}
