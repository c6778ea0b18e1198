import { describe, expect, it } from 'vitest';
import type { Chain } from '../../src/chain/chain.ts';
import { decodeIndex, encodeIndex } from '../../src/chain/records/index-codec.ts';
import { blockKey, metaKey, Prefix } from '../../src/chain/records/keys.ts';
import { ChainDb } from '../../src/chain/storage/chain-db.ts';
import { readBlockInSteps } from '../../src/chain/storage/read-block.ts';
import type { BlockIndex } from '../../src/chain/tree/block-index.ts';
import { BlockTree } from '../../src/chain/tree/block-tree.ts';
import { UtxoCache } from '../../src/chain/utxo/utxo-cache.ts';
import { regtest } from '../../src/consensus/params.ts';
import { atOnce } from '../../src/platform/slices.ts';
import { Block } from '../../src/primitives/block.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { mineBlock, spend } from './support/builder.ts';
import { accept, extend, openChain } from './support/chain.ts';

const corrupt = (message: string) =>
  expect.objectContaining({ code: 'corrupt-database', message: expect.stringContaining(message) });

/** Returns the store of a closed chain of three blocks, and its last state. */
async function build(): Promise<{ store: MemoryStore; chain: Chain; tip: BlockIndex }> {
  const store = new MemoryStore();
  const chain = await openChain({ store });
  await extend(chain, 3);
  await chain.close();
  return { store, chain, tip: chain.tip };
}

/** Rewrites the record of a block's header with other flags; its checksum is right. */
function setFlags(store: MemoryStore, index: BlockIndex, flags: Partial<BlockIndex>): void {
  const key = blockKey(Prefix.INDEX, index);
  const record = decodeIndex(store.get(key)!, index.hash);
  const value = encodeIndex({ ...record, hash: index.hash, ...flags } as unknown as BlockIndex);
  store.writeSync([{ type: 'put', key, value }]);
}

