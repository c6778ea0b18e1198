import type { Chain } from '../chain/chain.ts';
import { blockVersion, isActiveAfter } from '../consensus/deployments.ts';
import type { HeaderContext } from '../consensus/header-context.ts';
import { MAX_BLOCK_SIGOPS_COST, MAX_BLOCK_WEIGHT, MAX_TIMEWARP } from '../consensus/limits.ts';
import { merkleRoot } from '../consensus/merkle.ts';
import { type ChainParams, difficultyInterval } from '../consensus/params.ts';
import { compactToTarget, nextWorkRequired } from '../consensus/pow.ts';
import { legacySigOps } from '../consensus/sigops.ts';
import { blockSubsidy } from '../consensus/subsidy.ts';
import type { Mempool } from '../mempool/mempool.ts';
import { type Clock, unixSeconds } from '../platform/clock.ts';
import { Block } from '../primitives/block.ts';
import { BlockHeader } from '../primitives/header.ts';
import { type Transaction, WITNESS_SCALE_FACTOR } from '../primitives/transaction.ts';
import { createCoinbase } from './coinbase.ts';
import { selectTransactions } from './select-transactions.ts';

/** A block without proof of work (Core: CBlockTemplate). */
export interface BlockTemplate {
  /** Its nonce is 0. */
  readonly block: Block;
  readonly height: number;
  /** Fee in satoshis of each transaction except the coinbase. */
  readonly fees: readonly bigint[];
  /** BIP141 signature operation cost of each transaction except the coinbase. */
  readonly sigOpCosts: readonly number[];
  /** Satoshis: subsidy plus fees. */
  readonly coinbaseValue: bigint;
  /** Maximum of the block hash as a number. */
  readonly target: bigint;
  /** Earliest allowed header time, in seconds (Core: mintime). */
  readonly minTime: number;
}

/** How to create a block template. */
export interface TemplateOptions {
  /** The source of the header time. */
  readonly clock: Clock;
  /** Maximum weight of the block (Core: -blockmaxweight); default: the consensus limit. */
  readonly maxWeight?: number;
  /** Exactly these instead of mempool transactions; their fees are not claimed (Core: generateblock). */
  readonly transactions?: readonly Transaction[];
  /** A number in the coinbase that makes blocks with equal contents differ; default 0. */
  readonly extraNonce?: number;
}

/** Weight reserved for the header, transaction count and coinbase (Core: -blockreservedweight). */
const RESERVED_WEIGHT = 8000;
/** Signature operation cost reserved for the coinbase (Core: coinbase_output_max_additional_sigops). */
const RESERVED_SIGOPS_COST = 400;
/** Minimum fee rate in satoshis per 1,000 virtual bytes (Core: -blockmintxfee). */
export const MIN_FEE_RATE = 1n;

/** What the last template of a chain holds besides its coinbase, and its weight with `RESERVED_WEIGHT`. */
export interface TemplateSize {
  readonly weight: number;
  readonly transactions: number;
}

/** Of each chain, the size of the last template with transactions of the mempool (Core: m_last_block_weight). */
const lastSizes = new WeakMap<Chain, TemplateSize>();

/** Returns the size of the last template that was made on a chain; undefined if there is none. */
export function lastTemplateSize(chain: Chain): TemplateSize | undefined {
  return lastSizes.get(chain);
}

interface Contents {
  readonly transactions: readonly Transaction[];
  readonly fees: readonly bigint[];
  readonly sigOpCosts: readonly number[];
}

/** Creates a block on the tip that pays `scriptPubKey` (Core: CreateNewBlock). Without a mempool, it is empty. */
export function createBlockTemplate(
  chain: Chain,
  mempool: Mempool | undefined,
  scriptPubKey: Uint8Array,
  options: TemplateOptions,
): BlockTemplate {
  const { tip, params } = chain;
  const contents = options.transactions
    ? fixedContents(options.transactions)
    : selectContents(mempool, tip, options.maxWeight);
  // As in Core, given transactions are not counted.
  const selected = options.transactions ? [] : contents.transactions;
  const weight = selected.reduce((sum, tx) => sum + tx.weight, RESERVED_WEIGHT);
  lastSizes.set(chain, { weight, transactions: selected.length });
  return assembleBlock(tip, params, { scriptPubKey, contents, extraNonce: options.extraNonce, clock: options.clock });
}

