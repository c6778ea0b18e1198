import { describe, expect, it, vi } from 'vitest';
import { buildFilters } from '../../src/chain/connect/build-filters.ts';
import { ConnectPipeline, type PipelineModules } from '../../src/chain/connect/pipeline.ts';
import type { ChainState } from '../../src/chain/connect/state.ts';
import type { FilterIndex } from '../../src/chain/filters/filter-index.ts';
import { Prefix } from '../../src/chain/records/keys.ts';
import { PendingRecords } from '../../src/chain/records/pending-records.ts';
import { ScriptCache } from '../../src/chain/scripts/script-cache.ts';
import { ChainDb } from '../../src/chain/storage/chain-db.ts';
import { BlockIndex } from '../../src/chain/tree/block-index.ts';
import { BlockTree } from '../../src/chain/tree/block-tree.ts';
import { UnconnectedBlocks } from '../../src/chain/tree/unconnected-blocks.ts';
import { encodeUndo } from '../../src/chain/utxo/coin-codec.ts';
import { UtxoCache } from '../../src/chain/utxo/utxo-cache.ts';
import type { Coin } from '../../src/consensus/coins.ts';
import { regtest } from '../../src/consensus/params.ts';
import { atOnce } from '../../src/platform/slices.ts';
import { TimeSlices } from '../../src/platform/time-slices.ts';
import type { Block } from '../../src/primitives/block.ts';
import { type OutPoint, outPointKey } from '../../src/primitives/outpoint.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { StoreOperation } from '../../src/store/store.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { mineBlock, OP_TRUE } from './support/builder.ts';
import { openChain } from './support/chain.ts';

const index = (block: Block, prev?: BlockIndex) => BlockIndex.of(block.header, block.hash, prev, 0n);

describe('the cache of valid scripts', () => {
  it('remembers 100,000 transactions, the latest ones', () => {
    const cache = new ScriptCache();
    const tx = (i: number) => {
      const wtxid = new Uint8Array(32);
      new DataView(wtxid.buffer).setUint32(0, i);
      return { wtxid } as Transaction;
    };
    for (let i = 0; i < 100_000; i++) cache.add(tx(i), 1);
    expect(cache.has(tx(0), 1)).toBe(true);
    cache.add(tx(100_000), 1);
    expect([0, 1, 100_000].map((i) => cache.has(tx(i), 1))).toEqual([false, true, true]);
    // Known ones push out no others.
    cache.add(tx(100_000), 1);
    expect(cache.has(tx(1), 1)).toBe(true);
    cache.delete(tx(1));
    cache.add(tx(100_001), 1);
    expect([1, 2].map((i) => cache.has(tx(i), 1))).toEqual([false, true]);
  });
});

