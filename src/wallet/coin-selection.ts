import { type Random, randomInt } from '../platform/random.ts';
import type { AddressType } from './keys.ts';

/** Weight of an input with its signature of the greatest size: outpoint, scriptSig, sequence, witness. */
export const INPUT_WEIGHT: Readonly<Record<AddressType, number>> = {
  legacy: 148 * 4, // a 107-byte scriptSig of signature and key
  'p2sh-segwit': 64 * 4 + 108, // a 23-byte scriptSig that pushes the redeem script
  bech32: 41 * 4 + 108, // an empty scriptSig, two witness items of up to 72 and 33 bytes
  bech32m: 41 * 4 + 66, // one witness item of 64 bytes
};

/** Version, lock time, segwit's marker and flag, and the counts of inputs and outputs. */
const OVERHEAD_WEIGHT = 10 * 4 + 2;
/** Beyond 252 inputs or outputs their count takes three bytes. */
const LONG_COUNT_WEIGHT = 2 * 4;

export interface Candidate {
  /** Satoshis. */
  readonly value: bigint;
  readonly type: AddressType;
}

export interface SelectionTarget {
  /** Satoshis that the outputs pay. */
  readonly amount: bigint;
  /** Weight of the outputs that are paid. */
  readonly outputWeight: number;
  readonly outputCount: number;
  /** Weight of an output for change. */
  readonly changeWeight: number;
  /** Below this many satoshis there is no change: it is left to the miner. */
  readonly minimumChange: bigint;
  /** Satoshis per 1,000 virtual bytes. */
  readonly feeRate: bigint;
  /** The fee is taken from the amount, instead of added to it. */
  readonly subtractFee: boolean;
}

export interface Selection<C extends Candidate> {
  readonly coins: readonly C[];
  /** Satoshis, what is left over included. */
  readonly fee: bigint;
  /** Satoshis of the change output; 0 where there is none. */
  readonly change: bigint;
}

/** Tries of the search for coins that need no change. */
const MAX_TRIES = 20_000;

/** The fee for so much weight, rounded up. */
export function feeFor(weight: number, feeRate: bigint): bigint {
  const vsize = BigInt(Math.ceil(weight / 4));
  return (vsize * feeRate + 999n) / 1000n;
}

/**
 * Chooses coins for a payment: a set that needs no change, if there is one (branch and bound), otherwise coins drawn at random
 * until they suffice, as Core does. Undefined where all candidates together are too little.
 */
export function selectCoins<C extends Candidate>(
  candidates: readonly C[],
  target: SelectionTarget,
  random: Random,
): Selection<C> | undefined {
  return selectWithoutChange(candidates, target) ?? selectAtRandom(candidates, target, random);
}

/** What a coin is worth after the fee for spending it. */
function effectiveValue(coin: Candidate, target: SelectionTarget): bigint {
  return target.subtractFee ? coin.value : coin.value - feeFor(INPUT_WEIGHT[coin.type], target.feeRate);
}

function transactionWeight(coins: readonly Candidate[], target: SelectionTarget, withChange: boolean): number {
  const outputs = target.outputCount + (withChange ? 1 : 0);
  let weight = OVERHEAD_WEIGHT + target.outputWeight + (withChange ? target.changeWeight : 0);
  // An input without a witness still has one empty count of it, in a transaction where others have one.
  for (const { type } of coins) weight += INPUT_WEIGHT[type] + (type === 'legacy' ? 1 : 0);
  if (coins.length > 252) weight += LONG_COUNT_WEIGHT;
  if (outputs > 252) weight += LONG_COUNT_WEIGHT;
  return weight;
}

/** The selection that these coins make, with change or without; undefined if they are too little. */
function settle<C extends Candidate>(coins: readonly C[], target: SelectionTarget): Selection<C> | undefined {
  let total = 0n;
  for (const coin of coins) total += coin.value;
  const due = (fee: bigint) => (target.subtractFee ? target.amount : target.amount + fee);

  const feeWithChange = feeFor(transactionWeight(coins, target, true), target.feeRate);
  const change = total - due(feeWithChange);
  if (change >= target.minimumChange) return { coins, fee: feeWithChange, change };

  const fee = feeFor(transactionWeight(coins, target, false), target.feeRate);
  if (total < due(fee)) return undefined;
  // With the fee taken from the amount, whatever is above it is left to the miner as well.
  return { coins, fee: target.subtractFee ? fee + (total - target.amount) : total - target.amount, change: 0n };
}

/** Depth-first search, largest coins first, for a set that exceeds the target by less than change would cost. */
function selectWithoutChange<C extends Candidate>(
  candidates: readonly C[],
  target: SelectionTarget,
): Selection<C> | undefined {
  const pool = candidates
    .map((coin) => ({ coin, value: effectiveValue(coin, target) }))
    .filter(({ value }) => value > 0n)
    .sort((a, b) => (a.value < b.value ? 1 : a.value > b.value ? -1 : 0));
  /** The sum of the coins from here on. */
  const rest = new Array<bigint>(pool.length + 1).fill(0n);
  for (let i = pool.length - 1; i >= 0; i--) rest[i] = rest[i + 1]! + pool[i]!.value;

  const fixedFee = target.subtractFee ? 0n : feeFor(transactionWeight([], target, false), target.feeRate);
  const least = target.amount + fixedFee;
  const most = least + feeFor(target.changeWeight, target.feeRate) + feeFor(INPUT_WEIGHT.bech32, target.feeRate);

  const chosen: number[] = [];
  let sum = 0n;
  let next = 0;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (sum >= least && sum <= most) {
      const found = settle(
        chosen.map((i) => pool[i]!.coin),
        target,
      );
      if (found && found.change === 0n) return found;
    }
    if (sum < least && next < pool.length && sum + rest[next]! >= least) {
      chosen.push(next);
      sum += pool[next]!.value;
      next++;
      continue;
    }
    // Too much, or not to be reached from here: leave out the coin that was taken last.
    const last = chosen.pop();
    if (last === undefined) return undefined;
    sum -= pool[last]!.value;
    next = last + 1;
  }
  return undefined;
}

function selectAtRandom<C extends Candidate>(
  candidates: readonly C[],
  target: SelectionTarget,
  random: Random,
): Selection<C> | undefined {
  const pool = candidates.filter((coin) => effectiveValue(coin, target) > 0n);
  const chosen: C[] = [];
  while (pool.length > 0) {
    const i = randomInt(random, pool.length);
    chosen.push(pool[i]!);
    pool[i] = pool.at(-1)!;
    pool.pop();
    const settled = settle(chosen, target);
    if (settled) return settled;
  }
  return undefined;
}
