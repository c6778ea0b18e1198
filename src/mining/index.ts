export { type BlockTemplate, createBlockTemplate, type TemplateOptions } from './block-template.ts';
export { type CoinbaseFields, createCoinbase } from './coinbase.ts';
export { Miner, type MinerEvents, type MinerModules, type MinerOptions, MiningError } from './miner.ts';
export { type ProofOfWork, type SearchOptions, searchProofOfWork } from './proof-of-work.ts';
export { type EntrySource, type SelectionLimits, selectTransactions } from './select-transactions.ts';
