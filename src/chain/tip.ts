import { type BlockReject, checkBlock } from '../consensus/block-check.ts';
import type { Coin } from '../consensus/coins.ts';
import type { Block } from '../primitives/block.ts';
import type { BlockIndex } from './block-index.ts';
import type { CoinsCache } from './coins-cache.ts';
import { type BlockChanges, connectBlock, scriptReject } from './connect.ts';
import { disconnectBlock } from './disconnect.ts';
import { corrupt } from './errors.ts';
import { type ChainState, emit, pause } from './state.ts';

/** Makes `index`, a child of the tip, the tip, if its block is valid; else returns why it is not, with nothing changed. */
export async function connectTip(state: ChainState, index: BlockIndex): Promise<BlockReject | undefined> {
  const block = state.unconnected.take(index) ?? readBlock(state, index);
  const result = connectBlock(block, index.prev!, state.db.coins, state.params);
  if (result.reject) return refuse(state, index, result.reject);
  // A block that has been connected before has valid scripts: nothing that they depend on can have changed.
  if (!index.hasUndo) {
    const failure = await state.scripts.verify(result.scriptChecks, result.flags);
    if (failure) return refuse(state, index, scriptReject(failure));
  }
  // From here on nothing can fail and nothing waits: all of it happens, or none.
  applyChanges(state.db.coins, result);
  for (const { tx } of result.scriptChecks) state.scripts.cache.delete(tx);
  if (!index.hasUndo) {
    state.db.putUndo(index, result.undo);
    index.hasUndo = true;
    state.tree.touch(index);
  }
  state.active.push(index);
  emit(state, 'blockChecked', { hash: index.hash, index });
  emit(state, 'blockConnected', { index, block, undo: result.undo });
  await pause(state, block.totalSize);
  return undefined;
}

function refuse(state: ChainState, index: BlockIndex, reject: BlockReject): BlockReject {
  state.logger.warn({ block: index.hashHex, height: index.height, ...reject }, 'invalid block');
  emit(state, 'blockChecked', { hash: index.hash, index, reject });
  return reject;
}

/** A stored block was checked before it was stored: should it not pass now, the store is to blame. */
export function readBlock(state: ChainState, index: BlockIndex): Block {
  const block = state.db.block(index);
  if (!block) throw corrupt(`the body of block ${index.hashHex} is missing`);
  const refusal = checkBlock(block, state.params);
  if (refusal) throw corrupt(`block ${index.hashHex} has changed (${refusal.reason})`);
  return block;
}

/** Takes what the changes remove out of the unspent outputs, and puts in what they add. */
export function applyChanges(coins: CoinsCache, { spent, created }: Omit<BlockChanges, 'undo'>): void {
  for (const key of spent) coins.spend(key);
  for (const [key, coin] of created) coins.add(key, ownCoin(coin));
}

/** A coin that does not keep the buffer of a whole block in memory. */
function ownCoin({ output: { value, scriptPubKey }, height, isCoinbase }: Coin): Coin {
  return { output: { value, scriptPubKey: scriptPubKey.slice() }, height, isCoinbase };
}

/** Makes the tip's parent the tip. The tip must not be genesis. */
export async function disconnectTip(state: ChainState): Promise<void> {
  const index = state.active.tip;
  const block = state.db.block(index);
  const undo = state.db.undo(index);
  if (!block || !undo) throw corrupt(`what block ${index.hashHex} spends is missing`);
  applyChanges(state.db.coins, disconnectBlock(index, block, undo));
  state.active.pop();
  emit(state, 'blockDisconnected', { index, block });
  await pause(state, block.totalSize);
}
