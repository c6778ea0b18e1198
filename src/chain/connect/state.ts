import type { BlockReject } from '../../consensus/block-check.ts';
import type { ChainParams } from '../../consensus/params.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Emitter } from '../../platform/emitter.ts';
import type { Logger } from '../../platform/logger.ts';
import type { TimeSlices } from '../../platform/time-slices.ts';
import type { FilterIndex } from '../filters/filter-index.ts';
import type { ScriptVerifier } from '../scripts/script-verifier.ts';
import type { ChainDb } from '../storage/chain-db.ts';
import type { Flusher } from '../storage/flusher.ts';
import type { ActiveChain } from '../tree/active-chain.ts';
import type { BlockIndex } from '../tree/block-index.ts';
import type { BlockTree } from '../tree/block-tree.ts';
import type { ChainEvents } from '../tree/events.ts';
import type { UnconnectedBlocks } from '../tree/unconnected-blocks.ts';
import type { ConnectPipeline } from './pipeline.ts';

/** The state that the stages of block processing share. */
export interface ChainState {
  readonly params: ChainParams;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: Emitter<ChainEvents>;
  readonly tree: BlockTree;
  readonly active: ActiveChain;
  readonly db: ChainDb;
  /** Undefined without a block filter index. */
  readonly filters: FilterIndex | undefined;
  readonly flusher: Flusher;
  readonly scripts: ScriptVerifier;
  readonly unconnected: UnconnectedBlocks;
  readonly pipeline: ConnectPipeline;
  /** Why blocks failed to connect. */
  readonly rejects: WeakMap<BlockIndex, BlockReject>;
  /** Sources of stored blocks that are not connected yet, for the log. */
  readonly sources: WeakMap<BlockIndex, string | undefined>;
  /** Errors thrown by event listeners, rethrown to the caller after processing. */
  readonly listenerErrors: unknown[];
  /** See `Chain.beforeTip`. */
  readonly beforeTip: Set<() => Generator<void | Promise<void>, void>>;
  /** Divides the processing of blocks on the main thread. One job runs at a time, so all share it. */
  readonly slices: TimeSlices;
}

/** Emits an event. Errors of listeners are collected, since they must not affect validation. */
export function emit<K extends keyof ChainEvents>(state: ChainState, name: K, event: ChainEvents[K]): void {
  try {
    state.events.emit(name, event);
  } catch (error) {
    state.logger.error({ err: error, event: name }, 'chain event listener failed');
    state.listenerErrors.push(error);
  }
}
