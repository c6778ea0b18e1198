import { beforeAll, describe, expect, it } from 'vitest';
import { regtest } from '../../src/consensus/params.ts';
import { sha256d } from '../../src/crypto/hash.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import type { OutPoint } from '../../src/primitives/outpoint.ts';
import type { Transaction, TxOut } from '../../src/primitives/transaction.ts';
import { ProofStore } from '../../src/spv/proof-store.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { WalletFile } from '../../src/wallet/wallet-file.ts';
import { type BlockPlan, OP_TRUE, outpoint, spend } from '../chain/support/builder.ts';
import { TestNetwork } from '../p2p/support/network.ts';
import { copyStores, type LightStores, newStores, startBloomLight } from './support/bloom-network.ts';
import { serve, walletChains } from './support/either-filter.ts';

/** Keys of each chain that payments may use. */
const KEYS = 70;

const net = new TestNetwork();
/** The wallet's scripts by chain and index; `chains[4]` are the external ones of the default type. */
let chains: Uint8Array[][];

beforeAll(async () => {
  chains = await walletChains(KEYS);
});

let unique = 0;
const foreignCoin = (): OutPoint => ({ txid: sha256d(Uint8Array.of(3, unique, unique++ >>> 8)), vout: 0 });
const paying = (inputs: readonly OutPoint[], scripts: readonly Uint8Array[], value = 1000n) =>
  spend({ inputs: [...inputs], outputs: scripts.map((scriptPubKey): TxOut => ({ value, scriptPubKey })) });
const pay = (...scripts: readonly Uint8Array[]) => paying([foreignCoin()], scripts);
const key = (index: number) => chains[4]![index]!;

const plain = (count: number): BlockPlan[] => Array.from({ length: count }, () => ({}));

/** Returns plans of `count` blocks with the transactions at these heights. */
function planned(count: number, at: Record<number, readonly Transaction[]>): BlockPlan[] {
  return plain(count).map((plan, i) => (at[i + 1] ? { transactions: at[i + 1]! } : plan));
}

async function restored(plans: readonly BlockPlan[], bloom: boolean) {
  const world = await serve(net, plans, bloom);
  const light = await startBloomLight(net, world.servers, { bloom });
  await net.until(() => light.isAt(world.blocks().length - 1));
  return { ...world, light };
}

