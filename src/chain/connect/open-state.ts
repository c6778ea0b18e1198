import type { ChainParams } from '../../consensus/params.ts';
import type { Clock } from '../../platform/clock.ts';
import { Emitter } from '../../platform/emitter.ts';
import type { Logger } from '../../platform/logger.ts';
import { TimeSlices } from '../../platform/time-slices.ts';
import type { SignatureCache } from '../../script/signature-cache.ts';
import type { Store } from '../../store/store.ts';
import { FilterIndex } from '../filters/filter-index.ts';
import { ScriptVerifier } from '../scripts/script-verifier.ts';
import { ChainDb } from '../storage/chain-db.ts';
import { Flusher } from '../storage/flusher.ts';
import { JobQueue } from '../storage/job-queue.ts';
import { loadTip, loadTree, prepareStore } from '../storage/load.ts';
import { ActiveChain } from '../tree/active-chain.ts';
import { UnconnectedBlocks } from '../tree/unconnected-blocks.ts';
import { UtxoCache } from '../utxo/utxo-cache.ts';
import { ConnectPipeline } from './pipeline.ts';
import { wipeCoins } from './reindex.ts';
import type { ChainState } from './state.ts';

/** The services that a `Chain` uses. */
export interface ChainModules {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: its own. */
  readonly signatures?: SignatureCache | undefined;
}

/** Settings of `Chain.open`. */
export interface ChainOptions {
  readonly params: ChainParams;
  /** Approximate bytes of memory for the UTXO cache (Core: -dbcache); default 64 MiB. */
  readonly coinCacheBytes?: number;
  /** Script verification threads in addition to the main thread (Core: -par); default: one per processor, less one. */
  readonly scriptThreads?: number;
  /** Whether to index BIP158 filters, missing ones in the background (Core: -blockfilterindex); default false. */
  readonly blockFilterIndex?: boolean;
}

/**
 * Loads the state of the chain in `modules.store`; writes the genesis block to an empty store. `onFailure` is called when
 * a write fails. Throws `ChainError` as `Chain.open`.
 */
export async function openChainState(
  options: ChainOptions & { readonly coinCacheBytes: number },
  { store, clock, logger, signatures }: ChainModules,
  onFailure: (error: unknown) => void,
): Promise<{ readonly state: ChainState; readonly jobs: JobQueue }> {
  const { params } = options;
  await prepareStore(store, params);
  const tree = loadTree(store);
  const { tip, marker } = loadTip(store, tree);
  // Left over from an interrupted reindex.
  await wipeCoins(store, 1 - marker.coinSet);

  const active = new ActiveChain();
  active.setTip(tip);
  const filters = options.blockFilterIndex ? new FilterIndex(store, active) : undefined;
  const db = new ChainDb(store, tree, new UtxoCache(store, marker.coinSet, options.coinCacheBytes), tip, filters);
  const slices = new TimeSlices(clock);
  const jobs = new JobQueue({ onBusy: () => slices.restart(), onIdle: () => flusher.poke() });
  const flusher = new Flusher({
    flush: () => db.flush(active.tip, new TimeSlices(clock)),
    pendingBytes: () => db.pendingBytes,
    isIdle: () => jobs.isIdle,
    onFailure,
  });
  const scripts = new ScriptVerifier({ threads: options.scriptThreads, signatures }, clock, logger);
  const unconnected = new UnconnectedBlocks();
  const state: ChainState = {
    params,
    clock,
    logger,
    events: new Emitter(),
    tree,
    active,
    db,
    filters,
    flusher,
    scripts,
    unconnected,
    pipeline: new ConnectPipeline({ params, db, scripts, unconnected, slices }),
    rejects: new WeakMap(),
    sources: new WeakMap(),
    listenerErrors: [],
    beforeTip: new Set(),
    slices,
  };
  return { state, jobs };
}
