/**
 * Mining: block templates from the mempool, the search for proof of work on several threads, and `Miner`, which combines both.
 *
 * @example
 * ```ts
 * import { Chain } from 'pier/chain';
 * import { regtest } from 'pier/consensus';
 * import { createBlockTemplate, searchProofOfWork } from 'pier/mining';
 * import { silentLogger, systemClock } from 'pier/platform';
 * import { Block } from 'pier/primitives';
 * import { compileScript, Op } from 'pier/script';
 * import { MemoryStore } from 'pier/store';
 *
 * const modules = { store: new MemoryStore(), clock: systemClock, logger: silentLogger };
 * const chain = await Chain.open({ params: regtest, scriptThreads: 0 }, modules);
 * const { block } = createBlockTemplate(chain, undefined, compileScript(Op.OP_1), { clock: systemClock });
 * const found = await searchProofOfWork(block.header);
 * await chain.acceptBlock(new Block(found!.header, block.transactions));
 * console.log(chain.tip.height); // 1
 * await chain.close();
 * ```
 *
 * @module pier/mining
 * @packageDocumentation
 */

export { type BlockTemplate, createBlockOn, createBlockTemplate, type TemplateOptions } from './block-template.ts';
export { type CoinbaseFields, createCoinbase } from './coinbase.ts';
export {
  Miner,
  type MinerEvents,
  type MinerModules,
  type MinerOptions,
  type MinerSearch,
  MiningError,
} from './miner.ts';
export { type ProofOfWork, type SearchOptions, searchProofOfWork } from './proof-of-work.ts';
export { type EntrySource, type SelectionLimits, selectTransactions } from './select-transactions.ts';
