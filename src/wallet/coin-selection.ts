import { MAX_STANDARD_TX_WEIGHT } from '../mempool/policy/constants.ts';
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
  /** Maximum weight units of the transaction; default: that of a standard one. */
  readonly maxWeight?: number;
}

/** Result of a coin selection. */
export interface Selection<C extends Candidate> {
  readonly coins: readonly C[];
  /** Satoshis, including an excess too small for change. */
  readonly fee: bigint;
  /** Satoshis of the change output; 0 if there is none. */
  readonly change: bigint;
}

/** Why no coins were selected: together they are not enough, or only with more inputs than fit. */
export type SelectionFailure = 'not-enough' | 'too-heavy';

/** Iterations of the search for a changeless selection (Core: TOTAL_TRIES is 100,000). */
const MAX_TRIES = 20_000;

/** Returns the fee in satoshis for a weight, rounded up; `feeRate` in satoshis per 1,000 virtual bytes. */
export function feeFor(weight: number, feeRate: bigint): bigint {
  const vsize = BigInt(Math.ceil(weight / 4));
  return (vsize * feeRate + 999n) / 1000n;
}

/**
 * Selects coins for a payment: a changeless set by branch and bound if there is one, otherwise random coins until they
 * suffice (Core: SelectCoinsBnB, SelectCoinsSRD). Returns undefined if all candidates together are not enough, or if
 * those that are do not fit in a transaction.
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
  const selection = findSelection(candidates, target, random);
  return typeof selection === 'string' ? undefined : selection;
}

/** Does so, and returns the reason if no coins were selected. The work is linear in the candidates, but for sorting. */
export function findSelection<C extends Candidate>(
  candidates: readonly C[],
  target: SelectionTarget,
  random: Random,
): Selection<C> | SelectionFailure {
  const pool: PoolCoin<C>[] = [];
  const all = new Tally(target);
  for (const coin of candidates) {
    const value = effectiveValue(coin, target);
    if (value <= 0) continue;
    pool.push({ coin, value });
    all.add(coin);
  }
  if (!all.isEnough) return 'not-enough';
  pool.sort((a, b) => b.value - a.value);
  return selectWithoutChange(pool, target) ?? selectAtRandom(pool, target, random) ?? 'too-heavy';
}

/** A coin with its value minus the fee for its input, in satoshis: sums of money are safe integers. */
interface PoolCoin<C extends Candidate> {
  readonly coin: C;
  readonly value: number;
}

/** Returns a coin's value minus the fee for its input. */
function effectiveValue(coin: Candidate, target: SelectionTarget): number {
  const fee = target.subtractFee ? 0n : feeFor(INPUT_WEIGHT[coin.type], target.feeRate);
  return Number(coin.value - fee);
}

/** Sum and weight of coins that are added and removed one by one. */
class Tally {
  readonly #target: SelectionTarget;
  #total = 0n;
  #inputWeight = 0;
  #count = 0;

  constructor(target: SelectionTarget) {
    this.#target = target;
  }

  add(coin: Candidate): void {
    this.#change(coin, 1);
  }

  remove(coin: Candidate): void {
    this.#change(coin, -1);
  }

