import { blockScriptFlags } from '../../../src/consensus/deployments.ts';
import { isFinalTx, sequenceLocks } from '../../../src/consensus/locks.ts';
import { regtest } from '../../../src/consensus/params.ts';
import { outPointKey } from '../../../src/primitives/outpoint.ts';
import type { Transaction, TxOut } from '../../../src/primitives/transaction.ts';
import { SighashCache } from '../../../src/script/sighash/cache.ts';
import { verifyInput } from '../../../src/script/verify.ts';
import type { Choice } from '../../support/choice.ts';
import { type Coin, satisfyAll } from '../../support/coin-kinds.ts';
import type { BlockNode, Coins, NamedCoin } from './block-tree.ts';
import type { Kinds, LockedKind } from './kinds.ts';

/** A transaction for a block, with the coins that it spends. */
export interface Candidate {
  readonly tx: Transaction;
  readonly spent: readonly NamedCoin[];
  readonly fee: bigint;
}

/** Number of unspent outputs above which transactions consolidate them. */
const MANY_COINS = 250;

/** Generates transactions for blocks, most of them valid. */
export class TransactionGenerator {
  readonly #choice: Choice;
  readonly #kinds: Kinds;

  constructor(choice: Choice, kinds: Kinds) {
    this.#choice = choice;
    this.#kinds = kinds;
  }

  /** Generates a transaction for the block after `parent` that spends `coins`; undefined if none can be spent. */
  next(parent: BlockNode, coins: Coins): Candidate | undefined {
    const choice = this.#choice;
    const consolidates = coins.size > MANY_COINS;
    const spent = this.#coins(parent, coins, consolidates ? 10 : choice.pick([1, 1, 2, 3, 4]));
    if (spent.length === 0) return undefined;
    const inputs = spent.map((coin) => ({ coin: this.#withKind(coin), sequence: this.#sequence(parent, coin) }));
    let lockTime = choice.chance(6) ? this.#lockTime(parent) : 0;
    for (const { coin } of inputs) lockTime = (coin.kind as LockedKind).lockTime ?? lockTime;
    for (const input of inputs) {
      const { sequence } = input.coin.kind as LockedKind;
      if (sequence !== undefined && !choice.chance(10)) input.sequence = sequence;
    }
    let total = 0n;
    for (const { output } of spent) total += output.value;
    const wanted = choice.pick([0n, 0n, 1n, 200n, 1000n, 20_000n]);
    const fee = wanted > total ? 0n : wanted;
    const outputs = this.outputs(parent, total - fee, consolidates ? 1 : choice.pick([1, 1, 2, 3, 5]));
    const version = choice.pick([1, 2, 2, 2, 2, 3, 0, 0xffff_ffff]);
    return { tx: satisfyAll({ inputs, outputs, version, lockTime }), spent, fee };
  }

  /** Generates outputs of random kinds with a total value of `total` satoshis. */
  outputs(parent: BlockNode, total: bigint, count: number): TxOut[] {
    let left = total;
    return Array.from({ length: count }, (_, i) => {
      const value = i === count - 1 ? left : (left * BigInt(this.#choice.int(1000))) / 1000n;
      left -= value;
      return { value, scriptPubKey: this.#kinds.next(parent).scriptPubKey };
    });
  }

  /** Returns the coin as one of the kinds that share its script. */
  #withKind({ outpoint, output: { value, scriptPubKey } }: NamedCoin): Coin {
    return { outpoint, value, kind: this.#choice.pick(this.#kinds.of(scriptPubKey)) };
  }

  #coins(parent: BlockNode, coins: Coins, count: number): NamedCoin[] {
    const choice = this.#choice;
    const all = [...coins.values()].filter(({ output }) => this.#kinds.of(output.scriptPubKey).length > 0);
    const mature = all.filter((coin) => !coin.isCoinbase || parent.height + 1 - coin.height >= 100);
    const boundary = all.filter((coin) => coin.isCoinbase && [99, 100, 101].includes(parent.height + 1 - coin.height));
    const chosen = new Set<NamedCoin>();
    for (let i = 0; i < count && mature.length > 0; i++) {
      // A third of the draws are from recent coins, some of them from the same block.
      const recent = mature.slice(-8);
      chosen.add(choice.pick(choice.chance(3) ? recent : mature));
    }
    if (choice.chance(12) && boundary.length > 0) chosen.add(choice.pick(boundary));
    return [...chosen];
  }

  /** Returns a final sequence, or a relative lock that is just met or just missed. */
  #sequence(parent: BlockNode, coin: NamedCoin): number {
    const choice = this.#choice;
    if (!choice.chance(5)) return choice.pick([0xffff_ffff, 0xffff_fffe, 0xffff_fffd, 0x8000_0000]);
    const past = choice.chance(4) ? 1 : 0;
    if (choice.chance(2)) return Math.max(parent.height + 1 - coin.height, 0) + past;
    const since = parent.ancestor(Math.max(coin.height - 1, 0))?.medianTimePast() ?? parent.medianTimePast();
    const units = Math.floor((parent.medianTimePast() - since) / 512);
    return 0x40_0000 | Math.min(Math.max(units, 0) + past, 0xffff);
  }

  /** Returns the highest lock time that is met, or one more. */
  #lockTime(parent: BlockNode): number {
    const past = this.#choice.chance(4) ? 1 : 0;
    return (this.#choice.chance(2) ? parent.height : parent.medianTimePast() - 1) + past;
  }
}

/**
 * Whether Pier's own rules allow the transaction in the block after `parent`. Used only to generate blocks that are
 * mostly valid or break a single rule; the comparison with bitcoind is independent of it.
 */
export function isCandidateValid({ tx, spent }: Candidate, parent: BlockNode): boolean {
  const height = parent.height + 1;
  if (spent.some((coin) => coin.isCoinbase && height - coin.height < regtest.coinbaseMaturity)) return false;
  if (!isFinalTx(tx, height, parent.medianTimePast())) return false;
  const heights = spent.map((coin) => coin.height);
  return sequenceLocks(tx, heights, parent) && scriptErrors(tx, spent, parent).length === 0;
}

/** Returns the script errors of all inputs that fail. */
export function scriptErrors(tx: Transaction, spent: readonly NamedCoin[], prev: BlockNode): string[] {
  const flags = blockScriptFlags(prev, regtest);
  const outputs = spent.map(({ output }) => output);
  const cache = new SighashCache(tx, outputs);
  return tx.inputs.flatMap((_, i) => verifyInput(tx, i, cache, flags) ?? []);
}

/** Returns the coins that a transaction spends; undefined if one of them is not in `coins`. */
export function spentBy(tx: Transaction, coins: Coins): NamedCoin[] | undefined {
  const spent: NamedCoin[] = [];
  for (const { prevout } of tx.inputs) {
    const coin = coins.get(outPointKey(prevout));
    if (!coin) return undefined;
    spent.push(coin);
  }
  return spent;
}
