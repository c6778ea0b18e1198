import type { HeaderContext } from '../../src/consensus/header-context.ts';
import { dustThreshold } from '../../src/mempool/policy/dust.ts';
import { Transaction, type TxOut } from '../../src/primitives/transaction.ts';
import type { Choice } from './choice.ts';
import { type Coin, oddKinds, satisfyAll, standardKinds, type TransactionDraft } from './coin-kinds.ts';
import { mutateTransaction, txMutationNames } from './tx-mutations.ts';

/** Generates transactions at, near and beyond the limits of mempool policy, from a pool of coins. */
export class DraftGenerator {
  readonly #choice: Choice;
  /** The coins to spend. The caller removes spent ones and adds new ones. */
  readonly coins: Coin[];

  constructor(choice: Choice, coins: Coin[]) {
    this.#choice = choice;
    this.coins = coins;
  }

  /** Generates a transaction for the block after `tip`. About half of them break a rule. */
  next(tip: HeaderContext): Transaction {
    const draft = this.#draft(tip);
    const tx = satisfyAll(this.#withFee(draft));
    // A round trip, as if a peer had sent it: numbers that a mutation made too large are truncated.
    const choice = this.#choice;
    const mutated = choice.chance(4) ? mutateTransaction(tx, choice.pick(txMutationNames), choice) : tx;
    return Transaction.decode(mutated.encode());
  }

  #draft(tip: HeaderContext): TransactionDraft {
    const inputs = Array.from({ length: this.#choice.pick([1, 1, 1, 2, 3]) }, () => {
      return { coin: this.#coin(), sequence: this.#sequence() };
    });
    return {
      inputs: inputs.filter(({ coin }, i) => inputs.findIndex((other) => other.coin === coin) === i),
      outputs: Array.from({ length: this.#choice.pick([1, 1, 2, 2, 3, 6]) }, () => this.#output()),
      version: this.#choice.chance(20) ? this.#choice.pick([0, 4, 0xffff_ffff]) : this.#choice.pick([2, 2, 2, 2, 1, 3]),
      lockTime: this.#choice.chance(10) ? this.#lockTime(tip) : 0,
    };
  }

  #coin(): Coin {
    // Half of the draws are from the latest coins, so that chains of unconfirmed transactions grow.
    const { length } = this.coins;
    return this.#choice.chance(2)
      ? this.coins[length - 1 - this.#choice.int(Math.min(8, length))]!
      : this.#choice.pick(this.coins);
  }

  #sequence(): number {
    if (!this.#choice.chance(10)) return this.#choice.pick([0xffff_ffff, 0xffff_fffe, 0xffff_fffd]);
    return this.#choice.pick([
      0,
      1,
      this.#choice.int(12),
      0x40_0000,
      0x40_0000 | this.#choice.int(4),
      0x8000_0000,
      0xffff,
    ]);
  }

  #lockTime(tip: HeaderContext): number {
    const { height } = tip;
    const time = tip.medianTimePast();
    return this.#choice.pick([
      height - 1,
      height,
      height + 1,
      height + 2,
      time - 1,
      time,
      time + 1,
      tip.time + 1,
      0xffff_ffff,
    ]);
  }

  #output(): TxOut {
    const { scriptPubKey } = this.#choice.chance(6) ? this.#choice.pick(oddKinds) : this.#choice.pick(standardKinds);
    if (this.#choice.chance(8)) {
      const threshold = dustThreshold({ value: 0n, scriptPubKey }, 3000n);
      const value = threshold + BigInt(this.#choice.int(3) - 1);
      return { value: value < 0n ? 0n : value, scriptPubKey };
    }
    return { value: BigInt(1000 + this.#choice.int(20_000)), scriptPubKey };
  }

  /** Gives the first output the remainder after a fee, which is often close to the minimum relay fee. */
  #withFee(draft: TransactionDraft): TransactionDraft {
    let total = 0n;
    for (const { coin } of draft.inputs) total += coin.value;
    for (const { value } of draft.outputs.slice(1)) total -= value;
    const { weight } = satisfyAll(draft);
    const [first, ...others] = draft.outputs as [TxOut, ...TxOut[]];
    const relayFee = BigInt(Math.ceil((Math.ceil(weight / 4) * 100) / 1000));
    const fee = this.#choice.pick([
      0n,
      relayFee - 1n,
      relayFee,
      relayFee + 1n,
      relayFee * 2n,
      relayFee * 12n,
      5000n,
      20_000n,
    ]);
    const value = total - fee;
    return value > 0n || this.#choice.chance(5) ? { ...draft, outputs: [{ ...first, value }, ...others] } : draft;
  }
}