  #change({ value, type }: Candidate, sign: 1 | -1): void {
    this.#total += sign === 1 ? value : -value;
    // In a segwit transaction, an input without a witness has one byte for its empty witness stack.
    this.#inputWeight += sign * (INPUT_WEIGHT[type] + (type === 'legacy' ? 1 : 0));
    this.#count += sign;
  }

  /** Weight units of the transaction. */
  weight(withChange: boolean): number {
    const { outputCount, outputWeight, changeWeight } = this.#target;
    let weight = OVERHEAD_WEIGHT + outputWeight + this.#inputWeight + (withChange ? changeWeight : 0);
    if (this.#count > 252) weight += LONG_COUNT_WEIGHT;
    if (outputCount + (withChange ? 1 : 0) > 252) weight += LONG_COUNT_WEIGHT;
    return weight;
  }

  /** Returns whether the transaction is too large for nodes to relay. */
  isTooHeavy(withChange: boolean): boolean {
    return this.weight(withChange) > (this.#target.maxWeight ?? MAX_STANDARD_TX_WEIGHT);
  }

  /** Whether the coins cover the amount and, unless it is subtracted, the fee. */
  get isEnough(): boolean {
    return this.#total >= this.#due(this.#fee(false));
  }

  /** Returns the fee and change with these coins, with change if it is not too small; undefined if they do not do. */
  split(): { fee: bigint; change: bigint } | undefined {
    const { minimumChange, amount, subtractFee } = this.#target;
    if (!this.isEnough || this.isTooHeavy(false)) return undefined;
    const feeWithChange = this.#fee(true);
    const change = this.#total - this.#due(feeWithChange);
    if (change >= minimumChange) return { fee: feeWithChange, change };
    const excess = this.#total - amount;
    // If the fee is subtracted, the excess of the coins over the amount is added to the fee as well.
    return { fee: subtractFee ? this.#fee(false) + excess : excess, change: 0n };
  }

  #fee(withChange: boolean): bigint {
    return feeFor(this.weight(withChange), this.#target.feeRate);
  }

  #due(fee: bigint): bigint {
    return this.#target.subtractFee ? this.#target.amount : this.#target.amount + fee;
  }
}

/** Searches depth-first, largest coins first, for a set that exceeds the target by less than the cost of change. */
function selectWithoutChange<C extends Candidate>(
  pool: readonly PoolCoin<C>[],
  target: SelectionTarget,
): Selection<C> | undefined {
  /** `rest[i]`: the sum of the coins from index i on. */
  const rest = new Array<number>(pool.length + 1).fill(0);
  for (let i = pool.length - 1; i >= 0; i--) rest[i] = rest[i + 1]! + pool[i]!.value;

  const fixedFee = target.subtractFee ? 0n : feeFor(new Tally(target).weight(false), target.feeRate);
  const least = Number(target.amount + fixedFee);
  const costOfChange = feeFor(target.changeWeight, target.feeRate) + feeFor(INPUT_WEIGHT.bech32, target.feeRate);
  const most = least + Number(costOfChange);

  const chosen: number[] = [];
  const tally = new Tally(target);
  let sum = 0;
  let next = 0;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (sum >= least && sum <= most) {
      const split = tally.split();
      if (split?.change === 0n) return { coins: chosen.map((i) => pool[i]!.coin), ...split };
    }
    if (sum < least && next < pool.length && sum + rest[next]! >= least && !tally.isTooHeavy(false)) {
      chosen.push(next);
      sum += pool[next]!.value;
      tally.add(pool[next]!.coin);
      next++;
      continue;
    }
    // The sum is too large, or the rest is too small: backtrack and leave out the last coin.
    const last = chosen.pop();
    if (last === undefined) return undefined;
    sum -= pool[last]!.value;
    tally.remove(pool[last]!.coin);
    next = last + 1;
  }
  return undefined;
}

/**
 * Adds random coins until they suffice. While they and a change output do not fit, the smallest is left out (Core:
 * SelectCoinsSRD).
 */
function selectAtRandom<C extends Candidate>(
  candidates: readonly PoolCoin<C>[],
  target: SelectionTarget,
  random: Random,
): Selection<C> | undefined {
  const pool = [...candidates];
  const chosen = new SmallestFirst<PoolCoin<C>>();
  const tally = new Tally(target);
  if (tally.isTooHeavy(true)) return undefined;
  while (pool.length > 0) {
    const i = randomInt(random, pool.length);
    const drawn = pool[i]!;
    pool[i] = pool.at(-1)!;
    pool.pop();
    chosen.push(drawn);
    tally.add(drawn.coin);
    while (tally.isTooHeavy(true)) tally.remove(chosen.pop().coin);
    const split = tally.split();
    if (split) return { coins: chosen.items.map(({ coin }) => coin), ...split };
  }
  return undefined;
}

/** A binary heap. */
class SmallestFirst<T extends { readonly value: number }> {
  /** In no particular order. */
  readonly items: T[] = [];

  push(item: T): void {
    const { items } = this;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]!.value <= item.value) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  /** Removes and returns the smallest item; there must be one. */
  pop(): T {
    const { items } = this;
    const smallest = items[0]!;
    const item = items.pop()!;
    if (items.length === 0) return smallest;
    let at = 0;
    for (let child = 1; child < items.length; child = 2 * at + 1) {
      if (child + 1 < items.length && items[child + 1]!.value < items[child]!.value) child++;
      if (items[child]!.value >= item.value) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = item;
    return smallest;
  }
}
