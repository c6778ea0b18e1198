import { beforeAll, describe, expect, it } from 'vitest';
import type { Block } from '../../src/primitives/block.ts';
import { matchAny } from '../../src/proofs/block-filter.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from './support/builder.ts';
import { accept, checkFilters, extend, openChain } from './support/chain.ts';
import { FaultyStore } from './support/faulty-store.ts';

/** More blocks than are indexed in one job. */
const LONG = 500;

const turn = () => new Promise((resolve) => setImmediate(resolve));

let blocks: Block[];

beforeAll(async () => {
  const { tip } = await openChain();
  blocks = [];
  let prev: Parameters<typeof mineBlock>[0] = tip;
  for (let i = 0; i < LONG; i++) {
    const block = mineBlock(prev);
    blocks.push(block);
    prev = { hash: block.hash, height: prev.height + 1, time: block.header.time, bits: prev.bits };
  }
});

/** Returns a store with `count` blocks and no filters. */
async function storeOf(count: number): Promise<MemoryStore> {
  const store = new MemoryStore();
  const chain = await openChain({ store });
  await Promise.all(blocks.slice(0, count).map((block) => chain.acceptBlock(block)));
  await chain.close();
  return store;
}

describe('the block filter index', () => {
  it('indexes each connected block in the same write as the block', async () => {
    const store = new FaultyStore(new MemoryStore(), () => false);
    const chain = await openChain({ store, blockFilterIndex: true });
    checkFilters(chain);
    const before = store.writes;
    const [first] = await extend(chain, 101);
    expect(store.writes - before).toBe(101);
    const script = Uint8Array.of(0x51, 0x87);
    const pay = spend({
      inputs: [outpoint(first!.transactions[0]!)],
      outputs: [{ value: 1n, scriptPubKey: script }],
    });
    const [paying] = await extend(chain, 1, { transactions: [pay] });
    checkFilters(chain);
    const filter = chain.blockFilters!.filter(chain.tip)!;
    // The created script, the spent script, and an unrelated one.
    expect(matchAny(filter, paying!.hash, [script])).toBe(true);
    expect(matchAny(filter, paying!.hash, [OP_TRUE])).toBe(true);
    expect(matchAny(filter, paying!.hash, [Uint8Array.of(0x52)])).toBe(false);
  });

  it('keeps the filters of stale branches', async () => {
    const chain = await openChain({ blockFilterIndex: true });
    const left = await extend(chain, 3, { tag: 1 });
    const fork = chain.atHeight(0)!;
    let prev: Parameters<typeof mineBlock>[0] = fork;
    for (let i = 0; i < 4; i++) prev = await accept(chain, mineBlock(prev, { tag: 2 }));
    expect(chain.tip.height).toBe(4);
    checkFilters(chain);
    for (const block of left) expect(chain.blockFilters!.filter(chain.getIndex(block.hash)!)).toBeDefined();
    await chain.invalidateBlock(chain.atHeight(1)!);
    expect(chain.tip.hashHex).toBe(left.at(-1)!.hashHex);
    checkFilters(chain);
  });

  it('is built in the background if missing, and serves no block before reaching it', async () => {
    const store = await storeOf(LONG);
    const chain = await openChain({ store, blockFilterIndex: true });
    const filters = chain.blockFilters!;
    const started = filters.best!.height;
    expect(started).toBeGreaterThan(0);
    expect(started).toBeLessThan(LONG);
    expect(filters.filter(chain.tip)).toBeUndefined();
    // A block that is connected meanwhile is not indexed before its ancestors.
    let reached = LONG;
    chain.events.on('blockConnected', ({ index }) => {
      reached = filters.best!.height;
      expect(filters.commitment(index)).toBeUndefined();
    });
    await extend(chain, 1);
    expect(reached).toBeLessThan(LONG);
    while (filters.best !== chain.tip) await turn();
    checkFilters(chain);
  });

  it('is completed after a reorganisation and a restart during the build', async () => {
    const store = await storeOf(LONG);
    const chain = await openChain({ store, blockFilterIndex: true });
    await chain.invalidateBlock(chain.getIndex(blocks[300]!.hash)!);
    await extend(chain, 2, { tag: 3 });
    checkFilters(chain);
    await chain.reconsiderBlock(chain.getIndex(blocks[300]!.hash)!);
    expect(chain.tip.height).toBe(LONG);
    await chain.close();
    const again = await openChain({ store, blockFilterIndex: true });
    while (again.blockFilters!.best !== again.tip) await turn();
    checkFilters(again);
  });

  it('is completed after having been disabled, and not treated as complete before', async () => {
    const store = await storeOf(20);
    await (await openChain({ store, blockFilterIndex: true })).close();
    const without = await openChain({ store });
    expect(without.blockFilters).toBeUndefined();
    await Promise.all(blocks.map((block) => without.acceptBlock(block)));
    await without.close();
    const chain = await openChain({ store, blockFilterIndex: true });
    expect(chain.blockFilters!.filter(chain.tip)).toBeUndefined();
    while (chain.blockFilters!.best !== chain.tip) await turn();
    checkFilters(chain);
  });

  it('is rebuilt with the UTXO set', async () => {
    const store = await storeOf(20);
    const chain = await openChain({ store, blockFilterIndex: true });
    await chain.reindexUtxo();
    while (chain.blockFilters!.best !== chain.tip) await turn();
    checkFilters(chain);
    await chain.close();
    // A reindex without a filter index deletes it.
    const without = await openChain({ store });
    await without.reindexUtxo();
    await without.close();
    const has = (prefix: number) => [...store.entries()].some(([key]) => key[0] === prefix);
    expect([0x46, 0x47].map(has)).toEqual([false, false]);
  });
});
