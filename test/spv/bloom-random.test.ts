import { beforeAll, expect, it } from 'vitest';
import { compareBytes, equalBytes } from '../../src/bytes/compare.ts';
import { sha256d } from '../../src/crypto/hash.ts';
import { randomInt } from '../../src/platform/random.ts';
import { outPointKey } from '../../src/primitives/outpoint.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { MerkleBlock } from '../../src/proofs/merkle-block.ts';
import { PartialMerkleTree } from '../../src/proofs/partial-merkle-tree.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { type BlockPlan, OP_TRUE, outpoint, spend } from '../chain/support/builder.ts';
import { TestNetwork } from '../p2p/support/network.ts';
import { BlockList, type BloomLies, BloomServer, startBloomLight, walletScripts } from './support/bloom-network.ts';

const KEYS = 60;
/** Keys watched after the last one in use. */
const GAP = 20;

const net = new TestNetwork();
let port = 6000;
let scripts: Uint8Array[];

beforeAll(async () => {
  scripts = await walletScripts(KEYS);
});

const keyOf = (scriptPubKey: Uint8Array) => scripts.findIndex((script) => equalBytes(script, scriptPubKey));

/** Returns the wallet's transactions in a chain as `txid@height`, found by checking every transaction. */
function truth({ blocks }: BlockList): string[] {
  const coins = new Set<string>();
  const found: string[] = [];
  for (const [height, { transactions }] of blocks.entries()) {
    for (const tx of transactions) {
      const own = tx.outputs.flatMap(({ scriptPubKey }, vout) => (keyOf(scriptPubKey) < 0 ? [] : [outpoint(tx, vout)]));
      const spends = tx.inputs.some(({ prevout }) => coins.has(outPointKey(prevout)));
      if (own.length > 0 || spends) found.push(`${tx.txidHex}@${height}`);
      for (const coin of own) coins.add(outPointKey(coin));
    }
  }
  return found.sort();
}

/** Generates random chains and lies. */
class Chance {
  readonly #random: SeededRandom;
  #coins = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  pick(bound: number): number {
    return randomInt(this.#random, bound);
  }

  /** Returns `count` blocks on `base`, with payments to keys up to the gap limit, and spends of them. */
  blocks(count: number, base?: BlockList['blocks']): BlockList {
    const before = (base ?? []).flatMap(({ transactions }) => transactions.flatMap(({ outputs }) => outputs));
    let last = Math.max(-1, ...before.map(({ scriptPubKey }) => keyOf(scriptPubKey)));
    const unspent: Transaction[] = [];
    const plan = (): BlockPlan => {
      const transactions = Array.from({ length: this.pick(3) }, () => this.#payment(OP_TRUE));
      if (this.pick(5) === 0) {
        const key = this.pick(Math.min(KEYS, last + GAP));
        last = Math.max(last, key);
        const tx = this.#payment(scripts[key]!);
        unspent.push(tx);
        transactions.splice(this.pick(transactions.length + 1), 0, tx);
      }
      if (unspent.length > 0 && this.pick(8) === 0) {
        const [tx] = unspent.splice(this.pick(unspent.length), 1);
        const outputs = [{ value: 50n, scriptPubKey: OP_TRUE }];
        transactions.push(spend({ inputs: [outpoint(tx!)], outputs }));
      }
      return { transactions, tag: this.pick(1 << 20) };
    };
    return new BlockList(Array.from({ length: count }, plan), base);
  }

  #payment(scriptPubKey: Uint8Array): Transaction {
    const txid = sha256d(Uint8Array.of(this.#coins, this.#coins++ >>> 8));
    return spend({ inputs: [{ txid, vout: 0 }], outputs: [{ value: 100n, scriptPubKey }] });
  }

  lies(): BloomLies {
    const rarely = () => this.pick(30) === 0;
    const forge = ({ header, tree }: MerkleBlock) =>
      new MerkleBlock(header, new PartialMerkleTree(tree.transactionCount, tree.hashes.slice(1), tree.flags));
    const kinds: BloomLies[] = [
      { omits: (tx) => !tx.isCoinbase && this.pick(3) === 0 },
      { silentOn: ['getdata'] },
      { delay: 100 + this.pick(20_000) },
      { merkleBlock: (shown) => (rarely() ? undefined : shown) },
      { merkleBlock: (shown) => (rarely() ? forge(shown) : shown) },
      { transactions: (truth) => (rarely() ? truth.slice(1) : truth) },
      { adds: () => this.pick(3) === 0 },
    ];
    return kinds[this.pick(kinds.length)]!;
  }
}

it.each([1, 22])('one honest peer among random liars is enough, also in a reorganisation (seed %i)', async (seed) => {
  const chance = new Chance(seed);
  const chain = chance.blocks(20 + chance.pick(100));
  const fork = 1 + chance.pick(chain.height);
  const longer = chance.blocks(chain.height - fork + 3, chain.blocks.slice(0, fork));
  const servers: BloomServer[] = [];
  for (const lies of [{}, chance.lies(), chance.lies()])
    servers.push(await BloomServer.start(net, port++, chain, lies));
  servers.sort(() => chance.pick(2) - 0.5);
  const light = await startBloomLight(net, servers);
  const found = () =>
    light.wallet
      .history()
      .flatMap(({ entry: { tx, confirmation } }) => (confirmation ? [`${tx.txidHex}@${confirmation.height}`] : []))
      .sort();
  const isFound = (list: BlockList) => light.isAt(list.height) && found().join() === truth(list).join();
  await net.until(() => isFound(chain), 300_000, 50);
  for (const server of servers) {
    if (server.isConnected) server.announce(longer);
    else server.chain = longer;
  }
  await net.until(() => isFound(longer), 300_000, 50);
  for (const { entry } of light.wallet.history()) {
    const { tx, confirmation } = entry;
    const proof = light.proofs.get(tx.txidHex);
    expect(proof?.height).toBe(confirmation?.height);
    if (proof) expect(compareBytes(proof.blockHash, longer.blocks[proof.height]!.hash)).toBe(0);
  }
  await light.stop();
});
