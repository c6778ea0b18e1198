import type { BlockReject } from '../../consensus/block-check.ts';
import type { Coin } from '../../consensus/coins.ts';
import { ITEMS_PER_STEP } from '../../platform/slices.ts';
import { corrupt } from '../records/errors.ts';
import { encodeUndoInSteps } from '../utxo/coin-codec.ts';
import type { UtxoCache } from '../utxo/utxo-cache.ts';
import { type CoinChanges, scriptReject } from './connect-block.ts';
import { disconnectBlockInSteps } from './disconnect-block.ts';
import { pause } from './pause.ts';
import type { PreparedBlock } from './pipeline.ts';
import { type ChainState, emit } from './state.ts';

/** Connects a child of the tip (Core: ConnectTip). Returns why it is invalid; then nothing has changed. */
export async function connectTip(state: ChainState, prepared: PreparedBlock): Promise<BlockReject | undefined> {
  const { index, block, outcome } = prepared;
  if (outcome.reject) return outcome.reject;
  const failure = await prepared.scripts?.result();
  if (failure) return scriptReject(failure);
  const { slices } = state;
  if (state.filters) await slices.run(state.filters.addInSteps(index, block, outcome.undo));
  const undo = index.hasUndo ? undefined : await slices.run(encodeUndoInSteps(outcome.undo));
  await slices.run(ownScripts(outcome.created));
  if (slices.isOver) await slices.turn();
  // No failure and no await from here on: the changes are applied as a whole.
  applyChanges(state.db.coins, outcome);
  for (const { tx } of outcome.scriptChecks) state.scripts.cache.delete(tx);
  if (undo) {
    state.db.putUndo(index, undo);
    index.hasUndo = true;
    state.tree.markDirty(index);
  }
  state.active.push(index);
  const from = state.sources.get(index);
  state.sources.delete(index);
  emit(state, 'blockChecked', { hash: index.hash, index });
  emit(state, 'blockConnected', { index, block, undo: outcome.undo, from });
  await pause(state);
  return undefined;
}

/** Applies changes to the UTXO set; the scripts must be copies (`ownScripts`). */
export function applyChanges(coins: UtxoCache, { spent, created }: CoinChanges): void {
  for (const key of spent) coins.spend(key);
  for (const [key, coin] of created) coins.add(key, coin);
}

/** Copies the scripts of created coins, which would otherwise keep the whole block's buffer in memory; in steps. */
export function* ownScripts(created: Map<string, Coin>): Generator<void, void> {
  let i = 0;
  for (const [key, { output, height, isCoinbase }] of created) {
    const { value, scriptPubKey } = output;
    created.set(key, { output: { value, scriptPubKey: scriptPubKey.slice() }, height, isCoinbase });
    if (i++ % ITEMS_PER_STEP === 0) yield;
  }
}

/** Disconnects the tip, which must not be genesis (Core: DisconnectTip). Throws `ChainError` without undo data. */
export async function disconnectTip(state: ChainState): Promise<void> {
  const { db, slices } = state;
  const index = state.active.tip;
  const block = await slices.run(db.blockInSteps(index));
  const undo = await slices.run(db.undoInSteps(index));
  if (!block || !undo) throw corrupt(`the body or undo data of block ${index.hashHex} is missing`);
  const changes = await slices.run(disconnectBlockInSteps(index, block, undo));
  await slices.run(ownScripts(changes.created));
  if (slices.isOver) await slices.turn();
  // No failure and no await from here on: the changes are applied as a whole.
  applyChanges(db.coins, changes);
  state.active.pop();
  emit(state, 'blockDisconnected', { index, block });
  await pause(state);
}
