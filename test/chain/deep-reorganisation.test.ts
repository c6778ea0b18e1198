import { describe, expect, it } from 'vitest';
import { noPause } from '../../src/api/json/step.ts';
import { coinStats } from '../../src/api/methods/blockchain/coin-stats.ts';
import { toReversedHex } from '../../src/bytes/hex.ts';
import type { Chain } from '../../src/chain/chain.ts';
import { randomInt } from '../../src/platform/random.ts';
import type { Block } from '../../src/primitives/block.ts';
import type { OutPoint } from '../../src/primitives/outpoint.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from './support/builder.ts';
import { accept, describeCoins, extend, openChain } from './support/chain.ts';
import { replay } from './support/model.ts';

type Parent = Parameters<typeof mineBlock>[0];

interface OwnCoin {
  readonly outpoint: OutPoint;
  readonly value: bigint;
  /** First height at which it may be spent. */
  readonly from: number;
}

const childOf = (block: Block, height: number): Parent => ({
  hash: block.hash,
  height,
  time: block.header.time,
  bits: block.header.bits,
});

/** A branch whose blocks randomly spend, split and merge coins of the trunk and of the branch. */
class Branch {
  readonly blocks: Block[] = [];
  readonly #random: SeededRandom;
  readonly #tag: number;
  readonly #coins: OwnCoin[];
  #tip: Parent;

  constructor(tag: number, from: Parent, coins: readonly OwnCoin[]) {
    this.#random = new SeededRandom(tag);
    this.#tag = tag;
    this.#coins = [...coins];
    this.#tip = from;
  }