/**
 * Creates a block with exactly these transactions, whose fees it does not claim, on any header: `prev` need not be the
 * tip of a chain.
 */
export function createBlockOn(
  prev: HeaderContext,
  params: ChainParams,
  scriptPubKey: Uint8Array,
  options: Required<Pick<TemplateOptions, 'clock' | 'transactions' | 'extraNonce'>>,
): BlockTemplate {
  const contents = fixedContents(options.transactions);
  return assembleBlock(prev, params, { scriptPubKey, contents, extraNonce: options.extraNonce, clock: options.clock });
}

interface Assembly {
  readonly scriptPubKey: Uint8Array;
  readonly contents: Contents;
  readonly extraNonce: number | undefined;
  readonly clock: Clock;
}

function assembleBlock(prev: HeaderContext, params: ChainParams, assembly: Assembly): BlockTemplate {
  const { scriptPubKey, contents, extraNonce = 0, clock } = assembly;
  const { transactions, fees, sigOpCosts } = contents;
  const height = prev.height + 1;
  let coinbaseValue = blockSubsidy(height, params);
  for (const fee of fees) coinbaseValue += fee;
  const coinbase = createCoinbase({
    ...{ height, scriptPubKey, value: coinbaseValue, extraNonce },
    committed: isActiveAfter('segwit', prev, params) ? transactions : undefined,
  });

  const minTime = minimumTime(prev, params);
  // Truncated to the header's 32 bits, like Core.
  const time = Math.max(minTime, unixSeconds(clock)) >>> 0;
  const bits = nextWorkRequired(prev, time, params);
  const { root } = merkleRoot([coinbase.txid, ...transactions.map((tx) => tx.txid)]);
  const header = new BlockHeader({
    version: blockVersion(prev, params),
    prevHash: prev.hash,
    merkleRoot: root,
    time,
    bits,
    nonce: 0,
  });
  const block = new Block(header, [coinbase, ...transactions]);
  return { block, height, fees, sigOpCosts, coinbaseValue, target: compactToTarget(bits).target, minTime };
}

/**
 * Returns the earliest time of a block after `prev`: after its median time past, and in the first block of a difficulty
 * period at most `MAX_TIMEWARP` before `prev`, to prevent time warp attacks (BIP94; Core: GetMinimumTime).
 */
function minimumTime(prev: HeaderContext, params: ChainParams): number {
  const afterMedian = prev.medianTimePast() + 1;
  const startsPeriod = (prev.height + 1) % difficultyInterval(params) === 0;
  return startsPeriod ? Math.max(afterMedian, prev.time - MAX_TIMEWARP) : afterMedian;
}

function selectContents(mempool: Mempool | undefined, prev: HeaderContext, maxWeight = MAX_BLOCK_WEIGHT): Contents {
  if (!mempool) return { transactions: [], fees: [], sigOpCosts: [] };
  const entries = selectTransactions(mempool, {
    weight: maxWeight - RESERVED_WEIGHT,
    sigOpCost: MAX_BLOCK_SIGOPS_COST - RESERVED_SIGOPS_COST,
    minFeeRate: MIN_FEE_RATE,
    height: prev.height + 1,
    lockTime: prev.medianTimePast(),
  });
  return {
    transactions: entries.map(({ tx }) => tx),
    fees: entries.map(({ fee }) => fee),
    sigOpCosts: entries.map(({ sigOpCost }) => sigOpCost),
  };
}

/** The coins are unknown here, so fees count as zero and only legacy signature operations are counted. */
function fixedContents(transactions: readonly Transaction[]): Contents {
  return {
    transactions,
    fees: transactions.map(() => 0n),
    sigOpCosts: transactions.map((tx) => legacySigOps(tx) * WITNESS_SCALE_FACTOR),
  };
}
