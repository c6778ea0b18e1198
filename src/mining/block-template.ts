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

/** A block that lacks only its proof of work. */
export interface BlockTemplate {
  /** With nonce 0. */
  readonly block: Block;
  readonly height: number;
  /** Of each transaction but the coinbase, satoshis. */
  readonly fees: readonly bigint[];
  /** BIP141 cost of each transaction but the coinbase. */
  readonly sigOpCosts: readonly number[];
  /** Satoshis: subsidy and fees. */
  readonly coinbaseValue: bigint;
  /** The block's hash, as a number, may not exceed this. */
  readonly target: bigint;
  /** The earliest time, in seconds, that the header may have (Core: mintime). */
  readonly minTime: number;
}

export interface TemplateOptions {
  readonly clock: Clock;
  /** BIP141 weight of the whole block; default the consensus limit. */
  readonly maxWeight?: number;
  /** Exactly these instead of a choice from the mempool; their fees are not claimed (Core: generateblock). */
  readonly transactions?: readonly Transaction[];
  /** A number in the coinbase, so that blocks of the same contents differ; default 0. */
  readonly extraNonce?: number;
}

/** Weight kept free for the header, the number of transactions and the coinbase (Core: -blockreservedweight). */
const RESERVED_WEIGHT = 8000;
/** Cost of signature operations kept free for the coinbase. */
const RESERVED_SIGOPS_COST = 400;
/** Satoshis per 1,000 virtual bytes (Core: -blockmintxfee). */
const MIN_FEE_RATE = 1n;

interface Contents {
  readonly transactions: readonly Transaction[];
  readonly fees: readonly bigint[];
  readonly sigOpCosts: readonly number[];
}

/** A block on top of the active chain whose coinbase pays to `scriptPubKey`. Without mempool it is empty. */
export function createBlockTemplate(
  chain: Chain,
  mempool: Mempool | undefined,
  scriptPubKey: Uint8Array,
  options: TemplateOptions,
): BlockTemplate {
  const { tip: prev, params } = chain;
  const height = prev.height + 1;
  const contents = options.transactions
    ? fixedContents(options.transactions)
    : selectContents(mempool, prev, options.maxWeight);
  const { transactions, fees, sigOpCosts } = contents;

  let coinbaseValue = blockSubsidy(height, params);
  for (const fee of fees) coinbaseValue += fee;
  const coinbase = createCoinbase({
    height,
    scriptPubKey,
    value: coinbaseValue,
    extraNonce: options.extraNonce ?? 0,
    committed: isActiveAfter('segwit', prev, params) ? transactions : undefined,
  });

  const minTime = minimumTime(prev, params);
  // A header has room for 32 bits, and Core cuts off the rest too.
  const time = Math.max(minTime, unixSeconds(options.clock)) >>> 0;
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
 * The earliest time of a block after `prev`: after the median of the last eleven, and at the start of a difficulty
 * period not long before `prev`, so that no chain is prepared for a time warp (Core: GetMinimumTime; BIP94).
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

/** What is known of transactions without what they spend. */
function fixedContents(transactions: readonly Transaction[]): Contents {
  return {
    transactions,
    fees: transactions.map(() => 0n),
    sigOpCosts: transactions.map((tx) => legacySigOps(tx) * WITNESS_SCALE_FACTOR),
  };
}
