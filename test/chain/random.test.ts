import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex, toReversedHex } from '../../src/bytes/hex.ts';
import { ByteWriter } from '../../src/bytes/writer.ts';
import type { Chain } from '../../src/chain/chain.ts';
import { sha256d } from '../../src/crypto/hash.ts';
import { randomInt } from '../../src/platform/random.ts';
import type { Block } from '../../src/primitives/block.ts';
import { type OutPoint, writeOutPoint } from '../../src/primitives/outpoint.ts';
import { type Transaction, writeTxOut } from '../../src/primitives/transaction.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { Bitcoind, describeBitcoind } from '../support/bitcoind.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from './support/builder.ts';
import { describeCoins, extend, openChain, START_MS } from './support/chain.ts';
import { FaultyStore } from './support/faulty-store.ts';
import { replay } from './support/model.ts';

/** A block with its ancestors and the coins that a child may spend. */
interface Node {
  readonly block: Block;
  readonly parent: Node | undefined;
  readonly height: number;
  readonly coins: readonly { outpoint: OutPoint; value: bigint }[];
  /** Whether it or an ancestor is invalid. */
  readonly bad: boolean;
}

function grow(random: SeededRandom, parent: Node, tag: number): Node {
  const coins = [...parent.coins];
  const transactions: Transaction[] = [];
  for (let i = randomInt(random, 5); i > 0 && coins.length > 0; i--) {
    const inputs = Array.from({ length: Math.min(1 + randomInt(random, 3), coins.length) }, () => {
      return coins.splice(randomInt(random, coins.length), 1)[0]!;
    });
    const value = inputs.reduce((sum, coin) => sum + coin.value, 0n);
    const count = 1 + randomInt(random, 3);
    const outputs = Array.from({ length: count }, () => ({ value: value / BigInt(count), scriptPubKey: OP_TRUE }));
    const tx = spend({ inputs: inputs.map((coin) => coin.outpoint), outputs });
    transactions.push(tx);
    // A later transaction of the same block may spend these.
    for (const [vout, output] of outputs.entries()) coins.push({ outpoint: outpoint(tx, vout), value: output.value });
  }
  const isBad = randomInt(random, 12) === 0;
  const fees = isBad ? makeInvalid(transactions, parent, randomInt(random, 3)) : 0n;
  const { block: before, height } = parent;
  const prev = { hash: before.hash, height, time: before.header.time, bits: before.header.bits };
  const block = mineBlock(prev, { tag, transactions, fees });
  return { block, parent, height: height + 1, coins, bad: parent.bad || isBad };
}

/** Makes the block invalid by a script, a spent input, or the returned excess of its coinbase. */
function makeInvalid(transactions: Transaction[], parent: Node, how: number): bigint {
  const at = transactions.findIndex((tx) =>
    parent.coins.some((coin) => coin.outpoint.txid === tx.inputs[0]!.prevout.txid),
  );
  const before = parent.block.transactions[1];
  if (how === 1 && at >= 0) {
    const { inputs, outputs } = transactions[at]!;
    const changed = spend({ inputs: inputs.map(({ prevout }) => prevout), outputs, scriptSig: Uint8Array.of(0x6a) });
    // Drops later transactions, which may spend its outputs and would fail first.
    transactions.splice(at, transactions.length - at, changed);
    return 0n;
  }
  if (how === 2 && before) {
    const { inputs, outputs } = before;
    transactions.push(spend({ inputs: inputs.map(({ prevout }) => prevout), outputs, sequence: 1 }));
    return 0n;
  }
  return 1_000_000n;
}

/** The blocks from the one after genesis to `node`. */
function path(node: Node | undefined): Block[] {
  const blocks: Block[] = [];
  for (let at = node; at; at = at.parent) blocks.unshift(at.block);
  return blocks;
}

/** Returns the valid blocks with the most work. */
function mostWork(nodes: readonly Node[]): Node[] {
  const valid = nodes.filter(({ bad }) => !bad);
  const height = Math.max(...valid.map((node) => node.height));
  return valid.filter((node) => node.height === height);
}

interface Forest {
  readonly shared: readonly Block[];
  /** The last of the shared blocks, then those above it, parents first. */
  readonly nodes: readonly Node[];
  /** The blocks above, in the order of arrival of their bodies, which is roughly by height. */
  readonly arrivals: readonly Node[];
}

/** Builds a trunk and a tree of random blocks on top of it. */
async function makeForest(random: SeededRandom): Promise<Forest> {
  const shared = await extend(await openChain(), 104);
  const base = shared.reduce<Node | undefined>((parent, block, i) => {
    const coins = [...(parent?.coins ?? [])];
    // The first four coinbases may be spent above.
    if (i < 4) coins.push({ outpoint: outpoint(block.transactions[0]!), value: 5_000_000_000n });
    return { block, parent, height: i + 1, coins, bad: false };
  }, undefined)!;
  const nodes = [base];
  for (let tag = 1; tag <= 60; tag++) {
    // Mostly near the top, so that branches become long.
    const recent = nodes.slice(-6);
    nodes.push(grow(random, recent[randomInt(random, recent.length)]!, tag));
  }
  const order = nodes.slice(1).map((node, i) => ({ node, at: i + randomInt(random, 8) }));
  return { shared, nodes, arrivals: order.sort((x, y) => x.at - y.at).map(({ node }) => node) };
}

