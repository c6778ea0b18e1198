import { type Random, randomInt } from '../platform/random.ts';
import type { AddressType } from './keys.ts';

/** Weight units of a signed input (outpoint, scriptSig, sequence, witness), with signatures of maximum size. */
export const INPUT_WEIGHT: Readonly<Record<AddressType, number>> = {
  legacy: 148 * 4, // 107-byte scriptSig: signature and public key
  'p2sh-segwit': 64 * 4 + 108, // 23-byte scriptSig: push of the redeem script
  bech32: 41 * 4 + 108, // empty scriptSig; witness items of up to 72 and 33 bytes
  bech32m: 41 * 4 + 66, // empty scriptSig; one witness item of 64 bytes
};

/** Weight units of version, lock time, segwit marker and flag, and the counts of inputs and outputs. */
const OVERHEAD_WEIGHT = 10 * 4 + 2;
/** Weight units that a count above 252 adds: it takes three bytes. */
const LONG_COUNT_WEIGHT = 2 * 4;

/** A coin that may be selected. */
export interface Candidate {
  /** Satoshis. */
  readonly value: bigint;
  readonly type: AddressType;
}

/** Requirements of a coin selection. */
export interface SelectionTarget {
  /** Sum of the outputs in satoshis, without change. */
  readonly amount: bigint;
  /** Weight units of the outputs, without change. */
  readonly outputWeight: number;
  readonly outputCount: number;
  /** Weight units of a change output. */
  readonly changeWeight: number;
  /** Minimum satoshis of a change output; less is added to the fee. */
  readonly minimumChange: bigint;
  /** Satoshis per 1,000 virtual bytes. */
  readonly feeRate: bigint;
  /** Whether the fee is subtracted from the amount instead of added to it. */
  readonly subtractFee: boolean;
}

/** Result of a coin selection. */
export interface Selection<C extends Candidate> {
  readonly coins: readonly C[];
  /** Satoshis, including an excess too small for change. */
  readonly fee: bigint;
  /** Satoshis of the change output; 0 if there is none. */
  readonly change: bigint;
}

/** Iterations of the search for a changeless selection (Core: TOTAL_TRIES is 100,000). */
const MAX_TRIES = 20_000;

/** Returns the fee in satoshis for a weight, rounded up; `feeRate` in satoshis per 1,000 virtual bytes. */
export function feeFor(weight: number, feeRate: bigint): bigint {
  const vsize = BigInt(Math.ceil(weight / 4));
  return (vsize * feeRate + 999n) / 1000n;
}

/**
 * Selects coins for a payment: a changeless set by branch and bound if there is one, otherwise random coins until they
 * suffice (Core: SelectCoinsBnB, SelectCoinsSRD). Returns undefined if all candidates together are not enough.
 *
 * @example
 * ```ts
 * import { systemRandom } from 'pier/platform';
 * import { selectCoins } from 'pier/wallet';
 *
 * const candidates = [10_000n, 50_000n].map((value) => ({ value, type: 'bech32' as const }));
 * const outputs = { outputWeight: 124, outputCount: 1, changeWeight: 124 };
 * const target = { ...outputs, amount: 55_000n, minimumChange: 294n, feeRate: 1_000n, subtractFee: false };
 * console.log(selectCoins(candidates, target, systemRandom)?.coins.length); // 2
 * ```
 */
export function selectCoins<C extends Candidate>(
  candidates: readonly C[],
  target: SelectionTarget,
  random: Random,
): Selection<C> | undefined {
  return selectWithoutChange(candidates, target) ?? selectAtRandom(candidates, target, random);
}

/** Returns a coin's value minus the fee for its input. */
function effectiveValue(coin: Candidate, target: SelectionTarget): bigint {
  return target.subtractFee ? coin.value : coin.value - feeFor(INPUT_WEIGHT[coin.type], target.feeRate);
}

function transactionWeight(coins: readonly Candidate[], target: SelectionTarget, withChange: boolean): number {
  const outputs = target.outputCount + (withChange ? 1 : 0);
  let weight = OVERHEAD_WEIGHT + target.outputWeight + (withChange ? target.changeWeight : 0);
  // In a segwit transaction, an input without a witness has one byte for its empty witness stack.
  for (const { type } of coins) weight += INPUT_WEIGHT[type] + (type === 'legacy' ? 1 : 0);
  if (coins.length > 252) weight += LONG_COUNT_WEIGHT;
  if (outputs > 252) weight += LONG_COUNT_WEIGHT;
  return weight;
}

/** Returns the selection of these coins, with change if it is not too small; undefined if they are not enough. */
function selectionOf<C extends Candidate>(coins: readonly C[], target: SelectionTarget): Selection<C> | undefined {
  let total = 0n;
  for (const coin of coins) total += coin.value;
  const due = (fee: bigint) => (target.subtractFee ? target.amount : target.amount + fee);

  const feeWithChange = feeFor(transactionWeight(coins, target, true), target.feeRate);
  const change = total - due(feeWithChange);
  if (change >= target.minimumChange) return { coins, fee: feeWithChange, change };

  const fee = feeFor(transactionWeight(coins, target, false), target.feeRate);
  if (total < due(fee)) return undefined;
  // If the fee is subtracted, the excess of the coins over the amount is added to the fee as well.
  return { coins, fee: target.subtractFee ? fee + (total - target.amount) : total - target.amount, change: 0n };
}

/** Searches depth-first, largest coins first, for a set that exceeds the target by less than the cost of change. */
function selectWithoutChange<C extends Candidate>(
  candidates: readonly C[],
  target: SelectionTarget,
): Selection<C> | undefined {
  const pool = candidates
    .map((coin) => ({ coin, value: effectiveValue(coin, target) }))
    .filter(({ value }) => value > 0n)
    .sort((a, b) => (a.value < b.value ? 1 : a.value > b.value ? -1 : 0));
  /** `rest[i]`: the sum of the coins from index i on. */
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
      const found = selectionOf(
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
    // The sum is too large, or the rest is too small: backtrack and leave out the last coin.
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
    const selection = selectionOf(chosen, target);
    if (selection) return selection;
  }
  return undefined;
}