describe('the cache of coins', () => {
  const outpoint = (vout: number): OutPoint => ({ txid: new Uint8Array(32).fill(5), vout });
  const coin: Coin = { output: { value: 1n, scriptPubKey: OP_TRUE }, height: 1, isCoinbase: false };

  /** Returns a cache for `room` coins on a store that has `count`, and a function that tells which it has to read. */
  async function cacheOf(count: number, room: number) {
    const store = new MemoryStore();
    const first = new UtxoCache(store, 0, 0);
    for (let vout = 0; vout < count; vout++) first.add(outPointKey(outpoint(vout)), coin);
    const flush = first.beginFlush();
    await store.write(atOnce(flush.operations()));
    flush.done();
    const get = vi.spyOn(store, 'get');
    // Approximate bytes of a coin with a script of one byte.
    const cache = new UtxoCache(store, 0, room * 321);
    const reads = (...vouts: readonly number[]) => {
      return vouts.filter((vout) => {
        const before = get.mock.calls.length;
        expect(cache.getCoin(outpoint(vout))).toEqual(coin);
        return get.mock.calls.length > before;
      });
    };
    return { store, cache, reads };
  }

  it('keeps the latest ones up to its size', async () => {
    const { reads } = await cacheOf(20, 10);
    const all = Array.from({ length: 11 }, (_, vout) => vout);
    expect(reads(...all)).toEqual(all);
    expect(reads(...all.slice(1))).toEqual([]);
    expect(reads(0)).toEqual([0]);
    expect(reads(2)).toEqual([]);
    expect(reads(1)).toEqual([1]);
  });

  it('has room again for each coin that is spent', async () => {
    const { cache, reads, store } = await cacheOf(100, 10);
    for (let vout = 0; vout < 90; vout++) {
      expect(reads(vout)).toEqual([vout]);
      cache.spend(outPointKey(outpoint(vout)));
      if (vout % 10 < 9) continue;
      const flush = cache.beginFlush();
      await store.write(atOnce(flush.operations()));
      flush.done();
    }
    const last = Array.from({ length: 10 }, (_, i) => 90 + i);
    expect(reads(...last)).toEqual(last);
    expect(reads(...last)).toEqual([]);
  });

  it('keeps them when missing coins are looked up', async () => {
    const { cache, reads } = await cacheOf(10, 10);
    const all = Array.from({ length: 10 }, (_, vout) => vout);
    expect(reads(...all)).toEqual(all);
    for (let vout = 10; vout < 30; vout++) expect(cache.getCoin(outpoint(vout))).toBeUndefined();
    expect(reads(...all)).toEqual([]);
  });

  it('has no room for written deletions', async () => {
    const { cache, reads, store } = await cacheOf(20, 10);
    const kept = Array.from({ length: 9 }, (_, i) => 10 + i);
    expect(reads(...kept)).toEqual(kept);
    for (let vout = 0; vout < 10; vout++) cache.spend(outPointKey(outpoint(vout)));
    const flush = cache.beginFlush();
    await store.write(atOnce(flush.operations()));
    flush.done();
    expect(reads(19)).toEqual([19]);
    expect(reads(...kept, 19)).toEqual([]);
  });

  it('drops as many as a large coin needs room for', async () => {
    const { cache, reads, store } = await cacheOf(10, 10);
    const all = Array.from({ length: 10 }, (_, vout) => vout);
    expect(reads(...all)).toEqual(all);
    const large = outPointKey(outpoint(100));
    cache.add(large, { ...coin, output: { value: 1n, scriptPubKey: new Uint8Array(320 * 3) } });
    const flush = cache.beginFlush();
    await store.write(atOnce(flush.operations()));
    flush.done();
    expect(reads(4, 5, 6, 7, 8, 9)).toEqual([]);
    expect(reads(3)).toEqual([3]);
  });

  it('drops as many as later changes need room for', async () => {
    const { cache, reads } = await cacheOf(20, 10);
    const all = Array.from({ length: 10 }, (_, vout) => vout);
    expect(reads(...all)).toEqual(all);
    for (let vout = 100; vout < 103; vout++) cache.add(outPointKey(outpoint(vout)), coin);
    expect(reads(10)).toEqual([10]);
    expect(reads(4, 5, 6, 7, 8, 9, 10)).toEqual([]);
    expect(reads(3)).toEqual([3]);
  });

  it('shares its size with changes that are not written yet', async () => {
    const { cache, reads } = await cacheOf(20, 10);
    for (let vout = 100; vout < 105; vout++) cache.add(outPointKey(outpoint(vout)), coin);
    expect(cache.dirtyBytes).toBe(5 * 321);
    expect(reads(0, 1, 2, 3, 4, 5)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(reads(1, 2, 3, 4, 5)).toEqual([]);
    expect(reads(0)).toEqual([0]);
  });

  it('holds what a batch has written', async () => {
    const { cache, reads, store } = await cacheOf(0, 10);
    for (let vout = 0; vout < 3; vout++) cache.add(outPointKey(outpoint(vout)), coin);
    const flush = cache.beginFlush();
    expect(cache.dirtyBytes).toBe(0);
    await store.write(atOnce(flush.operations()));
    flush.done();
    expect(reads(0, 1, 2)).toEqual([]);
  });
});

describe('records that are not written yet', () => {
  const blocks = [1, 2].map((tag) => mineBlock(indexOf(), { tag }));
  const [a, b] = blocks.map((block) => index(block));

  it('are counted until the batch is written', () => {
    const records = new PendingRecords(Prefix.BODY);
    records.set(a!, new Uint8Array(10));
    records.set(b!, new Uint8Array(5));
    expect(records.bytes).toBe(15);
    records.set(a!, new Uint8Array(7));
    expect(records.bytes).toBe(12);
    const operations: StoreOperation[] = [];
    const written = records.addToBatch(operations);
    expect([operations.length, records.bytes, records.get(a!)?.length]).toEqual([2, 12, 7]);
    written();
    expect([records.bytes, records.get(a!)]).toEqual([0, undefined]);
  });

  it('stay if they are replaced during the write', () => {
    const records = new PendingRecords(Prefix.BODY);
    records.set(a!, new Uint8Array(10));
    records.set(b!, new Uint8Array(5));
    const written = records.addToBatch([]);
    const newer = new Uint8Array(20);
    records.set(a!, newer);
    written();
    expect([records.get(a!), records.get(b!), records.bytes]).toEqual([newer, undefined, 20]);
  });

  it('all count as pending: bodies, undo data, coins and filters', () => {
    const store = new MemoryStore();
    const coins = new UtxoCache(store, 0, 1000);
    const filters = { pendingBytes: 1000 } as FilterIndex;
    const db = new ChainDb(store, new BlockTree(), coins, a!, filters);
    expect(db.pendingBytes).toBe(1000);
    db.putBody(a!, new Uint8Array(100));
    expect(db.pendingBytes).toBe(1100);
    coins.add('x'.repeat(34), { output: { value: 1n, scriptPubKey: OP_TRUE }, height: 1, isCoinbase: true });
    expect(db.pendingBytes).toBe(1100 + 321);
    // Counts of transactions and coins; height, amount, script.
    db.putUndo(a!, encodeUndo([[{ output: { value: 1n, scriptPubKey: OP_TRUE }, height: 1, isCoinbase: false }]]));
    expect(db.pendingBytes).toBe(1421 + 6);
  });
});

describe('one job of filters', () => {
  /** Returns the heights that one job indexes, of 500 blocks that claim `size` bytes. */
  async function job(size: number, best?: number): Promise<number[]> {
    const block = Object.defineProperty(mineBlock(indexOf()), 'totalSize', { value: size });
    const at = (height: number) => (height < 500 ? ({ height, hash: block.hash } as BlockIndex) : undefined);
    const heights: number[] = [];
    const filters = {
      best: best === undefined ? undefined : at(best),
      *addInSteps({ height }: BlockIndex) {
        yield;
        heights.push(height);
      },
    };
    const state = {
      active: { at },
      db: { blockInSteps: () => returning(block), undoInSteps: () => returning([]) },
      params: regtest,
      flusher: { throttle: async () => {} },
      slices: new TimeSlices(new VirtualClock()),
    };
    await buildFilters(state as unknown as ChainState, filters as unknown as FilterIndex);
    return heights;
  }

  it('has 200 blocks, from the first one that is missing', async () => {
    const heights = await job(100);
    expect([heights[0], heights.at(-1), heights.length]).toEqual([0, 199, 200]);
    expect((await job(100, 399))[0]).toBe(400);
    expect(await job(100, 397)).toHaveLength(102);
  });

  it('ends with the block that reaches one MiB', async () => {
    expect(await job(1 << 19)).toHaveLength(2);
    expect(await job((1 << 19) - 1)).toHaveLength(3);
    expect(await job(4_000_000)).toHaveLength(1);
  });
});

describe('the pipeline of blocks to connect', () => {
  /** Returns a pipeline on the tip of a chain of blocks that are not connected. */
  async function start(count: number) {
    const { tip } = await openChain();
    const unconnected = new UnconnectedBlocks();
    const indexes: BlockIndex[] = [];
    let prev = tip;
    for (let i = 0; i < count; i++) {
      const block = mineBlock(prev);
      prev = index(block, prev);
      indexes.push(prev);
      unconnected.put(prev, block);
    }
    const runs = { started: 0, cancelled: 0 };
    const scripts = {
      *startInSteps() {
        runs.started++;
        yield;
        return { cancel: () => runs.cancelled++ };
      },
    };
    const db = { coins: { peek: () => undefined } };
    const slices = new TimeSlices(new VirtualClock());
    const modules = { params: regtest, db, scripts, unconnected, slices } as unknown as PipelineModules;
    return { pipeline: new ConnectPipeline(modules), indexes, unconnected, runs };
  }

  it('holds two blocks, in order', async () => {
    const { pipeline, indexes } = await start(2);
    expect([pipeline.isFull, pipeline.last]).toEqual([false, undefined]);
    for (const each of indexes) await pipeline.prepare(each);
    expect([pipeline.isFull, pipeline.last]).toEqual([true, indexes[1]]);
    expect(pipeline.shift().index).toBe(indexes[0]);
    expect([pipeline.isFull, pipeline.last]).toEqual([false, indexes[1]]);
  });

  it('cancels the scripts of the blocks that it drops, and keeps the decoded blocks unless they are invalid', async () => {
    const { pipeline, indexes, unconnected, runs } = await start(2);
    for (const each of indexes) await pipeline.prepare(each);
    expect(runs).toEqual({ started: 2, cancelled: 0 });
    indexes[1]!.failed = true;
    pipeline.clear();
    expect(runs).toEqual({ started: 2, cancelled: 2 });
    expect(pipeline.last).toBeUndefined();
    expect([unconnected.take(indexes[0]!)?.hash, unconnected.take(indexes[1]!)]).toEqual([indexes[0]!.hash, undefined]);
  });

  it('runs no scripts of a block that was connected before', async () => {
    const { pipeline, indexes, runs } = await start(1);
    indexes[0]!.hasUndo = true;
    await pipeline.prepare(indexes[0]!);
    expect([runs.started, pipeline.shift().scripts]).toEqual([0, undefined]);
  });
});

/** Returns a result in steps. */
function* returning<T>(result: T): Generator<void, T> {
  yield;
  return result;
}

/** Returns the genesis block's index. */
function indexOf(): BlockIndex {
  return index(regtest.genesis);
}