async function run(seed: number, coinCacheBytes: number): Promise<number> {
  const random = new SeededRandom(seed);
  const { shared, nodes, arrivals } = await makeForest(random);

  // Headers arrive first, then bodies in any order and many at once; some writes fail, and the node restarts.
  const disk = new MemoryStore();
  const open = () => {
    const store = new FaultyStore(disk, () => randomInt(random, 10) === 0);
    return openChain({ store, coinCacheBytes });
  };
  let chain: Chain = await openChain({ store: disk });
  let reorganisations = 0;
  const watch = () =>
    chain.events.on('tip', ({ fork, previous }) => {
      if (fork !== previous) reorganisations++;
    });
  await Promise.all(shared.map((block) => chain.acceptBlock(block)));
  await chain.close();
  chain = await open();
  watch();
  const rest = nodes.slice(1);
  const missing = new Set(rest);
  while (missing.size > 0) {
    for (const node of rest) {
      const { reject } = chain.acceptHeaders([node.block.header]);
      if (reject) expect(node.bad, reject.reason).toBe(true);
    }
    const batch = arrivals.filter((node) => missing.has(node)).slice(0, 1 + randomInt(random, 12));
    await Promise.all(
      batch.map(async (node) => {
        const result = await chain.acceptBlock(node.block).catch(() => undefined);
        if (!result) return;
        if (result.reject) expect(node.bad, result.reject.reason).toBe(true);
        missing.delete(node);
      }),
    );
    const blocks = path(nodes.find(({ block }) => block.hashHex === chain.tip.hashHex));
    expect(describeCoins(chain)).toEqual(replay(blocks));
    if (randomInt(random, 4) === 0) {
      // Like a restart after a kill: the old instance is dropped.
      chain = await open().catch(() => chain);
      watch();
    }
  }
  const best = mostWork(nodes).map(({ block }) => block.hashHex);
  expect(best).toContain(chain.tip.hashHex);
  return reorganisations;
}

describe('random trees of blocks', () => {
  it('lead to a valid chain with the most work, with the UTXO set of a replay at every step', async () => {
    let reorganisations = 0;
    for (let seed = 1; seed <= 7; seed++) {
      // Without cache space, all coins are read from the store.
      reorganisations += await run(seed, seed % 2 ? 0 : 1 << 20).catch((error) => {
        throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
      });
    }
    expect(reorganisations).toBeGreaterThan(18);
  });
});

/** Returns Core's `hash_serialized_3` of the UTXO set. */
function hashSerialized(chain: Chain): string {
  const writer = new ByteWriter();
  for (const { outpoint: at, coin } of chain.coins()) {
    writeOutPoint(writer, at);
    writer.u32(coin.height * 2 + (coin.isCoinbase ? 1 : 0));
    writeTxOut(writer, coin.output);
  }
  return toReversedHex(sha256d(writer.finish()));
}

describeBitcoind('bitcoind', () => {
  let node: Bitcoind;
  beforeAll(async () => {
    node = await Bitcoind.start({ args: [`-mocktime=${START_MS / 1000}`] });
  });
  afterAll(() => node.stop());

  it('has the same tip at every step of random trees, and the same UTXO set', async () => {
    const forests = [await makeForest(new SeededRandom(91)), await makeForest(new SeededRandom(92))];
    const chain = await openChain();
    for (const block of forests[0]!.shared) {
      await chain.acceptBlock(block);
      expect(await node.rpc('submitblock', toHex(block.encode()))).toBeNull();
    }
    const tips = new Set<string>();
    for (const { nodes, arrivals } of forests) {
      for (const { block } of nodes.slice(1)) {
        await node.rpc('submitheader', toHex(block.header.encode()));
        chain.acceptHeaders([block.header]);
      }
      for (const { block } of arrivals) {
        const theirs = await node.rpc<string | null>('submitblock', toHex(block.encode()));
        const { reject } = await chain.acceptBlock(block);
        // bitcoind returns 'inconclusive' if it did not fully validate this block.
        expect(reject?.reason ?? null).toBe(theirs === 'inconclusive' ? null : theirs);
        expect(chain.tip.hashHex).toBe(await node.rpc('getbestblockhash'));
        tips.add(chain.tip.hashHex);
      }
    }
    expect(tips.size).toBeGreaterThan(8);
    const info = await node.rpc<{ txouts: number; hash_serialized_3: string }>('gettxoutsetinfo');
    expect(hashSerialized(chain)).toBe(info.hash_serialized_3);
    const theirs = await node.rpc<{ hash: string; status: string }[]>('getchaintips');
    const ours = chain.tips().map(({ hashHex, failed }) => [hashHex, failed]);
    expect(new Map(ours as [string, boolean][])).toEqual(
      new Map(theirs.map(({ hash, status }) => [hash, status === 'invalid'])),
    );
  });
});