  grow(count: number): this {
    for (let i = 0; i < count; i++) this.add(this.#transactions());
    return this;
  }

  /** Adds a block; with `fees` above zero, its coinbase claims too much. */
  add(transactions: readonly Transaction[], fees = 0n): Block {
    const block = mineBlock(this.#tip, { tag: this.#tag, transactions, fees });
    const height = this.#tip.height + 1;
    this.blocks.push(block);
    this.#tip = childOf(block, height);
    const reward = block.transactions[0]!;
    this.#coins.push({ outpoint: outpoint(reward), value: reward.outputs[0]!.value, from: height + 100 });
    return block;
  }

  #transactions(): Transaction[] {
    const height = this.#tip.height + 1;
    const transactions: Transaction[] = [];
    for (let i = randomInt(this.#random, 3); i > 0; i--) {
      const ripe = this.#coins.filter(({ from }) => from <= height);
      // Old or new coins, some of them created in this block.
      const first = randomInt(this.#random, 2) === 0 ? 0 : Math.max(0, ripe.length - 3);
      const inputs = ripe.slice(first, first + 1 + randomInt(this.#random, 3));
      if (inputs.length === 0) break;
      for (const coin of inputs) this.#coins.splice(this.#coins.indexOf(coin), 1);
      const count = 1 + randomInt(this.#random, 4);
      const value = inputs.reduce((sum, coin) => sum + coin.value, 0n) / BigInt(count);
      const outputs = Array.from({ length: count }, () => ({ value, scriptPubKey: OP_TRUE }));
      const tx = spend({ inputs: inputs.map((coin) => coin.outpoint), outputs });
      transactions.push(tx);
      for (let vout = 0; vout < count; vout++) {
        this.#coins.push({ outpoint: outpoint(tx, vout), value, from: height });
      }
    }
    return transactions;
  }
}

/** Mines the shared blocks below the branches; returns them and their coins. */
async function trunk(length: number): Promise<{ shared: Block[]; tip: Parent; coins: OwnCoin[] }> {
  const shared = await extend(await openChain(), length);
  const coins = shared.map((block, i) => {
    const reward = block.transactions[0]!;
    return { outpoint: outpoint(reward), value: reward.outputs[0]!.value, from: i + 101 };
  });
  return { shared, tip: childOf(shared.at(-1)!, length), coins };
}

/** Returns Core's `hash_serialized_3` and `muhash` of the UTXO set. */
async function hashes(chain: Chain): Promise<string[]> {
  const kinds = ['hash_serialized_3', 'muhash'] as const;
  const stats = await Promise.all(kinds.map((kind) => coinStats(chain, kind, noPause)));
  return stats.map(({ hash }) => toReversedHex(hash!));
}

/** Returns the hashes after a sync with exactly these blocks. */
async function freshHashes(blocks: readonly Block[]): Promise<string[]> {
  const chain = await openChain();
  await Promise.all(blocks.map((block) => accept(chain, block)));
  expect(chain.tip.hashHex).toBe(blocks.at(-1)!.hashHex);
  return hashes(chain);
}

describe('a reorganisation larger than the caches', () => {
  it('of 520 blocks, and back, leaves the UTXO set of a fresh sync', {
    timeout: 60_000,
  }, async () => {
    const { shared, tip, coins } = await trunk(110);
    const left = new Branch(1, tip, coins).grow(520);
    const right = new Branch(2, tip, coins).grow(521);
    const store = new MemoryStore();
    // Space for at most twenty coins.
    const options = { store, coinCacheBytes: 8_000 };
    let chain = await openChain(options);
    await Promise.all([...shared, ...left.blocks].map((block) => accept(chain, block)));
    expect(await hashes(chain)).toEqual(await freshHashes([...shared, ...left.blocks]));

    // Headers first, then bodies in reverse order, so that the whole branch is connected at once.
    const moves: string[] = [];
    const watch = () =>
      chain.events.on('tip', ({ tip: to, fork, previous }) =>
        moves.push(`${previous.height} ${fork.height} ${to.height}`),
      );
    watch();
    chain.acceptHeaders(right.blocks.map(({ header }) => header));
    for (const block of [...right.blocks].reverse()) await accept(chain, block);
    expect(chain.tip.hashHex).toBe(right.blocks.at(-1)!.hashHex);
    expect(moves).toEqual(['630 110 631']);
    const expected = await freshHashes([...shared, ...right.blocks]);
    expect(await hashes(chain)).toEqual(expected);

    // Back to the first branch, after a restart.
    await chain.close();
    chain = await openChain(options);
    watch();
    expect(await hashes(chain)).toEqual(expected);
    left.grow(2);
    for (const block of left.blocks.slice(-2)) await accept(chain, block);
    expect(moves.slice(1)).toEqual(['631 110 632']);
    const all = [...shared, ...left.blocks];
    expect(chain.tip.hashHex).toBe(left.blocks.at(-1)!.hashHex);
    expect(await hashes(chain)).toEqual(await freshHashes(all));
    expect(describeCoins(chain)).toEqual(replay(all));
    await chain.reindexUtxo();
    expect(describeCoins(chain)).toEqual(replay(all));
  });
});

describe('a chain of 100 blocks with more work whose 50th is invalid', () => {
  const broken = [
    { fault: 'its coinbase claims too much', reason: 'bad-cb-amount', spendsFalse: false },
    {
      fault: 'one of its scripts fails',
      reason:
        'block-script-verify-flag-failed (Script evaluated without error but finished with a false/empty top stack element)',
      spendsFalse: true,
    },
  ];
  const orders = ['reversed', 'random', 'in order'] as const;
  const cases = broken.flatMap((fault) => orders.flatMap((order) => [40, 60].map((own) => ({ ...fault, order, own }))));

  it.each(cases)(
    'leaves the best valid chain: $fault, body order: $order, own branch: $own blocks',
    { timeout: 60_000 },
    async (row) => {
      const { shared, tip, coins } = await trunk(105);
      const own = new Branch(3, tip, coins).grow(row.own);
      const chain = await openChain({ coinCacheBytes: 8_000 });
      for (const block of [...shared, ...own.blocks]) await accept(chain, block);
      const before = await hashes(chain);

      const better = new Branch(4, tip, coins.slice(1));
      better.grow(47);
      // The fiftieth block spends an output whose script always fails.
      const locked = spend({ inputs: [coins[0]!.outpoint], outputs: [{ value: 5n, scriptPubKey: Uint8Array.of(0) }] });
      better.add(row.spendsFalse ? [locked] : []);
      better.grow(1);
      const invalid = spend({ inputs: [outpoint(locked)], outputs: [{ value: 5n, scriptPubKey: OP_TRUE }] });
      const bad = row.spendsFalse ? better.add([invalid]) : better.add([], 1n);
      for (let i = 0; i < 50; i++) better.add([]);
      expect(better.blocks).toHaveLength(100);

      const checked: string[] = [];
      chain.events.on('blockChecked', ({ index, reject }) => {
        if (reject) checked.push(`${index!.hashHex} ${reject.reason}`);
      });
      chain.acceptHeaders(better.blocks.map(({ header }) => header));
      const bodies = [...better.blocks];
      const random = new SeededRandom(row.own);
      if (row.order === 'reversed') bodies.reverse();
      if (row.order === 'random') {
        for (let i = bodies.length - 1; i > 0; i--) {
          const j = randomInt(random, i + 1);
          [bodies[i], bodies[j]] = [bodies[j]!, bodies[i]!];
        }
      }
      // Some descendants arrive after the block was found invalid.
      await Promise.all(bodies.map((block) => chain.acceptBlock(block)));
      expect(checked.filter((line) => line.startsWith(bad.hashHex))).toEqual([`${bad.hashHex} ${row.reason}`]);
      for (const [i, { hash }] of better.blocks.entries()) expect(chain.getIndex(hash)!.failed).toBe(i >= 49);

      // Its 49 valid blocks have more work than 40, and less than 60.
      const valid = better.blocks.slice(0, 49);
      const expected = row.own < 49 ? valid : own.blocks;
      expect(chain.tip.hashHex).toBe(expected.at(-1)!.hashHex);
      expect(await hashes(chain)).toEqual(row.own < 49 ? await freshHashes([...shared, ...valid]) : before);
      expect(chain.bestHeader.hashHex).toBe(chain.tip.hashHex);

      // The valid part can become the best chain.
      const repaired = await extend(chain, 20, { tag: 5 }, chain.getIndex(valid.at(-1)!.hash));
      expect(chain.tip.hashHex).toBe(repaired.at(-1)!.hashHex);
      expect(await hashes(chain)).toEqual(await freshHashes([...shared, ...valid, ...repaired]));
    },
  );
});
