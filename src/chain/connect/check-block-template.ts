import { equalBytes } from '../../bytes/compare.ts';
import { type BlockReject, checkBlock, checkBlockContext, checkHeaderContext } from '../../consensus/block-check.ts';
import { reject } from '../../consensus/reject.ts';
import { unixSeconds } from '../../platform/clock.ts';
import type { Block } from '../../primitives/block.ts';
import { connectBlock, scriptReject } from './connect-block.ts';
import type { ChainState } from './state.ts';

/** Checks a block on top of the tip except for its proof of work (Core: TestBlockValidity). Changes nothing. */
export function checkBlockTemplate(state: ChainState, block: Block, merkleRoot: boolean): BlockReject | undefined {
  const { params, scripts } = state;
  const { tip } = state.active;
  if (!equalBytes(block.header.prevHash, tip.hash)) return reject('missing-prev', 'inconclusive-not-best-prevblk');
  const invalid =
    checkBlock(block, params, { proofOfWork: false, merkleRoot }) ??
    checkHeaderContext(block.header, tip, params, unixSeconds(state.clock)) ??
    checkBlockContext(block, tip, params);
  if (invalid) return invalid;

  const result = connectBlock(block, tip, state.db.coins, params);
  if (result.reject) return result.reject;
  const failure = scripts.verifySync(result.scriptChecks, result.flags);
  if (failure) return scriptReject(failure);
  // The mined block need not verify them again.
  for (const { tx } of result.scriptChecks) scripts.cache.add(tx, result.flags);
  return undefined;
}
