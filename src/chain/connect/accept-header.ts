import { type BlockReject, checkHeader, checkHeaderContext } from '../../consensus/block-check.ts';
import { blockWork } from '../../consensus/pow.ts';
import { reject } from '../../consensus/reject.ts';
import { unixSeconds } from '../../platform/clock.ts';
import type { BlockHeader } from '../../primitives/header.ts';
import type { BlockIndex } from '../tree/block-index.ts';
import type { AcceptHeadersResult } from '../tree/header-view.ts';
import { type ChainState, emit } from './state.ts';

/** The parts of `ChainState` that header validation needs. */
type HeaderState = Pick<ChainState, 'tree' | 'params' | 'clock'>;

/**
 * Adds a header to the tree, unless it is already there, is invalid or has less chainwork than `minimumWork` (Core:
 * AcceptBlockHeader).
 */
function acceptHeader(
  state: HeaderState,
  header: BlockHeader,
  minimumWork = 0n,
):
  | { readonly index: BlockIndex; readonly reject?: undefined }
  | { readonly index?: BlockIndex; readonly reject: BlockReject } {
  const { tree, params } = state;
  const known = tree.get(header.hash);
  if (known) {
    if (!known.failed) return { index: known };
    const debug = `block ${header.hashHex} was previously marked invalid`;
    return { index: known, reject: reject('cached-invalid', 'duplicate-invalid', debug) };
  }
  const invalid = checkHeader(header, params);
  if (invalid) return { reject: invalid };
  const prev = tree.get(header.prevHash);
  if (!prev) return { reject: reject('missing-prev', 'prev-blk-not-found') };
  if (prev.failed) return { reject: reject('invalid-prev', 'bad-prevblk') };
  const inContext = checkHeaderContext(header, prev, params, unixSeconds(state.clock));
  if (inContext) return { reject: inContext };
  if (prev.chainwork + blockWork(header.bits) < minimumWork) {
    return { reject: reject('low-work', 'too-little-chainwork') };
  }
  return { index: tree.add(header, header.hash, prev) };
}

/** Adds headers, each the child of the previous one, until one is rejected; emits `header` if the best one changes. */
export function acceptHeaders(
  state: ChainState,
  headers: readonly BlockHeader[],
  minimumWork?: bigint,
): AcceptHeadersResult {
  const { tree } = state;
  const before = tree.bestHeader;
  const result = addHeaders(state, headers, minimumWork);
  if (tree.bestHeader !== before) emit(state, 'header', { best: tree.bestHeader });
  return result;
}

/** Same as `acceptHeaders`, without events. */
export function addHeaders(
  state: HeaderState,
  headers: readonly BlockHeader[],
  minimumWork?: bigint,
): AcceptHeadersResult {
  const { tree } = state;
  const sizeBefore = tree.size;
  let last: BlockIndex | undefined;
  let rejected: BlockReject | undefined;
  for (const header of headers) {
    const result = acceptHeader(state, header, minimumWork);
    rejected = result.reject;
    if (result.reject) break;
    last = result.index;
  }
  return { ...(last && { last }), added: tree.size - sizeBefore, ...(rejected && { reject: rejected }) };
}
