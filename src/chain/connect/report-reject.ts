import { toReversedHex } from '../../bytes/hex.ts';
import type { BlockReject } from '../../consensus/block-check.ts';
import type { BlockRejectKind } from '../../consensus/reject.ts';
import type { BlockIndex } from '../tree/block-index.ts';
import { type ChainState, emit } from './state.ts';

/** Refusals that are no news, or may be taken back: whoever sends such blocks makes no noise by it. */
const quiet: ReadonlySet<BlockRejectKind> = new Set(['missing-prev', 'time-future', 'cached-invalid', 'low-work']);

export interface RefusedBlock {
  readonly hash: Uint8Array;
  /** Undefined where the parent is unknown. */
  readonly height: number | undefined;
  /** Its place in the tree, where it has one. */
  readonly index: BlockIndex | undefined;
  /** Who gave it to the chain. */
  readonly from: string | undefined;
}

/** Says that a block is refused: to the log, once whoever it came from, and to the listeners. */
export function tellRefusal(state: ChainState, refused: RefusedBlock, reject: BlockReject): void {
  const { hash, height, index, from } = refused;
  const { kind, reason, debug } = reject;
  const fields = { block: toReversedHex(hash), height, from, reason, debug };
  if (quiet.has(kind)) state.logger.debug(fields, 'refused a block');
  else state.logger.warn(fields, 'refused an invalid block');
  emit(state, 'blockChecked', { hash, ...(index && { index }), reject });
}
