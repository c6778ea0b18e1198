import type { BlockReject } from '../../consensus/block-check.ts';
import type { ChainParams } from '../../consensus/params.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Emitter } from '../../platform/emitter.ts';
import type { Logger } from '../../platform/logger.ts';
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

/** What the stages of processing share. */
export interface ChainState {
  readonly params: ChainParams;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: Emitter<ChainEvents>;
  readonly tree: BlockTree;
  readonly active: ActiveChain;
  readonly db: ChainDb;
  /** Absent where the chain keeps none. */
  readonly filters: FilterIndex | undefined;
  readonly flusher: Flusher;
  readonly scripts: ScriptVerifier;
  readonly unconnected: UnconnectedBlocks;
  readonly pipeline: ConnectPipeline;
  /** Why blocks could not be connected. */
  readonly refusals: WeakMap<BlockIndex, BlockReject>;
  /** Who gave the blocks that have yet to be connected. */
  readonly sources: WeakMap<BlockIndex, string>;
  /** What listeners have thrown. It keeps no block from being processed, and is thrown again after that. */
  readonly listenerErrors: unknown[];
  /** Bytes of blocks processed since others had their turn. */
  busyBytes: number;
}

/** Tells the listeners. What they throw is kept for later: a block must not depend on who watches. */
export function emit<K extends keyof ChainEvents>(state: ChainState, name: K, event: ChainEvents[K]): void {
  try {
    state.events.emit(name, event);
  } catch (error) {
    state.logger.error({ err: error, event: name }, 'a listener of the chain has failed');
    state.listenerErrors.push(error);
  }
}

const TURN_BYTES = 1 << 20;

/** Lets sockets and timers have their turn, and the disk catch up, after `bytes` more have been processed. */
export async function pause(state: ChainState, bytes: number): Promise<void> {
  await state.flusher.relieve();
  state.busyBytes += bytes;
  if (state.busyBytes < TURN_BYTES) return;
  state.busyBytes = 0;
  await new Promise((resolve) => setImmediate(resolve));
}