describe('a block', () => {
  it('of which only the header is known has neither a body nor undo data', async () => {
    const chain = await openChain();
    const { header } = mineBlock(chain.tip);
    chain.acceptHeaders([header]);
    const index = chain.getIndex(header.hash)!;
    expect([chain.getBlock(index), chain.getRawBlock(index), chain.getUndo(index)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const coins = new UtxoCache(new MemoryStore(), 0, 0);
    const db = new ChainDb(new MemoryStore(), new BlockTree(), coins, index);
    expect(() => atOnce(readBlockInSteps(db, index, regtest))).toThrow(corrupt(`body of block ${index.hashHex}`));
  });

  it('whose body or undo data is missing, damaged or of another block is reported with its hash', async () => {
    const { store, tip } = await build();
    const cases: [prefix: number, value: Uint8Array | undefined, message: string][] = [
      [Prefix.BODY, undefined, `body of block ${tip.hashHex} is missing`],
      [Prefix.BODY, new Uint8Array(90), `block ${tip.hashHex} cannot be decoded`],
      [Prefix.BODY, regtest.genesis.encode(), `header of block ${tip.hashHex} does not match`],
      [Prefix.UNDO, undefined, `undo data of block ${tip.hashHex} is missing`],
      [Prefix.UNDO, Uint8Array.of(7), `undo data of block ${tip.hashHex} cannot be decoded`],
    ];
    for (const [prefix, value, message] of cases) {
      const key = blockKey(prefix, tip);
      const good = store.get(key)!;
      store.writeSync([value ? { type: 'put', key, value } : { type: 'delete', key }]);
      const chain = await openChain({ store });
      const read = () => (prefix === Prefix.BODY ? chain.getBlock(chain.tip) : chain.getUndo(chain.tip));
      expect(read, message).toThrow(corrupt(message));
      store.writeSync([{ type: 'put', key, value: good }]);
    }
  });

  it('that was stored is checked again before it is connected', async () => {
    const store = new MemoryStore();
    const chain = await openChain({ store });
    await extend(chain, 1);
    const rival = mineBlock(chain.atHeight(0)!, { tag: 2 });
    await accept(chain, rival);
    await chain.close();
    const reopened = await openChain({ store });
    const index = reopened.getIndex(rival.hash)!;
    const other = spend({ inputs: [{ txid: rival.hash, vout: 0 }], outputs: [] });
    const changed = new Block(rival.header, [...rival.transactions, other]);
    store.writeSync([{ type: 'put', key: blockKey(Prefix.BODY, index), value: changed.encode() }]);
    await expect(reopened.preciousBlock(index)).rejects.toThrow(corrupt(`stored block ${index.hashHex} is invalid`));
  });

  it('that is marked as never connected cannot be disconnected', async () => {
    const { store, tip } = await build();
    setFlags(store, tip, { hasUndo: false });
    const chain = await openChain({ store });
    await expect(chain.invalidateBlock(chain.tip)).rejects.toThrow(corrupt(`undo data of block ${tip.hashHex}`));
    expect(chain.tip.height).toBe(3);
    // Nor can its filter be built.
    const indexed = openChain({ store, blockFilterIndex: true });
    await expect(indexed).rejects.toThrow(corrupt(`undo data of block ${tip.hashHex} is missing`));
  });
});

describe('at the start of a chain', () => {
  it('a tip that is invalid is disconnected, as the node may have stopped before', async () => {
    const { store, chain: before } = await build();
    for (const height of [2, 3]) setFlags(store, before.atHeight(height)!, { failed: true });
    const chain = await openChain({ store });
    expect(chain.tip.height).toBe(1);
    expect(chain.bestHeader.height).toBe(1);
  });

  it('a tip without its block is reported', async () => {
    const { store, chain: before, tip } = await build();
    const marker = (hash: Uint8Array, coinSet = 0) =>
      store.writeSync([{ type: 'put', key: metaKey('tip'), value: Uint8Array.of(...hash, coinSet) }]);
    const { header } = mineBlock(tip);
    const reopened = await openChain({ store });
    reopened.acceptHeaders([header]);
    await reopened.close();
    marker(header.hash);
    await expect(openChain({ store })).rejects.toThrow(corrupt('tip is unknown or incomplete'));
    marker(new Uint8Array(32));
    await expect(openChain({ store })).rejects.toThrow(corrupt('tip is unknown or incomplete'));
    // There are two coin sets.
    marker(tip.hash, 2);
    await expect(openChain({ store })).rejects.toThrow(corrupt('tip record'));
    marker(tip.hash);
    expect((await openChain({ store })).tip.hashHex).toBe(before.tip.hashHex);
  });

  it('a header without its parent, at another height, or with a damaged key is reported', async () => {
    const { store, chain } = await build();
    const [one, two] = [chain.atHeight(1)!, chain.atHeight(2)!];
    const key = blockKey(Prefix.INDEX, two);
    const value = store.get(key)!;
    const parent = { key: blockKey(Prefix.INDEX, one), value: store.get(blockKey(Prefix.INDEX, one))! };
    store.writeSync([{ type: 'delete', key: parent.key }]);
    await expect(openChain({ store })).rejects.toThrow(corrupt(`block ${two.hashHex} has no parent`));
    store.writeSync([{ type: 'put', ...parent }]);

    const higher = blockKey(Prefix.INDEX, { height: 7, hash: two.hash });
    store.writeSync([{ type: 'put', key: higher, value }]);
    await expect(openChain({ store })).rejects.toThrow(corrupt(`block ${two.hashHex} has no parent`));
    store.writeSync([{ type: 'delete', key: higher }]);

    const longer = Uint8Array.of(...key, 0);
    store.writeSync([{ type: 'put', key: longer, value }]);
    await expect(openChain({ store })).rejects.toThrow(corrupt('key of a header'));
    store.writeSync([{ type: 'delete', key: longer }]);
    expect((await openChain({ store })).tip.height).toBe(3);
  });

  it('a store of another version or of an unknown network is refused', async () => {
    const { store } = await build();
    const key = metaKey('format');
    const format = store.get(key)!;
    store.writeSync([{ type: 'put', key, value: format.with(0, 2) }]);
    await expect(openChain({ store })).rejects.toThrow(corrupt('format 2; this version reads format 1'));
    store.writeSync([{ type: 'put', key, value: Uint8Array.of(1, ...new Uint8Array(31), 0xab) }]);
    await expect(openChain({ store })).rejects.toMatchObject({
      code: 'other-network',
      message: expect.stringContaining(`a network with genesis ab${'00'.repeat(31)}`),
    });
  });
});
