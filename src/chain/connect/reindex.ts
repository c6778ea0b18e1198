import { equalBytes } from '../../bytes/compare.ts';
import type { Range, Store, StoreOperation } from '../../store/store.ts';
import { corrupt } from '../records/errors.ts';
import { blockKey, Prefix, parseBlockKey, prefixRange } from '../records/keys.ts';
import { tipOperation } from '../storage/chain-db.ts';
import { readBlockInSteps } from '../storage/read-block.ts';
import { encodeUndoInSteps } from '../utxo/coin-codec.ts';
import { UtxoCache } from '../utxo/utxo-cache.ts';
import { connectBlockInSteps } from './connect-block.ts';
import { applyChanges, ownScripts } from './connect-tip.ts';
import { pause } from './pause.ts';
import type { ChainState } from './state.ts';

/** Bytes of pending changes at which a batch is written. */
const BATCH_BYTES = 16 << 20;
/** Keys deleted per batch. */
const WIPE_BATCH = 10_000;

/** The outcome of `reindexUtxo`. */
export interface ReindexResult {
  /** Blocks connected. */
  readonly blocks: number;
  /** Coins in the new UTXO set. */
  readonly coins: number;
}

/**
 * Rebuilds the UTXO set and the undo data from the stored blocks of the active chain (Core: -reindex-chainstate). All
 * rules are checked again except scripts. The new coin set replaces the old one in the last write, so a crash leaves
 * the old set intact. Block filters, which depend on undo data, are deleted and must be built again.
 */
export async function reindexUtxo(
  state: ChainState,
  coinCacheBytes: number,
  onProgress: (height: number, tipHeight: number) => void,
): Promise<ReindexResult> {
  const { active, db, params, slices } = state;
  const { store } = db;
  await state.flusher.flushNow();

  const { tip } = active;
  const coinSet = 1 - db.coins.coinSet;
  await wipeFilters(store);
  await wipeCoins(store, coinSet);
  const coins = new UtxoCache(store, coinSet, coinCacheBytes);
  let count = 0;
  let undos: StoreOperation[] = [];
  let undoBytes = 0;
  const write = async (...more: StoreOperation[]) => {
    const flush = coins.beginFlush();
    await store.write([...undos, ...(await slices.run(flush.operations())), ...more]);
    flush.done();
    undos = [];
    undoBytes = 0;
  };
  for (let height = 1; height <= tip.height; height++) {
    const index = active.at(height)!;
    const block = await slices.run(readBlockInSteps(db, index, params));
    const result = await slices.run(connectBlockInSteps(block, index.prev!, coins, params));
    if (result.reject) throw corrupt(`block ${index.hashHex} is invalid (${result.reject.reason})`);
    await slices.run(ownScripts(result.created));
    applyChanges(coins, result);
    count += result.created.size - result.spent.size;
    const undo = await slices.run(encodeUndoInSteps(result.undo));
    undos.push({ type: 'put', key: blockKey(Prefix.UNDO, index), value: undo });
    undoBytes += undo.length;
    if (coins.dirtyBytes + undoBytes >= BATCH_BYTES) await write();
    await pause(state);
    onProgress(height, tip.height);
  }
  await write(tipOperation({ hash: tip.hash, coinSet }), ...removeDamaged(state, coinSet));
  db.replaceCoins(coins);
  await wipeCoins(store, 1 - coinSet);
  return { blocks: tip.height, coins: count };
}

/**
 * Returns the operations that delete the damaged records that have been rebuilt under other keys, or are lost without
 * harm: coins of the old set, undo data, filters, and the records of other layers (addresses of peers). Damaged headers
 * and blocks stay, and are reported when they are read.
 */
function removeDamaged({ db, active }: ChainState, coinSet: number): StoreOperation[] {
  const isKept = (key: Uint8Array) => {
    switch (key[0]) {
      case Prefix.META:
      case Prefix.INDEX:
      case Prefix.BODY:
        return true;
      case Prefix.COIN:
        return key[1] === coinSet;
      case Prefix.UNDO: {
        const index = key.length === 37 ? active.at(parseBlockKey(key).height) : undefined;
        return index !== undefined && equalBytes(key, blockKey(Prefix.UNDO, index));
      }
      default:
        return false;
    }
  };
  return db.store.damaged.filter((key) => !isKept(key)).map((key) => ({ type: 'delete', key }));
}

/** Deletes all coins of the given set, which must not be the live one. */
export function wipeCoins(store: Store, coinSet: number): Promise<void> {
  return wipe(store, prefixRange(Prefix.COIN, coinSet));
}

/** Deletes filters from the last block down, so that an interrupted wipe leaves a valid shorter index. */
async function wipeFilters(store: Store): Promise<void> {
  await wipe(store, { ...prefixRange(Prefix.FILTER_HEADER), reverse: true });
  await wipe(store, prefixRange(Prefix.FILTER));
}

async function wipe(store: Store, range: Range): Promise<void> {
  for (;;) {
    const operations: StoreOperation[] = [];
    for (const key of store.keys({ ...range, limit: WIPE_BATCH })) operations.push({ type: 'delete', key });
    if (operations.length === 0) return;
    await store.write(operations);
  }
}
