import type { BlockIndex } from '../../src/chain/block-index.ts';
import { dustThreshold } from '../../src/mempool/policy/dust.ts';
import { type Random, randomInt } from '../../src/platform/random.ts';
import { nullOutPoint } from '../../src/primitives/outpoint.ts';
import { Transaction, type TransactionFields, type TxOut } from '../../src/primitives/transaction.ts';
import { type Coin, type CoinKind, type Draft, oddKinds, satisfyAll, standardKinds } from './coin-kinds.ts';

/** Makes transactions near and beyond every limit of policy, out of a pool of coins. */
export class DraftGenerator {
  readonly #random: Random;
  /** Unspent, as far as the caller keeps it up to date. */
  readonly coins: Coin[];

  constructor(random: Random, coins: Coin[]) {
    this.#random = random;
    this.coins = coins;
  }

  int(bound: number): number {
    return randomInt(this.#random, bound);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)]!;
  }

  chance(oneIn: number): boolean {
    return this.int(oneIn) === 0;
  }

  /** A transaction of which about half break some rule. */
  next(tip: BlockIndex): Transaction {
    const draft = this.#draft(tip);
    const tx = satisfyAll(this.#withFee(draft));
    // Decoded, as from a peer: numbers that a mutation has made too large are cut.
    return Transaction.decode((this.chance(4) ? this.#mutate(tx) : tx).encode());
  }

  #draft(tip: BlockIndex): Draft {
    const inputs = Array.from({ length: this.pick([1, 1, 1, 2, 3]) }, () => {
      return { coin: this.#coin(), sequence: this.#sequence() };
    });
    return {
      inputs: inputs.filter(({ coin }, i) => inputs.findIndex((other) => other.coin === coin) === i),
      outputs: Array.from({ length: this.pick([1, 1, 2, 2, 3, 6]) }, () => this.#output()),
      version: this.chance(20) ? this.pick([0, 4, 0xffff_ffff]) : this.pick([2, 2, 2, 2, 1, 3]),
      lockTime: this.chance(10) ? this.#lockTime(tip) : 0,
    };
  }

  #coin(): Coin {
    // Half of them from the latest ones, so that families grow.
    const { length } = this.coins;
    return this.chance(2) ? this.coins[length - 1 - this.int(Math.min(8, length))]! : this.pick(this.coins);
  }

  #sequence(): number {
    if (!this.chance(10)) return this.pick([0xffff_ffff, 0xffff_fffe, 0xffff_fffd]);
    return this.pick([0, 1, this.int(12), 0x40_0000, 0x40_0000 | this.int(4), 0x8000_0000, 0xffff]);
  }

  #lockTime(tip: BlockIndex): number {
    const { height } = tip;
    const time = tip.medianTimePast();
    return this.pick([height - 1, height, height + 1, height + 2, time - 1, time, time + 1, tip.time + 1, 0xffff_ffff]);
  }

  #output(): TxOut {
    const { scriptPubKey } = this.chance(6) ? this.pick(oddKinds) : this.pick(standardKinds);
    if (this.chance(8)) {
      const threshold = dustThreshold({ value: 0n, scriptPubKey }, 3000n);
      const value = threshold + BigInt(this.int(3) - 1);
      return { value: value < 0n ? 0n : value, scriptPubKey };
    }
    return { value: BigInt(1000 + this.int(20_000)), scriptPubKey };
  }

  /** Lets the first output take what is left after a fee, which often is just about what is asked for. */
  #withFee(draft: Draft): Draft {
    let total = 0n;
    for (const { coin } of draft.inputs) total += coin.value;
    for (const { value } of draft.outputs.slice(1)) total -= value;
    const { weight } = satisfyAll(draft);
    const [first, ...others] = draft.outputs as [TxOut, ...TxOut[]];
    const relayFee = BigInt(Math.ceil((Math.ceil(weight / 4) * 100) / 1000));
    const fee = this.pick([0n, relayFee - 1n, relayFee, relayFee + 1n, relayFee * 2n, relayFee * 12n, 5000n, 20_000n]);
    const value = total - fee;
    return value > 0n || this.chance(5) ? { ...draft, outputs: [{ ...first, value }, ...others] } : draft;
  }

  #mutate(tx: Transaction): Transaction {
    const { version, inputs, outputs, lockTime } = tx;
    const fields: TransactionFields = { version, inputs, outputs, lockTime };
    const [input, ...otherInputs] = inputs as [(typeof inputs)[0], ...typeof inputs];
    const [output, ...otherOutputs] = outputs as [TxOut, ...TxOut[]];
    const withInput = (change: Partial<typeof input>) => ({
      ...fields,
      inputs: [{ ...input, ...change }, ...otherInputs],
    });
    const withOutput = (change: Partial<TxOut>) => ({
      ...fields,
      outputs: [{ ...output, ...change }, ...otherOutputs],
    });
    const mutations: (() => TransactionFields)[] = [
      () => withInput({ witness: [] }),
      () => withInput({ witness: [...input.witness, new Uint8Array(1)] }),
      () => withInput({ witness: input.witness.slice(1) }),
      () => withInput({ witness: input.witness.map((item) => this.#flipBit(item)) }),
      () => withInput({ witness: [Uint8Array.of(0x50), ...input.witness] }),
      () => withInput({ scriptSig: this.#flipBit(input.scriptSig) }),
      () => withInput({ scriptSig: Uint8Array.of(0x51, ...input.scriptSig) }),
      () => withInput({ prevout: { ...input.prevout, vout: 77 } }),
      () => withInput({ prevout: { txid: new Uint8Array(32).fill(3), vout: 0 } }),
      () => withInput({ prevout: nullOutPoint, scriptSig: new Uint8Array(this.pick([0, 1, 2, 100, 101])) }),
      () => ({ ...fields, inputs: [...inputs, input] }),
      () => ({ ...fields, outputs: [] }),
      () => withOutput({ value: -1n }),
      () => withOutput({ value: 21_000_000_0000_0001n }),
      () => ({ ...fields, outputs: [...outputs, { ...output, value: 21_000_000_0000_0000n }] }),
      () => withOutput({ value: output.value + 1_000_000n }),
      () => withOutput({ scriptPubKey: this.#flipBit(output.scriptPubKey) }),
      () => ({ ...fields, outputs: Array.from({ length: this.pick([3200, 3300]) }, () => output) }),
      () => ({ ...fields, version: version ^ 1 }),
      () => ({ ...fields, lockTime: lockTime + 1 }),
    ];
    return new Transaction(this.pick(mutations)());
  }

  #flipBit(bytes: Uint8Array): Uint8Array {
    const copy = bytes.slice();
    if (copy.length > 0) copy[this.int(copy.length)]! ^= 1 << this.int(8);
    return copy;
  }
}

/** The coins that a transaction makes, of those kinds that are known. */
export function coinsOf(tx: Transaction): Coin[] {
  const coins: Coin[] = [];
  tx.outputs.forEach(({ value, scriptPubKey }, vout) => {
    for (const kind of kindsOf(scriptPubKey)) coins.push({ outpoint: { txid: tx.txid, vout }, value, kind });
  });
  return coins;
}

const byScript = new Map<string, CoinKind[]>();
for (const kind of [...standardKinds, ...oddKinds]) {
  const script = String(kind.scriptPubKey);
  byScript.set(script, [...(byScript.get(script) ?? []), kind]);
}

function kindsOf(scriptPubKey: Uint8Array): readonly CoinKind[] {
  return byScript.get(String(scriptPubKey)) ?? [];
}
