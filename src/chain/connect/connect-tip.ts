import type { BlockReject } from '../../consensus/block-check.ts';
import type { Coin } from '../../consensus/coins.ts';
import { corrupt } from '../records/errors.ts';
import type { CoinsCache } from '../utxo/utxo-cache.ts';
import { type BlockChanges, scriptReject } from './connect-block.ts';
import { disconnectBlock } from './disconnect-block.ts';
import type { PreparedBlock } from './pipeline.ts';
import { type ChainState, emit, pause } from './state.ts';

/** Makes a child of the tip the tip, if it is valid; else returns why it is not, with nothing changed. */
export async function connectTip(state: ChainState, prepared: PreparedBlock): Promise<BlockReject | undefined> {
  const { index, block, outcome } = prepared;
  if (outcome.reject) return outcome.reject;
  const failure = await prepared.scripts?.result();
  if (failure) return scriptReject(failure);
  state.filters?.add(index, block, outcome.undo);
  // From here on nothing can fail and nothing waits: all of it happens, or none.
  applyChanges(state.db.coins, outcome);
  for (const { tx } of outcome.scriptChecks) state.scripts.cache.delete(tx);
  if (!index.hasUndo) {
    state.db.putUndo(index, outcome.undo);
    index.hasUndo = true;
    state.tree.touch(index);
  }
  state.active.push(index);
  state.sources.delete(index);
  emit(state, 'blockChecked', { hash: index.hash, index });
  emit(state, 'blockConnected', { index, block, undo: outcome.undo });
  await pause(state, block.totalSize);
  return undefined;
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