describe.each([
  ['block filters', false],
  ['Bloom filters', true],
])('a wallet restored on a light node with %s', (_, bloom) => {
  it('finds a payment in a block before the one that extends the watched keys', async () => {
    const { light, fetched } = await restored(planned(40, { 5: [pay(key(24))], 9: [pay(key(5))] }), bloom);
    expect(light.wallet.balance().trusted).toBe(2000n);
    expect(fetched).toEqual(bloom ? [] : [9, 5]);
    await light.stop();
  });

  it('finds payments over several repetitions, in any order', async () => {
    const plans = planned(60, { 10: [pay(key(62))], 20: [pay(key(43))], 30: [pay(key(24))], 40: [pay(key(5))] });
    const { light, fetched } = await restored(plans, bloom);
    expect(light.wallet.balance().trusted).toBe(4000n);
    expect(fetched).toEqual(bloom ? [] : [40, 30, 20, 10]);
    await light.stop();
  });

  it('finds the spend of a coin that only the repetition has found', async () => {
    const early = pay(key(24));
    // The first scan has matched the spend's block, with a script whose coin it did not know.
    const spent = paying([outpoint(early)], [OP_TRUE]);
    const { light, fetched } = await restored(planned(40, { 5: [early], 9: [pay(key(5))], 30: [spent] }), bloom);
    expect(light.wallet.balance()).toEqual({ trusted: 1000n, pending: 0n, immature: 0n });
    expect(light.wallet.history()).toHaveLength(3);
    expect(fetched).toEqual(bloom ? [] : [9, 30, 5, 30]);
    await light.stop();
  });

  it('finds an output of a known transaction, and of an earlier one in the same block', async () => {
    const plans = planned(40, { 5: [pay(key(44), key(0))], 9: [pay(key(63)), pay(key(24)), pay(key(5))] });
    const { light } = await restored(plans, bloom);
    expect(light.wallet.balance().trusted).toBe(5000n);
    await light.stop();
  });

  it('repeats after a restart what it has not finished', async () => {
    const early = pay(key(24));
    const spent = paying([outpoint(early)], [OP_TRUE]);
    const plans = planned(40, { 5: [early], 9: [pay(key(5))], 30: [spent] });
    const { servers, hook, blocks } = await serve(net, plans, bloom);
    const stores = await newStores(net);
    const copies: Promise<LightStores>[] = [];
    hook.answering = () => copies.push(copyStores(stores));
    const light = await startBloomLight(net, servers, { bloom, stores });
    await net.until(() => light.isAt(40));
    await light.stop();
    hook.answering = () => {};
    expect(copies.length).toBeGreaterThan(50);
    for (const [i, copy] of copies.entries()) {
      if (i % 7 > 0) continue;
      const again = await startBloomLight(net, servers, { bloom, stores: await copy });
      await net.until(() => again.isAt(blocks().length - 1));
      expect(again.wallet.balance().trusted, `crash ${i}`).toBe(1000n);
      await again.stop();
    }
  });

  it('is repeated no more once the chain is downloaded', async () => {
    const clock = net.clock.now();
    const time = Math.floor(clock / 1000) - 41 * 600;
    const plans = planned(40, { 5: [pay(key(24))], 9: [pay(key(5))] }).map((plan, i) => ({
      ...plan,
      time: time + i * 600,
    }));
    const { light, announce, servers } = await restored(plans, bloom);
    expect(light.wallet.syncedTo?.pass).toBeUndefined();
    // A key that is handed out now cannot have been paid.
    for (let i = 0; i < 30; i++) await light.wallet.newAddress();
    const before = light.processor.scanner.counts;
    const [filters, merkleBlocks] = [before.filters, before.merkleBlocks];
    announce([{ time: time + 41 * 600 }], 40);
    await net.until(() => light.isAt(41));
    const after = light.processor.scanner.counts;
    expect([after.filters - filters, (after.merkleBlocks ?? 0) - (merkleBlocks ?? 0)]).toEqual(bloom ? [0, 1] : [1, 0]);
    expect(servers.length).toBeGreaterThan(0);
    await light.stop();
  });

  it('fetches no block twice if the keys were used in order', async () => {
    const at = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [4 * i + 3, [pay(key(i))]]));
    const { light, fetched } = await restored(planned(210, at), bloom);
    expect(light.wallet.balance().trusted).toBe(50_000n);
    expect(fetched).toEqual(bloom ? [] : Object.keys(at).map(Number));
    await light.stop();
  });
});

it('a light node requests the blocks from two hours before the creation of its wallet, since clocks differ', async () => {
  const stores = { chain: new MemoryStore(), wallets: new MemoryStore() };
  const modules = { clock: net.clock, random: new SeededRandom(1), logger: silentLogger, store: stores.wallets };
  const { record } = await (await WalletFile.open({ params: regtest }, modules)).createWallet('test');
  const time = record.birthday - 7200 - 20 * 60;
  const plans = plain(60).map((_, i) => ({ time: time + i * 60 }));
  const { servers } = await serve(net, plans, true);
  const light = await startBloomLight(net, servers, { stores });
  await net.until(() => light.isAt(60));
  const heights = servers.flatMap((server) => ('requestedHeights' in server ? server.requestedHeights : []));
  expect([Math.min(...heights), Math.max(...heights)]).toEqual([21, 60]);
  await light.stop();
});

it('a light node withdraws the proof of a block that its chain has lost while it was stopped', async () => {
  const paid = pay(key(0));
  const stores = await newStores(net);
  const { servers } = await serve(net, planned(20, { 5: [paid] }), false);
  const light = await startBloomLight(net, servers, { bloom: false, stores });
  await net.until(() => light.isAt(20));
  const proof = light.proofs.get(paid.txidHex)!;
  await light.stop();
  const lost = pay(key(1)).txidHex;
  await new ProofStore(stores.chain).put([[lost, { ...proof, blockHash: new Uint8Array(32) }]]);
  const again = await startBloomLight(net, servers, { bloom: false, stores });
  expect(again.proofs.withdrawn().map(([txid]) => txid)).toEqual([lost]);
  expect(again.proofs.get(paid.txidHex)?.height).toBe(5);
  await again.stop();
});
