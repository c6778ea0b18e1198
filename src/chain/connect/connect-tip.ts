import type { BlockReject } from '../../consensus/block-check.ts';
import type { Coin } from '../../consensus/coins.ts';
import { corrupt } from '../records/errors.ts';
import type { UtxoCache } from '../utxo/utxo-cache.ts';
import { type BlockChanges, scriptReject } from './connect-block.ts';
import { disconnectBlock } from './disconnect-block.ts';
import { pause } from './pause.ts';
import type { PreparedBlock } from './pipeline.ts';
import { type ChainState, emit } from './state.ts';

/** Connects a child of the tip (Core: ConnectTip). Returns why it is invalid; then nothing has changed. */
export async function connectTip(state: ChainState, prepared: PreparedBlock): Promise<BlockReject | undefined> {
  const { index, block, outcome } = prepared;
  if (outcome.reject) return outcome.reject;
  const failure = await prepared.scripts?.result();
  if (failure) return scriptReject(failure);
  state.filters?.add(index, block, outcome.undo);
  // No failure and no await from here on: the changes are applied as a whole.
  applyChanges(state.db.coins, outcome);
  for (const { tx } of outcome.scriptChecks) state.scripts.cache.delete(tx);
  if (!index.hasUndo) {
    state.db.putUndo(index, outcome.undo);
    index.hasUndo = true;
    state.tree.markDirty(index);
  }
  state.active.push(index);
  state.sources.delete(index);
  emit(state, 'blockChecked', { hash: index.hash, index });
  emit(state, 'blockConnected', { index, block, undo: outcome.undo });
  await pause(state, block.totalSize);
  return undefined;
}

/** Applies a block's changes to the UTXO set. */
export function applyChanges(coins: UtxoCache, { spent, created }: Omit<BlockChanges, 'undo'>): void {
  for (const key of spent) coins.spend(key);
  for (const [key, coin] of created) coins.add(key, ownCoin(coin));
}

/** Copies the script, which would otherwise keep the whole block's buffer in memory. */
function ownCoin({ output: { value, scriptPubKey }, height, isCoinbase }: Coin): Coin {
  return { output: { value, scriptPubKey: scriptPubKey.slice() }, height, isCoinbase };
}

/** Disconnects the tip, which must not be genesis (Core: DisconnectTip). Throws `ChainError` without undo data. */
export async function disconnectTip(state: ChainState): Promise<void> {
  const index = state.active.tip;
  const block = state.db.block(index);
  const undo = state.db.undo(index);
  if (!block || !undo) throw corrupt(`the body or undo data of block ${index.hashHex} is missing`);
  applyChanges(state.db.coins, disconnectBlock(index, block, undo));
  state.active.pop();
  emit(state, 'blockDisconnected', { index, block });
  await pause(state, block.totalSize);
}
