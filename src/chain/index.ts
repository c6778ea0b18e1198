/**
 * The block chain of a full node: the tree of headers, the stored blocks, the set of unspent outputs, and the active chain.
 * `Chain` validates headers and blocks and moves to the valid branch with the most work.
 *
 * @example
 * ```ts
 * import { Chain } from 'pier/chain';
 * import { regtest } from 'pier/consensus';
 * import { silentLogger, systemClock } from 'pier/platform';
 * import { MemoryStore } from 'pier/store';
 *
 * const modules = { store: new MemoryStore(), clock: systemClock, logger: silentLogger };
 * const chain = await Chain.open({ params: regtest, scriptThreads: 0 }, modules);
 * console.log(chain.tip.hashHex); // 0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206
 *
 * // Genesis is known: nothing changes.
 * const result = await chain.acceptBlock(regtest.genesis);
 * console.log(result.reject); // undefined
 * console.log(chain.tip.height); // 0
 * await chain.close();
 * ```
 *
 * @module pier/chain
 * @packageDocumentation
 */

export { Chain, type ChainModules, type ChainOptions } from './chain.ts';
export type { AcceptBlockOptions, AcceptBlockResult } from './connect/accept-block.ts';
export type { ReindexResult } from './connect/reindex.ts';
export type { BlockFilters, FilterCommitment } from './filters/filter-index.ts';
export { ChainError, type ChainErrorCode } from './records/errors.ts';
export type { ScriptFailure } from './scripts/script-cache.ts';
export { ScriptCache } from './scripts/script-cache.ts';
export type { ScriptCheck } from './scripts/script-check.ts';
export type { ScriptPayer, ScriptQueue } from './scripts/script-queue.ts';
export { blockLocator } from './tree/active-chain.ts';
export { BlockIndex, isBetter, lastCommonAncestor } from './tree/block-index.ts';
export type { ChainEvents } from './tree/events.ts';
export type { AcceptHeadersResult, HeaderView } from './tree/header-view.ts';
export type { UnspentOutput } from './utxo/utxo-cache.ts';
