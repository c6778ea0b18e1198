import { beforeAll, describe, expect, it } from 'vitest';
import { FilterIndex } from '../../src/chain/filters/filter-index.ts';
import { blockKey, Prefix } from '../../src/chain/records/keys.ts';
import { ActiveChain } from '../../src/chain/tree/active-chain.ts';
import { BlockIndex } from '../../src/chain/tree/block-index.ts';
import { regtest } from '../../src/consensus/params.ts';
import { atOnce } from '../../src/platform/slices.ts';
import type { Block } from '../../src/primitives/block.ts';
import { matchAny } from '../../src/proofs/block-filter.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { StoreOperation } from '../../src/store/store.ts';
import { CapturedLogger } from '../support/captured-logger.ts';
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

describe('a filter', () => {
  const { header, hash } = regtest.genesis;
  const genesis = BlockIndex.of(header, hash, undefined, 0n);

  /** Returns an index of genesis, whose records are pending until `write` is called. */
  function indexed() {
    const store = new MemoryStore();
    const active = new ActiveChain();
    active.setTip(genesis);
    const filters = new FilterIndex(store, active);
    const write = () => {
      const operations: StoreOperation[] = [];
      const written = filters.addToBatch(operations);
      store.writeSync(operations);
      written();
    };
    expect(filters.best).toBeUndefined();
    atOnce(filters.addInSteps(genesis, regtest.genesis, []));
    return { store, filters, write };
  }

  it('is served and counted before it is written, and not built again', () => {
    const { filters, write } = indexed();
    expect(filters.best).toBe(genesis);
    const filter = filters.filter(genesis)!;
    // The commitment has a hash, a header and a checksum.
    expect(filters.pendingBytes).toBe(filter.length + 32 + 32 + 4);
    write();
    expect(filters.pendingBytes).toBe(0);
    expect([filters.best, filters.filter(genesis)]).toEqual([genesis, filter]);
    atOnce(filters.addInSteps(genesis, regtest.genesis, []));
    expect(filters.pendingBytes).toBe(0);
  });

  it('that is damaged is reported with its block', () => {
    const damage: [prefix: number, change: (value: Uint8Array) => Uint8Array | undefined][] = [
      [Prefix.FILTER_HEADER, (value) => value.with(40, value[40]! ^ 1)],
      [Prefix.FILTER_HEADER, (value) => value.with(67, value[67]! ^ 1)],
      [Prefix.FILTER_HEADER, (value) => Uint8Array.of(...value, 0)],
      [Prefix.FILTER, (value) => value.with(1, value[1]! ^ 1)],
      [Prefix.FILTER, () => undefined],
    ];
    for (const [prefix, change] of damage) {
      const { store, filters, write } = indexed();
      write();
      const key = blockKey(prefix, genesis);
      const value = change(store.get(key)!);
      store.writeSync([value ? { type: 'put', key, value } : { type: 'delete', key }]);
      const error = expect.objectContaining({
        code: 'corrupt-database',
        message: expect.stringContaining(`the filter of block ${genesis.hashHex} is damaged`),
      });
      expect(() => filters.filter(genesis)).toThrow(error);
      if (prefix === Prefix.FILTER_HEADER) expect(() => filters.commitment(genesis)).toThrow(error);
    }
  });
});

describe('the construction of filters', () => {
  it('includes the scripts that a block spends', async () => {
    const store = new MemoryStore();
    const chain = await openChain({ store });
    const script = Uint8Array.of(0x51, 0x61);
    const [first] = await extend(chain, 1, { coinbaseOutputs: [{ value: 9n, scriptPubKey: script }] });
    await extend(chain, 100);
    const outputs = [{ value: 1n, scriptPubKey: OP_TRUE }];
    await extend(chain, 1, { transactions: [spend({ inputs: [outpoint(first!.transactions[0]!)], outputs })] });
    await chain.close();
    const indexed = await openChain({ store, blockFilterIndex: true });
    const { tip } = indexed;
    expect(matchAny(indexed.blockFilters!.filter(tip)!, tip.hash, [script])).toBe(true);
    checkFilters(indexed);
  });

  it('is logged when it takes more than one job, and reports its end', async () => {
    const store = await storeOf(LONG);
    const logger = new CapturedLogger();
    const about = () => logger.lines.filter(({ message }) => message.includes('filter index'));
    const chain = await openChain({ store, blockFilterIndex: true, logger });
    while (chain.blockFilters!.best !== chain.tip) await turn();
    await chain.close();
    expect(about()).toEqual([
      { level: 'info', message: 'building the block filter index', from: 199, to: LONG },
      { level: 'info', message: 'block filter index complete', height: LONG },
    ]);
    logger.lines.length = 0;
    await (await openChain({ store, blockFilterIndex: true, logger })).close();
    expect(about()).toEqual([]);
  });

  it('that is ended by the end of the chain is not reported as complete', async () => {
    const store = await storeOf(LONG);
    const logger = new CapturedLogger();
    const chain = await openChain({ store, blockFilterIndex: true, logger });
    await chain.close();
    for (let i = 0; i < 20; i++) await turn();
    expect(logger.lines.map(({ message }) => message)).not.toContain('block filter index complete');
  });

  it('fails the chain if a block cannot be read', async () => {
    const store = await storeOf(LONG);
    const hash = blocks.at(-1)!.hash;
    store.writeSync([{ type: 'delete', key: blockKey(Prefix.BODY, { height: LONG, hash }) }]);
    const chain = await openChain({ store, blockFilterIndex: true });
    const failed = new Promise((resolve) => chain.events.on('failed', ({ error }) => resolve(error)));
    expect(await failed).toMatchObject({ code: 'corrupt-database' });
  });
});
