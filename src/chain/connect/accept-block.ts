import { type BlockReject, checkBlockContextInSteps, checkBlockInSteps } from '../../consensus/block-check.ts';
import type { Block } from '../../primitives/block.ts';
import type { BlockIndex } from '../tree/block-index.ts';
import { acceptHeaders } from './accept-header.ts';
import { markInvalid } from './activate-best-chain.ts';
import { reportReject } from './report-reject.ts';
import { type ChainState, emit } from './state.ts';

/** How a block reached the node. */
export interface AcceptBlockOptions {
  /** Whether this node requested or mined the block (default true); if so, it is stored even with too little work. */
  readonly requested?: boolean;
  /** Chainwork that an unknown header must reach; default 0 (Core: min_pow_checked). */
  readonly minimumWork?: bigint;
  /** The block's source for the log: `peer 3`, or the name of an RPC method. */
  readonly from?: string;
}

/** The outcome of `acceptBlock`. */
export interface AcceptBlockResult {
  /** Present if the block's header is in the block tree. */
  readonly index?: BlockIndex;
  /** Whether the body was stored by this call. */
  readonly isNew: boolean;
  /** Why the block is invalid, if known: full validation follows once its ancestors are connected. */
  readonly reject?: BlockReject;
}

/** Blocks above the tip up to which an unrequested block is stored (Core: MIN_BLOCKS_TO_KEEP). */
const MAX_UNREQUESTED_AHEAD = 288;

/**
 * Checks a block as far as possible without the UTXO set and stores its body, even if its ancestors' bodies are missing
 * (Core: AcceptBlock). `activateBestChain` must follow to connect it. Checks run in slices; no other block may be accepted
 * meanwhile.
 */
export async function acceptBlock(
  state: ChainState,
  block: Block,
  { requested = true, minimumWork, from }: AcceptBlockOptions,
): Promise<AcceptBlockResult> {
  const { tree, active, db, params, slices } = state;
  const rejected = (index: BlockIndex | undefined, reject: BlockReject): AcceptBlockResult => {
    const { hash, header } = block;
    const prev = tree.get(header.prevHash);
    reportReject(state, { hash, height: prev && prev.height + 1, index, from }, reject);
    return { ...(index && { index }), isNew: false, reject };
  };

  // A failure here never marks the header invalid: if there is an unknown way to mutate a valid block, the original
  // must still be accepted.
  const failure = await slices.run(checkBlockInSteps(block, params));
  if (failure) return rejected(tree.get(block.hash), failure);

  const header = acceptHeaders(state, [block.header], minimumWork);
  if (header.reject) return rejected(tree.get(block.hash), header.reject);
  const index = header.last!;
  if (index.hasData || (!requested && !isWorthStoring(state, index))) return { index, isNew: false };

  const inContext = index.prev && (await slices.run(checkBlockContextInSteps(block, index.prev, params)));
  if (inContext) {
    if (inContext.kind !== 'mutated') markInvalid(state, index);
    return rejected(index, inContext);
  }

  db.putBody(index, block.encode());
  state.unconnected.put(index, block);
  state.sources.set(index, from);
  tree.receivedTransactions(index, block.transactions.length);
  if (index.prev === active.tip) emit(state, 'blockStored', { index, block });
  return { index, isNew: true };
}

/** Returns whether to store an unrequested block: only with enough work near the tip, or peers could fill the disk. */
function isWorthStoring({ active: { tip }, params }: ChainState, index: BlockIndex): boolean {
  return (
    index.chainwork >= tip.chainwork &&
    index.height <= tip.height + MAX_UNREQUESTED_AHEAD &&
    index.chainwork >= params.minimumChainWork
  );
}
