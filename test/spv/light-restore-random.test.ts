import { beforeAll, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { sha256d } from '../../src/crypto/hash.ts';
import { randomInt } from '../../src/platform/random.ts';
import type { Block } from '../../src/primitives/block.ts';
import { formatOutPoint, type OutPoint } from '../../src/primitives/outpoint.ts';
import type { Transaction, TxOut } from '../../src/primitives/transaction.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { type BlockPlan, OP_TRUE, outpoint, spend } from '../chain/support/builder.ts';
import { TestNetwork } from '../p2p/support/network.ts';
import { type BloomLight, copyStores, type LightStores, newStores, startBloomLight } from './support/bloom-network.ts';
import { serve, walletChains } from './support/either-filter.ts';

/** Worlds to try. */
const WORLDS = Number(process.env.PIER_FUZZ_WORLDS ?? 3);
const FIRST_SEED = Number(process.env.PIER_FUZZ_SEED ?? 1);
/** Keys of each chain that payments may use. */
const KEYS = 60;
/** Keys watched after the last one used. */
const GAP = 20;

const net = new TestNetwork();
let chains: Uint8Array[][];
let own: ReadonlySet<string>;

beforeAll(async () => {
  chains = await walletChains(KEYS);
  own = new Set(chains.flat().map(toHex));
});

const ownOutputs = (tx: Transaction) =>
  tx.outputs.flatMap(({ scriptPubKey }, vout) => (own.has(toHex(scriptPubKey)) ? [outpoint(tx, vout)] : []));

/** Generates payments to keys of which any twenty in a row have a used one, in random order, and spends of them. */
class History {
  readonly #random: SeededRandom;
  readonly #payees: Uint8Array[] = [];
  readonly #coins: OutPoint[] = [];
  #unique: number;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#unique = seed * 1000;
    for (const chain of chains) {
      if (this.pick(2) === 0) continue;
      for (let i = this.pick(GAP); i < KEYS && this.pick(12) > 0; i += 1 + this.pick(GAP)) this.#payees.push(chain[i]!);
    }
    this.shuffle(this.#payees);
  }

  pick(bound: number): number {
    return randomInt(this.#random, bound);
  }

  shuffle(items: unknown[]): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.pick(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
  }

  /** Returns the plans of blocks that pay each payee once or more, and spend some of the coins. */
  plans(): BlockPlan[] {
    const plans: BlockPlan[] = [];
    const paid: Uint8Array[] = [];
    while (this.#payees.length > 0) {
      const transactions: Transaction[] = [];
      for (let i = this.pick(3); i > 0; i--) {
        const inputs = this.#coins.length > 0 && this.pick(3) === 0 ? this.#take() : [this.#foreignCoin()];
        const payees = this.#payees.splice(0, this.pick(4));
        paid.push(...payees);
        if (paid.length > 0 && this.pick(4) === 0) payees.push(paid[this.pick(paid.length)]!);
        const scripts = payees.length > 0 ? payees : [OP_TRUE];
        const outputs = scripts.map((scriptPubKey): TxOut => ({ value: BigInt(this.pick(9000) + 600), scriptPubKey }));
        const tx = spend({ inputs, outputs });
        transactions.push(tx);
        this.#coins.push(...ownOutputs(tx));
      }
      plans.push({ transactions, tag: this.pick(1 << 20) }, ...this.#idle());
    }
    for (let i = 0; i < 4 && this.#coins.length > 0; i++) {
      const spending = spend({ inputs: this.#take(), outputs: [{ value: 5n, scriptPubKey: OP_TRUE }] });
      plans.push(...this.#idle(), { transactions: [spending], tag: this.pick(1 << 20) });
    }
    return plans;
  }

  /** Returns another branch with the transactions of these blocks at other heights, in an order that is valid. */
  moved(blocks: readonly Block[]): BlockPlan[] {
    const txs = blocks.flatMap(({ transactions }) => transactions.slice(1));
    const plans: BlockPlan[] = [];
    while (txs.length > 0) plans.push({ transactions: txs.splice(0, 1 + this.pick(3)), tag: this.pick(1 << 20) }, {});
    while (plans.length <= blocks.length) plans.push({ tag: this.pick(1 << 20) });
    return plans;
  }

  #idle(): BlockPlan[] {
    return Array.from({ length: this.pick(3) }, () => ({ tag: this.pick(1 << 20) }));
  }

  #take(): OutPoint[] {
    return this.#coins.splice(this.pick(this.#coins.length), 1);
  }

  #foreignCoin(): OutPoint {
    const number = this.#unique++;
    return { txid: sha256d(Uint8Array.of(number, number >>> 8, number >>> 16)), vout: 0 };
  }
}

/** Returns the confirmed transactions and the unspent coins of a wallet that knows all keys. */
function truth(blocks: readonly Block[]): string[] {
  const known = new Set<string>();
  const coins = new Set<string>();
  const lines: string[] = [];
  for (const [height, { transactions }] of blocks.entries()) {
    for (const tx of transactions) {
      const spent = tx.inputs.map(({ prevout }) => formatOutPoint(prevout)).filter((coin) => known.has(coin));
      const paid = ownOutputs(tx).map(formatOutPoint);
      for (const coin of spent) coins.delete(coin);
      for (const coin of paid) {
        known.add(coin);
        coins.add(coin);
      }
      if (spent.length + paid.length > 0) lines.push(`${tx.txidHex}@${height}`);
    }
  }
  return [...lines, ...coins].sort();
}

/** Returns what the light node shows of that. */
function shown({ wallet }: BloomLight): string[] {
  const transactions = wallet
    .history()
    .map(({ entry: { tx, confirmation } }) => `${tx.txidHex}@${confirmation?.height}`);
  return [...transactions, ...wallet.listUnspent().map(({ outpoint }) => formatOutPoint(outpoint))].sort();
}

/** Restores a wallet, during which addresses are handed out and the node crashes, and then reorganises the chain. */
async function run(seed: number, bloom: boolean): Promise<void> {
  const history = new History(seed);
  const { servers, hook, announce, blocks } = await serve(net, history.plans(), bloom);
  const stores = await newStores(net);
  const crashes: Promise<LightStores>[] = [];
  let light: BloomLight | undefined;
  hook.answering = () => {
    if (history.pick(200) === 0) crashes.push(copyStores(stores));
    if (history.pick(60) === 0) void light?.wallet.newAddress({ change: history.pick(2) === 0 });
  };
  const reach = async (node: BloomLight, why: string) => {
    await net.until(() => node.isAt(blocks().length - 1), 300_000, 50);
    expect(shown(node), `${why} of world ${seed}`).toEqual(truth(blocks()));
  };
  light = await startBloomLight(net, servers, { bloom, stores });
  await reach(light, 'restore');
  const fork = history.pick(blocks().length);
  announce(history.moved(blocks().slice(fork + 1)), fork);
  await reach(light, 'reorganisation');
  await light.stop();
  hook.answering = () => {};
  for (const [i, crash] of crashes.slice(0, 3).entries()) {
    const again = await startBloomLight(net, servers, { bloom, stores: await crash });
    await reach(again, `crash ${i}`);
    await again.stop();
  }
}

it.each([
  ['block filters', false],
  ['Bloom filters', true],
])(
  `a light node with %s finds all payments of a restored wallet (${WORLDS} worlds)`,
  async (_, bloom) => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + WORLDS; seed++) await run(seed, bloom);
  },
  Math.max(30_000, WORLDS * 10_000),
);
