import { type BlockReject, checkBlock, checkBlockContext } from '../../consensus/block-check.ts';
import type { Block } from '../../primitives/block.ts';
import type { BlockIndex } from '../tree/block-index.ts';
import { acceptHeaders } from './accept-header.ts';
import { markInvalid } from './activate-best-chain.ts';
import { tellRefusal } from './report-reject.ts';
import { type ChainState, emit } from './state.ts';

export interface AcceptBlockOptions {
  /** Whether this node asked for the block, or made it (default): then it is stored however little its work is worth. */
  readonly requested?: boolean;
  /** A header that is not known yet must lead to a chain of this much work; default 0. */
  readonly minimumWork?: bigint;
  /** Who gives it, for the log: `peer 3`, or the name of an RPC method. */
  readonly from?: string;
}

export interface AcceptBlockResult {
  /** The block's place in the tree, where its header is valid. */
  readonly index?: BlockIndex;
  /** The body was not there before, and is stored now. */
  readonly isNew: boolean;
  /** Why the block is invalid, as far as that is known: not before all blocks below it have been connected. */
  readonly reject?: BlockReject;
}

/** Core's MIN_BLOCKS_TO_KEEP: a block nobody asked for may be this far above the tip. */
const MAX_UNREQUESTED_AHEAD = 288;

/**
 * The first stages of a block: the checks that need no unspent outputs, then its body is stored, whether or not its
 * parents have come (Core: AcceptBlock). Whether it is connected shows when the best chain has been activated.
 */
export function receiveBlock(
  state: ChainState,
  block: Block,
  { requested = true, minimumWork, from }: AcceptBlockOptions,
): AcceptBlockResult {
  const { tree, active, db, params } = state;
  const refuse = (index: BlockIndex | undefined, reject: BlockReject): AcceptBlockResult => {
    const { hash, header } = block;
    const prev = tree.get(header.prevHash);
    tellRefusal(state, { hash, height: prev && prev.height + 1, index, from }, reject);
    return { ...(index && { index }), isNew: false, reject };
  };

  // A fault found here never marks the header: should there be an unknown way to spoil a valid block, its valid form
  // is still welcome.
  const refusal = checkBlock(block, params);
  if (refusal) return refuse(tree.get(block.hash), refusal);

  const header = acceptHeaders(state, [block.header], minimumWork);
  if (header.reject) return refuse(tree.get(block.hash), header.reject);
  const index = header.last!;
  if (index.hasData || (!requested && !isWorthStoring(state, index))) return { index, isNew: false };

  const inContext = index.prev && checkBlockContext(block, index.prev, params);
  if (inContext) {
    if (inContext.kind !== 'mutated') markInvalid(state, index);
    return refuse(index, inContext);
  }

  db.putBody(index, block.encode());
  state.unconnected.put(index, block);
  if (from !== undefined) state.sources.set(index, from);
  tree.received(index, block.transactions.length, active.tip);
  if (index.prev === active.tip) emit(state, 'blockStored', { index, block });
  return { index, isNew: true };
}

/** Whether to store a block nobody asked for: it must be about to be of use, or anybody could fill the disk. */
function isWorthStoring({ active: { tip }, params }: ChainState, index: BlockIndex): boolean {
  return (
    index.chainwork >= tip.chainwork &&
    index.height <= tip.height + MAX_UNREQUESTED_AHEAD &&
    index.chainwork >= params.minimumChainWork
  );
}
