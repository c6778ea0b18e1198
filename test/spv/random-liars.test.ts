import { expect, it } from 'vitest';
import type { BlockIndex } from '../../src/chain/tree/block-index.ts';
import { hash160 } from '../../src/crypto/hash.ts';
import { randomInt } from '../../src/platform/random.ts';
import { Block } from '../../src/primitives/block.ts';
import { basicFilterElements, encodeFilter } from '../../src/proofs/block-filter.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { type BlockPlan, OP_TRUE, outpoint, spend } from '../chain/support/builder.ts';
import { TestNetwork } from '../p2p/support/network.ts';
import { type Lies, RecordingWatcher, ServedChain, Server, startLight } from './support/light-network.ts';

const WORLDS = Number(process.env.PIER_FUZZ_WORLDS ?? 60);
const FIRST_SEED = Number(process.env.PIER_FUZZ_SEED ?? 1);
const HEIGHT = 40;

const KEY = Uint8Array.of(0x02, ...new Uint8Array(32).fill(7));
const OURS = Uint8Array.of(0x00, 0x14, ...hash160(KEY));
const OUR_TAPROOT = Uint8Array.of(0x51, 0x20, ...new Uint8Array(32).fill(9));
const SIGNATURE = new Uint8Array(64).fill(1);
const outputs = [{ value: 1n, scriptPubKey: OP_TRUE }];

/** A watcher that keeps the hashes of the blocks it received. */
class Hashes extends RecordingWatcher {
  readonly seen = new Set<string>();

  override found(index: BlockIndex, block: Block): boolean {
    this.seen.add(index.hashHex);
    return super.found(index, block);
  }
}

/** Builds `count` blocks on block `from` of `base`. Some pay us or spend such a payment; `ours` are their hashes. */
function branch(random: SeededRandom, base: ServedChain, from: number, count: number, tag: number) {
  const start = base.blocks.slice(0, from + 1);
  const ours: number[] = [];
  const plans: BlockPlan[] = [];
  let chain = ServedChain.of([], start);
  const coins: { height: number; isTaproot: boolean }[] = [];
  for (let height = from + 1; height <= from + count; height++) {
    const kind = randomInt(random, 6);
    if (kind === 0) {
      const isTaproot = randomInt(random, 2) === 0;
      plans.push({ tag, coinbaseOutputs: [{ value: 1n, scriptPubKey: isTaproot ? OUR_TAPROOT : OURS }] });
      coins.push({ height, isTaproot });
      ours.push(height);
    } else if (kind === 1 && coins.length > 0) {
      chain = ServedChain.of(plans, start);
      const coin = coins.pop()!;
      const inputs = [outpoint(chain.blocks[coin.height]!.transactions[0]!)];
      const witness = coin.isTaproot ? [SIGNATURE] : [SIGNATURE, KEY];
      plans.push({ tag, transactions: [spend({ inputs, outputs, witness })] });
      ours.push(height);
    } else {
      plans.push({ tag });
    }
  }
  chain = ServedChain.of(plans, start);
  return { chain, ours: ours.map((height) => chain.blocks[height]!.hashHex) };
}

function randomLies(random: SeededRandom): Lies {
  const is = (n: number) => randomInt(random, n) === 0;
  const liesAt = new Set(Array.from({ length: HEIGHT * 2 }, (_, height) => height).filter(() => is(4)));
  const kind = randomInt(random, 4);
  const wrong = (height: number, truth: Uint8Array, block: Block): Uint8Array => {
    if (!liesAt.has(height)) return truth;
    if (kind === 0) return encodeFilter(block.hash, []);
    if (kind === 1) return encodeFilter(block.hash, basicFilterElements(block, []));
    if (kind === 2) return encodeFilter(block.hash, [KEY, SIGNATURE, OURS]);
    return truth.slice(0, -1);
  };
  const silent = ['getheaders', 'getcfheaders', 'getcfilters', 'getdata', 'getcfcheckpt'].filter(() => is(8));
  const odd = { blocks: is(3), hashes: is(6), hashed: is(4), filter: is(2) };
  return {
    silentOn: silent,
    ...(odd.filter ? { filter: wrong } : {}),
    ...(odd.hashed
      ? { hashed: (height: number, truth: Uint8Array, block: Block) => (is(3) ? wrong(height, truth, block) : truth) }
      : {}),
    ...(odd.blocks
      ? {
          block: (_: number, truth: Block) =>
            is(2) ? undefined : new Block(truth.header, [...truth.transactions, ...truth.transactions]),
        }
      : {}),
    ...(odd.hashes
      ? {
          hashes: (truth) =>
            is(2)
              ? { ...truth, previousHeader: SIGNATURE.slice(32) }
              : { ...truth, filterHashes: truth.filterHashes.slice(is(2) ? 1 : 0) },
        }
      : {}),
  };
}

async function runWorld(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const net = new TestNetwork({ lasting: true });
  const genesis = ServedChain.of([]);
  const first = branch(random, genesis, 0, HEIGHT, 0);
  const fork = randomInt(random, HEIGHT);
  const second = branch(random, first.chain, fork, HEIGHT - fork + 1 + randomInt(random, 10), 1);

  const servers: Server[] = [];
  const honest: Server[] = [];
  const count = 2 + randomInt(random, 4);
  const honestOne = randomInt(random, count);
  let lies: Lies = {};
  for (let i = 0; i < count; i++) {
    const isHonest = i === honestOne || randomInt(random, 4) === 0;
    // Some liars share their lies.
    if (!isHonest && randomInt(random, 3) > 0) lies = randomLies(random);
    const stale = isHonest
      ? first.chain
      : branch(random, first.chain, randomInt(random, HEIGHT - 3), randomInt(random, 3), 2).chain;
    const server = await Server.start(net, randomInt(random, 3) === 0 ? stale : first.chain, isHonest ? {} : lies);
    servers.push(server);
    if (isHonest) honest.push(server);
  }
  const atOnce = servers.filter(() => randomInt(random, 3) > 0);
  const watcher = new Hashes([OURS, OUR_TAPROOT]);
  const light = await startLight(net, watcher, atOnce);
  await net.advance(randomInt(random, 1000), 50);
  for (const { endpoint } of servers.filter((server) => !atOnce.includes(server))) light.connections.addNode(endpoint);

  const followed = (chain: ServedChain, ours: readonly string[]) => () =>
    light.chain.tip.height === chain.height &&
    watcher.tip?.height === chain.height &&
    ours.every((hash) => watcher.seen.has(hash));
  const maxMs = 10 * 60_000;
  await net.until(followed(first.chain, first.ours), maxMs, 100);
  for (const server of honest) server.announce(second.chain);
  await net.until(followed(second.chain, second.ours), maxMs, 100);
  expect(light.chain.tip.hashHex).toBe(second.chain.blocks.at(-1)!.hashHex);
  // No honest server is dropped.
  for (const { endpoint } of honest) expect(light.connections.addedNodes()).toContainEqual(endpoint);
  await light.stop();
}

it(`one honest peer among random liars is enough (${WORLDS} worlds)`, {
  timeout: 60_000 + WORLDS * 1000,
}, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + WORLDS; seed++) {
    await runWorld(seed).catch((error: Error) => {
      throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
    });
  }
});
