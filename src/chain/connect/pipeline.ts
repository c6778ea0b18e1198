import type { Coin } from '../../consensus/coins.ts';
import type { ChainParams } from '../../consensus/params.ts';
import type { TimeSlices } from '../../platform/time-slices.ts';
import type { Block } from '../../primitives/block.ts';
import type { ScriptRun } from '../scripts/script-run.ts';
import type { ScriptVerifier } from '../scripts/script-verifier.ts';
import type { ChainDb } from '../storage/chain-db.ts';
import { readBlockInSteps } from '../storage/read-block.ts';
import type { BlockIndex } from '../tree/block-index.ts';
import type { UnconnectedBlocks } from '../tree/unconnected-blocks.ts';
import type { CoinSource } from '../utxo/utxo-cache.ts';
import { type ConnectOutcome, connectBlockInSteps } from './connect-block.ts';

/** Blocks in the pipeline: while the scripts of one are verified, the next one is prepared. */
const MAX_PREPARED = 2;

/** A checked block whose scripts may still be running. It has not changed the UTXO set yet. */
export interface PreparedBlock {
  readonly index: BlockIndex;
  readonly block: Block;
  readonly outcome: ConnectOutcome;
  /** Absent if no script needs to run. */
  readonly scripts?: ScriptRun;
}

/** The parts of the chain that a `ConnectPipeline` uses. */
export interface PipelineModules {
  readonly params: ChainParams;
  readonly db: ChainDb;
  readonly scripts: ScriptVerifier;
  readonly unconnected: UnconnectedBlocks;
  readonly slices: TimeSlices;
}

/**
 * Successive blocks on top of the tip that are about to be connected, each checked as if the previous ones were
 * connected. If one is invalid or another branch becomes better, the rest is dropped.
 */
export class ConnectPipeline {
  readonly #modules: PipelineModules;
  readonly #blocks: PreparedBlock[] = [];

  constructor(modules: PipelineModules) {
    this.#modules = modules;
  }

  /** Whether no further block can be prepared. */
  get isFull(): boolean {
    return this.#blocks.length === MAX_PREPARED;
  }

  /** The last block of the pipeline; undefined if it is empty. */
  get last(): BlockIndex | undefined {
    return this.#blocks.at(-1)?.index;
  }

  /** Checks a child of the last block (of the tip if the pipeline is empty) and starts its script verification. */
  async prepare(index: BlockIndex): Promise<void> {
    const { params, db, scripts, unconnected, slices } = this.#modules;
    const block = unconnected.take(index) ?? (await slices.run(readBlockInSteps(db, index, params)));
    const outcome = await slices.run(connectBlockInSteps(block, index.prev!, this.#coinsAfter(db.coins), params));
    // The scripts of a block that was connected before are valid: their result depends on its ancestors alone.
    const mustRun = !outcome.reject && !index.hasUndo;
    const run = mustRun ? await slices.run(scripts.startInSteps(outcome.scriptChecks, outcome.flags)) : undefined;
    this.#blocks.push({ index, block, outcome, ...(run && { scripts: run }) });
  }

  /** Removes and returns the first block. */
  shift(): PreparedBlock {
    return this.#blocks.shift()!;
  }

  /** Drops all blocks; they may be prepared again later. */
  clear(): void {
    for (const { index, block, scripts } of this.#blocks.splice(0)) {
      scripts?.cancel();
      if (!index.failed) this.#modules.unconnected.put(index, block);
    }
  }

  /** The UTXO set after the last block; `coins` is that of the tip. */
  #coinsAfter(coins: CoinSource): CoinSource {
    return {
      peek: (key: string): Coin | undefined => {
        for (let i = this.#blocks.length - 1; i >= 0; i--) {
          const { outcome } = this.#blocks[i]!;
          // Descendants of an invalid block are never connected, so their result does not matter.
          if (outcome.reject) continue;
          const coin = outcome.created.get(key);
          if (coin) return coin;
          if (outcome.spent.has(key)) return undefined;
        }
        return coins.peek(key);
      },
    };
  }
}
