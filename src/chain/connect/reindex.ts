import type { Range, Store, StoreOperation } from '../../store/store.ts';
import { corrupt } from '../records/errors.ts';
import { blockKey, Prefix, prefixRange } from '../records/keys.ts';
import { tipOperation } from '../storage/chain-db.ts';
import { readBlock } from '../storage/read-block.ts';
import { encodeUndo } from '../utxo/coin-codec.ts';
import { CoinsCache } from '../utxo/utxo-cache.ts';
import { connectBlock } from './connect-block.ts';
import { applyChanges } from './connect-tip.ts';
import { type ChainState, pause } from './state.ts';

const BATCH_BYTES = 16 << 20;
const WIPE_BATCH = 10_000;

export interface ReindexResult {
  readonly blocks: number;
  readonly coins: number;
}

/**
 * Builds the unspent outputs, and what each block spends, anew from the stored blocks of the active chain. All rules but
 * the scripts, which cannot have changed their minds, are checked again. The new set grows beside the old one, which
 * stays in use, and takes its place at the end: there is no moment at which a crash would leave half of one. The filters
 * of blocks, which depend on what these spend, go, and are built anew by who keeps an index of them.
 */
export async function reindexUtxo(
  state: ChainState,
  coinCacheBytes: number,
  onProgress: (height: number, tipHeight: number) => void,
): Promise<ReindexResult> {
  const { active, db, params } = state;
  const { store } = db;
  await state.flusher.now();

  const { tip } = active;
  const coinSet = 1 - db.coins.set;
  await wipeFilters(store);
  await wipeCoins(store, coinSet);
  const coins = new CoinsCache(store, coinSet, coinCacheBytes);
  let count = 0;
  let undos: StoreOperation[] = [];
  let undoBytes = 0;
  const write = async (...more: StoreOperation[]) => {
    const flush = coins.beginFlush();
    await store.write([...undos, ...flush.operations, ...more]);
    flush.done();
    undos = [];
    undoBytes = 0;
  };
  for (let height = 1; height <= tip.height; height++) {
    const index = active.at(height)!;
    const block = readBlock(db, index, params);
    const result = connectBlock(block, index.prev!, coins, params);
    if (result.reject) throw corrupt(`block ${index.hashHex} is invalid (${result.reject.reason})`);
    applyChanges(coins, result);
    count += result.created.size - result.spent.size;
    const undo = encodeUndo(result.undo);
    undos.push({ type: 'put', key: blockKey(Prefix.UNDO, index), value: undo });
    undoBytes += undo.length;
    if (coins.dirtyBytes + undoBytes >= BATCH_BYTES) await write();
    await pause(state, block.totalSize);
    onProgress(height, tip.height);
  }
  await write(tipOperation({ hash: tip.hash, coinSet }));
  db.replaceCoins(coins);
  await wipeCoins(store, 1 - coinSet);
  return { blocks: tip.height, coins: count };
}

/** Removes one of the two sets of coins, the one not in use. */
export function wipeCoins(store: Store, coinSet: number): Promise<void> {
  return wipe(store, prefixRange(Prefix.COIN, coinSet));
}

/** The last blocks go first: what is left is an index that has not come far. */
async function wipeFilters(store: Store): Promise<void> {
  await wipe(store, { ...prefixRange(Prefix.FILTER_HEADER), reverse: true });
  await wipe(store, prefixRange(Prefix.FILTER));
}

async function wipe(store: Store, range: Range): Promise<void> {
  for (;;) {
    const operations: StoreOperation[] = [];
    for (const [key] of store.entries({ ...range, limit: WIPE_BATCH })) operations.push({ type: 'delete', key });
    if (operations.length === 0) return;
    await store.write(operations);
  }
}
