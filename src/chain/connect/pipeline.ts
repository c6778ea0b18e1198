import type { BlockReject } from '../../consensus/block-check.ts';
import type { Coin } from '../../consensus/coins.ts';
import type { ChainParams } from '../../consensus/params.ts';
import type { Block } from '../../primitives/block.ts';
import type { ScriptRun } from '../scripts/script-run.ts';
import type { ScriptVerifier } from '../scripts/script-verifier.ts';
import type { ChainDb } from '../storage/chain-db.ts';
import { readBlock } from '../storage/read-block.ts';
import type { BlockIndex } from '../tree/block-index.ts';
import type { UnconnectedBlocks } from '../tree/unconnected-blocks.ts';
import type { CoinSource } from '../utxo/utxo-cache.ts';
import { type ConnectedBlock, connectBlock } from './connect-block.ts';

/** Blocks that may be on their way at once: while the scripts of one run, the next is made ready. */
const MAX_PREPARED = 2;

/** A block that has been judged but for its scripts, which may be running. Nothing has changed yet. */
export interface PreparedBlock {
  readonly index: BlockIndex;
  readonly block: Block;
  readonly outcome: ConnectedBlock | { readonly reject: BlockReject };
  /** Absent where no script has to run. */
  readonly scripts?: ScriptRun;
}

export interface PipelineModules {
  readonly params: ChainParams;
  readonly db: ChainDb;
  readonly scripts: ScriptVerifier;
  readonly unconnected: UnconnectedBlocks;
}

/**
 * Blocks on top of the tip that are about to be connected, each judged as if those before it had been connected. They are
 * connected in their order; when one of them turns out invalid, or another branch is better, the rest is forgotten.
 */
export class ConnectPipeline {
  readonly #modules: PipelineModules;
  readonly #blocks: PreparedBlock[] = [];

  constructor(modules: PipelineModules) {
    this.#modules = modules;
  }

  get isFull(): boolean {
    return this.#blocks.length === MAX_PREPARED;
  }

  /** The last block that is on its way; undefined if none is. */
  get last(): BlockIndex | undefined {
    return this.#blocks.at(-1)?.index;
  }

  /** Judges a child of the last block, or of the tip if there is none, and lets its scripts start. */
  prepare(index: BlockIndex): void {
    const { params, db, scripts, unconnected } = this.#modules;
    const block = unconnected.take(index) ?? readBlock(db, index, params);
    const coins = this.#blocks.length === 0 ? db.coins : this.#coinsAfter(db.coins);
    const outcome = connectBlock(block, index.prev!, coins, params);
    // A block that has been connected before has valid scripts: nothing that they depend on can have changed.
    const mustRun = !outcome.reject && !index.hasUndo;
    const run = mustRun ? scripts.start(outcome.scriptChecks, outcome.flags) : undefined;
    this.#blocks.push({ index, block, outcome, ...(run && { scripts: run }) });
  }

  /** The first block, which is no longer on its way then. */
  shift(): PreparedBlock {
    return this.#blocks.shift()!;
  }

  /** Forgets all blocks; their turn may come again. */
  clear(): void {
    for (const { index, block, scripts } of this.#blocks.splice(0)) {
      scripts?.cancel();
      if (!index.failed) this.#modules.unconnected.put(index, block);
    }
  }

  /** The unspent outputs after the last block. */
  #coinsAfter(coins: CoinSource): CoinSource {
    return {
      peek: (key: string): Coin | undefined => {
        for (let i = this.#blocks.length - 1; i >= 0; i--) {
          const { outcome } = this.#blocks[i]!;
          // On top of an invalid block everything is invalid: what is said of it does not matter.
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
