import { describe, expect, it, vi } from 'vitest';
import { blockKey, metaKey, Prefix, prefixRange } from '../../src/chain/records/keys.ts';
import { UtxoCache } from '../../src/chain/utxo/utxo-cache.ts';
import { regtest } from '../../src/consensus/params.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { OP_TRUE, outpoint, spend } from './support/builder.ts';
import { describeCoins, extend, openChain } from './support/chain.ts';
import { FaultyStore } from './support/faulty-store.ts';
import { replay } from './support/model.ts';

/** Returns the number of stored coins in each of the two sets. */
const coinCounts = (store: MemoryStore) => [0, 1].map((set) => [...store.keys(prefixRange(Prefix.COIN, set))].length);

async function makeChain() {
  const store = new MemoryStore();
  const chain = await openChain({ store });
  const blocks = await extend(chain, 101);
  const first = blocks[0]!.transactions[0]!;
  const outputs = [1n, 2n, 3n].map((value) => ({ value, scriptPubKey: OP_TRUE }));
  const tx = spend({ inputs: [outpoint(first)], outputs });
  blocks.push(...(await extend(chain, 1, { transactions: [tx] })));
  return { store, chain, blocks };
}

describe('a rebuilt UTXO set', () => {
  it('takes the place of the old one, each time in the other of two sets', async () => {
    const { store, chain, blocks } = await makeChain();
    const coins = replay(blocks);
    expect(coins).toHaveLength(104);
    expect(coinCounts(store)).toEqual([104, 0]);
    for (const counts of [
      [0, 104],
      [104, 0],
      [0, 104],
    ]) {
      const progress: number[][] = [];
      const result = await chain.reindexUtxo((...each) => progress.push(each));
      expect(result).toEqual({ blocks: 102, coins: 104 });
      expect(progress).toEqual(Array.from({ length: 102 }, (_, i) => [i + 1, 102]));
      expect(coinCounts(store)).toEqual(counts);
      expect(describeCoins(chain)).toEqual(coins);
    }
    await chain.close();
    const reopened = await openChain({ store });
    expect(describeCoins(reopened)).toEqual(coins);
    expect(coinCounts(store)).toEqual([0, 104]);
  });

  it('that was not completed is deleted at the next start', async () => {
    const { store, chain, blocks } = await makeChain();
    await chain.close();
    // The last write replaces the set.
    const rehearsal = new FaultyStore(copy(store), () => false);
    await (await openChain({ store: rehearsal })).reindexUtxo();
    const disk = copy(store);
    let stops = 0;
    for (let last = 1; last < rehearsal.writes; last++) {
      const failing = await openChain({ store: new FaultyStore(disk, (write) => write > last) });
      await failing.reindexUtxo().catch(() => stops++);
      const [key] = [...disk.keys(prefixRange(Prefix.COIN, 0))];
      // What an earlier rebuild may have left.
      if (key) disk.writeSync([{ type: 'put', key: key.with(1, 1), value: disk.get(key)! }]);
      const reopened = await openChain({ store: disk });
      expect(coinCounts(disk).sort((a, b) => a - b)).toEqual([0, 104]);
      expect(describeCoins(reopened)).toEqual(replay(blocks));
    }
    expect(stops).toBeGreaterThan(0);
  });

  it('deletes damaged records that it has not written, except headers, blocks and properties', async () => {
    const { store, chain } = await makeChain();
    const { tip } = chain;
    const stale = { height: 7, hash: new Uint8Array(32).fill(7) };
    const [coin] = store.keys(prefixRange(Prefix.COIN, 0));
    const kept = [
      metaKey('tip'),
      metaKey('format'),
      blockKey(Prefix.INDEX, tip),
      blockKey(Prefix.BODY, tip),
      blockKey(Prefix.UNDO, tip),
      // The same coin in the new set.
      coin!.with(1, 1),
    ];
    const deleted = [
      coin!,
      blockKey(Prefix.UNDO, stale),
      blockKey(Prefix.UNDO, { ...stale, height: 1_000 }),
      blockKey(Prefix.UNDO, tip).subarray(0, 36),
      Uint8Array.of(...blockKey(Prefix.UNDO, tip), 0),
      Uint8Array.of(Prefix.UNDO, 0),
      // Neither of the two sets.
      Uint8Array.of(Prefix.COIN, 7),
      blockKey(Prefix.FILTER, tip),
      blockKey(Prefix.FILTER_HEADER, tip),
      // A record of another layer.
      Uint8Array.of(0x50, 1, 2, 3),
    ];
    store.writeSync(deleted.map((key) => ({ type: 'put', key, value: Uint8Array.of(1) })));
    Object.defineProperty(store, 'damaged', { value: [...kept, ...deleted] });
    await chain.reindexUtxo();
    expect(kept.map((key) => store.has(key))).toEqual(kept.map(() => true));
    expect(deleted.map((key) => store.has(key))).toEqual(deleted.map(() => false));
  });

  it('is not built from blocks that break a rule', async () => {
    const store = new MemoryStore();
    const lax = await openChain({ store, params: { ...regtest, coinbaseMaturity: 1 } });
    const [first] = await extend(lax, 1);
    const outputs = [{ value: 1n, scriptPubKey: OP_TRUE }];
    const early = spend({ inputs: [outpoint(first!.transactions[0]!)], outputs });
    await extend(lax, 1, { transactions: [early] });
    const coins = describeCoins(lax);
    await lax.close();
    const chain = await openChain({ store });
    await expect(chain.reindexUtxo()).rejects.toMatchObject({
      code: 'corrupt-database',
      message: expect.stringContaining(`block ${lax.tip.hashHex} is invalid (bad-txns-premature-spend-of-coinbase)`),
    });
    expect(describeCoins(chain)).toEqual(coins);
  });

  it('is written in batches of 16 MiB of coins and undo data', async () => {
    const store = new FaultyStore(new MemoryStore(), () => false);
    const chain = await openChain({ store });
    await extend(chain, 12);
    const writesWith = async (coinBytes: number) => {
      const size = vi.spyOn(UtxoCache.prototype, 'dirtyBytes', 'get').mockReturnValue(coinBytes);
      const before = store.writes;
      try {
        await chain.reindexUtxo();
      } finally {
        size.mockRestore();
      }
      return store.writes - before;
    };
    const least = await writesWith(0);
    // The undo data of a block that spends nothing has one byte.
    expect((await writesWith((16 << 20) - 3)) - least).toBe(4);
    expect((await writesWith((16 << 20) - 4)) - least).toBe(3);
    expect((await writesWith(16 << 20)) - least).toBe(12);
  });

  it('that is interrupted leaves the filters of the lowest blocks', async () => {
    const disk = new MemoryStore();
    await (await openChain({ store: disk })).close();
    const key = (height: number) => blockKey(Prefix.FILTER_HEADER, { height, hash: new Uint8Array(32) });
    // One more than are deleted at once.
    const keys = Array.from({ length: 10_001 }, (_, height) => key(height));
    disk.writeSync(keys.map((each) => ({ type: 'put', key: each, value: Uint8Array.of(1) })));
    const chain = await openChain({ store: new FaultyStore(disk, (write) => write > 1) });
    await expect(chain.reindexUtxo()).rejects.toThrow('the disk is gone');
    expect(disk.keys(prefixRange(Prefix.FILTER_HEADER))).toEqual([key(0)]);
  });
});

function copy(store: MemoryStore): MemoryStore {
  const other = new MemoryStore();
  other.writeSync([...store.entries()].map(([key, value]) => ({ type: 'put', key, value })));
  return other;
}
