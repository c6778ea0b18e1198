import { describe, expect, it } from 'vitest';
import type { Chain } from '../../src/chain/chain.ts';
import type { BlockIndex } from '../../src/chain/tree/block-index.ts';
import { regtest } from '../../src/consensus/params.ts';
import type { Block } from '../../src/primitives/block.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from './support/builder.ts';
import { accept, describeCoins, extend, openChain } from './support/chain.ts';
import { replay } from './support/model.ts';

type Parent = Parameters<typeof mineBlock>[0];

/** Mines a sequence of blocks on `from` without submitting them. */
function line(from: Parent, count: number, tag: number): Block[] {
  const blocks: Block[] = [];
  let prev = from;
  for (let i = 0; i < count; i++) {
    const block = mineBlock(prev, { tag });
    blocks.push(block);
    prev = { hash: block.hash, height: prev.height + 1, time: block.header.time, bits: block.header.bits };
  }
  return blocks;
}

function record(chain: Chain): string[] {
  const log: string[] = [];
  const name = (index: BlockIndex) => `${index.height}:${index.hashHex.slice(0, 8)}`;
  chain.events.on('blockConnected', ({ index, block, undo }) => {
    expect(chain.tip).toBe(index);
    expect(undo).toHaveLength(block.transactions.length - 1);
    expect(chain.getCoin(outpoint(block.transactions[0]!))).toBeDefined();
    log.push(`+${name(index)}`);
  });
  chain.events.on('blockDisconnected', ({ index, block }) => {
    expect(chain.tip).toBe(index.prev);
    expect(chain.getCoin(outpoint(block.transactions[0]!))).toBeUndefined();
    log.push(`-${name(index)}`);
  });
  chain.events.on('tip', ({ tip, fork, previous }) => {
    log.push(`tip ${name(previous)} > ${name(fork)} > ${name(tip)}`);
  });
  return log;
}

describe('reorganisation', () => {
  it('of ten blocks, and back, leaves the UTXO set of a replay', async () => {
    const chain = await openChain();
    const shared = await extend(chain, 105);
    const coins = shared.slice(0, 3).map((block) => outpoint(block.transactions[0]!));
    const fork = chain.tip;
    // Both branches spend the same coin; one also creates and spends outputs within a block.
    const first = spend({ inputs: [coins[0]!], outputs: [{ value: 3n, scriptPubKey: OP_TRUE }] });
    const second = spend({ inputs: [outpoint(first), coins[1]!], outputs: [{ value: 4n, scriptPubKey: OP_TRUE }] });
    const left = await extend(chain, 1, { tag: 1, transactions: [first, second] });
    left.push(...(await extend(chain, 9, { tag: 1 })));
    expect(chain.tip.height).toBe(115);
    expect(describeCoins(chain)).toEqual(replay([...shared, ...left]));

    const log = record(chain);
    const other = spend({ inputs: [coins[0]!, coins[2]!], outputs: [{ value: 5n, scriptPubKey: OP_TRUE }] });
    const right = await extend(chain, 1, { tag: 2, transactions: [other] }, fork);
    right.push(...(await extend(chain, 9, { tag: 2 }, chain.getIndex(right[0]!.hash))));
    expect(log).toEqual([]);
    expect(chain.tip.hashHex).toBe(left.at(-1)!.hashHex);

    right.push(...(await extend(chain, 1, { tag: 2 }, chain.getIndex(right.at(-1)!.hash))));
    expect(chain.tip.hashHex).toBe(right.at(-1)!.hashHex);
    expect(describeCoins(chain)).toEqual(replay([...shared, ...right]));
    expect(log.filter((entry) => entry.startsWith('-'))).toHaveLength(10);
    expect(log.filter((entry) => entry.startsWith('+'))).toHaveLength(11);
    expect(log.filter((entry) => entry.startsWith('tip'))).toHaveLength(1);

    left.push(...(await extend(chain, 2, { tag: 1 }, chain.getIndex(left.at(-1)!.hash))));
    expect(chain.tip.hashHex).toBe(left.at(-1)!.hashHex);
    expect(describeCoins(chain)).toEqual(replay([...shared, ...left]));
    expect(chain.tips().map(({ hashHex }) => hashHex)).toEqual([left.at(-1)!.hashHex, right.at(-1)!.hashHex]);
    expect(chain.findFork(chain.getIndex(right.at(-1)!.hash)!)).toBe(fork);
  });

  it('to a chain with an invalid block is undone', async () => {
    const chain = await openChain();
    await extend(chain, 5, { tag: 1 });
    const { tip } = chain;
    const coins = describeCoins(chain);
    const log = record(chain);

    const good = line(chain.atHeight(1)!, 4, 2);
    const parent = { hash: good.at(-1)!.hash, height: 5, time: good.at(-1)!.header.time, bits: tip.bits };
    const bad = mineBlock(parent, { tag: 2, fees: 1n });
    const above = line({ hash: bad.hash, height: 6, time: bad.header.time, bits: tip.bits }, 3, 2);
    // The first block of the branch arrives last, so that the whole branch is connected at once.
    for (const block of [...above, bad, ...good.slice(1)]) {
      const header = [...good, bad, ...above].map((b) => b.header);
      chain.acceptHeaders(header);
      expect(await chain.acceptBlock(block)).toMatchObject({ isNew: true });
    }
    const checked: (string | undefined)[] = [];
    chain.events.on('blockChecked', ({ reject }) => checked.push(reject?.reason));
    const { reject } = await chain.acceptBlock(good[0]!);
    expect(reject).toBeUndefined();
    expect(chain.tip).toBe(tip);
    expect(checked.filter(Boolean)).toEqual(['bad-cb-amount']);
    expect(describeCoins(chain)).toEqual(coins);
    // Listeners must be notified although the tip is the same as before.
    expect(log.filter((entry) => entry.startsWith('tip'))).toEqual([
      expect.stringMatching(/^tip (5:\w{8}) > \1 > \1$/),
    ]);
    for (const block of [bad, ...above]) expect(chain.getIndex(block.hash)!.failed).toBe(true);
    expect(chain.getIndex(good.at(-1)!.hash)!.failed).toBe(false);
    expect(chain.bestHeader.height).toBe(5);
  });

  it('connects bodies that arrived out of order once the gap is filled', async () => {
    const store = new MemoryStore();
    let chain = await openChain({ store });
    const blocks = line(chain.tip, 40, 1);
    chain.acceptHeaders(blocks.map(({ header }) => header));
    expect(chain.bestHeader.height).toBe(40);
    for (const block of blocks.slice(1).reverse()) {
      expect(await chain.acceptBlock(block)).toMatchObject({ isNew: true });
      expect(await chain.acceptBlock(block)).toMatchObject({ isNew: false });
    }
    expect(chain.tip.height).toBe(0);
    await chain.close();
    chain = await openChain({ store });
    expect(chain.getIndex(blocks[39]!.hash)!.hasData).toBe(true);
    await accept(chain, blocks[0]!);
    expect(chain.tip.hashHex).toBe(blocks[39]!.hashHex);
    expect(describeCoins(chain)).toEqual(replay(blocks));
  });

  it('stores an unrequested block only with enough work near the tip', async () => {
    const chain = await openChain();
    await extend(chain, 3, { tag: 1 });
    const [weak] = line(chain.atHeight(0)!, 1, 2);
    expect(await chain.acceptBlock(weak!, { requested: false })).toMatchObject({ isNew: false });
    expect(chain.getIndex(weak!.hash)!.hasData).toBe(false);
    const far = line(chain.tip, 290, 3);
    chain.acceptHeaders(far.map(({ header }) => header));
    expect(await chain.acceptBlock(far[288]!, { requested: false })).toMatchObject({ isNew: false });
    expect(await chain.acceptBlock(far[287]!, { requested: false })).toMatchObject({ isNew: true });
    expect(await chain.acceptBlock(weak!)).toMatchObject({ isNew: true });
  });

  it('stores an unrequested block only with the minimum work of the network', async () => {
    // Each block of regtest has a work of 2, genesis included: the fourth block reaches 10.
    const chain = await openChain({ params: { ...regtest, minimumChainWork: 10n } });
    const blocks = line(chain.tip, 5, 1);
    chain.acceptHeaders(blocks.map(({ header }) => header));
    const stored: number[] = [];
    for (const [i, block] of blocks.entries()) {
      if ((await chain.acceptBlock(block, { requested: false })).isNew) stored.push(i + 1);
    }
    expect(stored).toEqual([4, 5]);
    for (const block of blocks.slice(0, 3)) expect(await chain.acceptBlock(block)).toMatchObject({ isNew: true });
    expect(chain.tip.height).toBe(5);
  });

  it('stores an unrequested block with the same work as the tip', async () => {
    const chain = await openChain();
    await extend(chain, 1, { tag: 1 });
    const [rival] = line(chain.atHeight(0)!, 1, 2);
    expect(await chain.acceptBlock(rival!, { requested: false })).toMatchObject({ isNew: true });
    expect(chain.tip.hashHex).not.toBe(rival!.hashHex);
  });

  it('prefers the chain that was active before a restart among equal ones', async () => {
    const store = new MemoryStore();
    let chain = await openChain({ store });
    const [active, stale, late] = [1, 2, 3].map((tag) => line(chain.tip, 2, tag));
    for (const block of [...active!, ...stale!]) await accept(chain, block);
    await chain.close();

    chain = await openChain({ store });
    for (const block of late!) await accept(chain, block);
    const index = (blocks: readonly Block[]) => chain.getIndex(blocks.at(-1)!.hash)!;
    expect(chain.tip).toBe(index(active!));
    // The chain received before the restart comes before the one received after it.
    await chain.invalidateBlock(index(active!));
    expect(chain.tip).toBe(index(stale!));
    await chain.invalidateBlock(index(stale!));
    expect(chain.tip).toBe(index(late!));
    // The active chain of the restart comes first again.
    await chain.reconsiderBlock(index(stale!));
    expect(chain.tip).toBe(index(stale!));
    await chain.reconsiderBlock(index(active!));
    expect(chain.tip).toBe(index(active!));
  });

  it('keeps the first of two chains with equal work, also after a restart', async () => {
    const store = new MemoryStore();
    let chain = await openChain({ store });
    await extend(chain, 2, { tag: 1 });
    const other = line(chain.atHeight(0)!, 2, 2);
    for (const block of other) await accept(chain, block);
    const { hashHex } = chain.tip;
    expect(hashHex).not.toBe(other[1]!.hashHex);
    await chain.close();
    chain = await openChain({ store });
    expect(chain.tip.hashHex).toBe(hashHex);

    await chain.preciousBlock(chain.getIndex(other[1]!.hash)!);
    expect(chain.tip.hashHex).toBe(other[1]!.hashHex);
    await chain.preciousBlock(chain.tip.prev!);
    expect(chain.tip.hashHex).toBe(other[1]!.hashHex);
  });
});

describe('invalidateBlock and reconsiderBlock', () => {
  it('activate the next best chain and the original one', async () => {
    const store = new MemoryStore();
    let chain = await openChain({ store });
    const main = await extend(chain, 8, { tag: 1 });
    const side = line(chain.atHeight(2)!, 3, 2);
    for (const block of side) await accept(chain, block);
    const log = record(chain);
    const target = chain.atHeight(4)!;
    await chain.invalidateBlock(target);
    expect(chain.tip.hashHex).toBe(side.at(-1)!.hashHex);
    expect(chain.bestHeader).toBe(chain.tip);
    expect(log.filter((entry) => entry.startsWith('tip'))).toHaveLength(1);
    expect(describeCoins(chain)).toEqual(replay([...main.slice(0, 2), ...side]));
    expect((await chain.acceptBlock(main[3]!)).reject?.reason).toBe('duplicate-invalid');
    expect(chain.acceptHeaders([main[7]!.header]).reject?.kind).toBe('cached-invalid');
    await chain.close();

    chain = await openChain({ store });
    expect(chain.tip.hashHex).toBe(side.at(-1)!.hashHex);
    expect(chain.getIndex(main[7]!.hash)!.failed).toBe(true);
    await chain.reconsiderBlock(chain.getIndex(main[5]!.hash)!);
    expect(chain.tip.hashHex).toBe(main.at(-1)!.hashHex);
    expect(chain.bestHeader).toBe(chain.tip);
    expect(describeCoins(chain)).toEqual(replay(main));

    await chain.invalidateBlock(chain.atHeight(1)!);
    expect(chain.tip.height).toBe(0);
    expect(describeCoins(chain)).toEqual([]);
    await extend(chain, 1, { tag: 3 });
    await expect(chain.invalidateBlock(chain.atHeight(0)!)).rejects.toMatchObject({ code: 'genesis' });
  });
});

describe('the events of a change by hand', () => {
  /** Records the heights of best headers and tips. */
  function recordHeights(chain: Chain): string[] {
    const log: string[] = [];
    chain.events.on('header', ({ best }) => {
      expect(chain.bestHeader).toBe(best);
      log.push(`header ${best.height}`);
    });
    chain.events.on('tip', ({ tip }) => log.push(`tip ${tip.height}`));
    return log;
  }

  it('announce the best header before the tip', async () => {
    const chain = await openChain();
    await extend(chain, 4);
    const second = chain.atHeight(2)!;
    const log = recordHeights(chain);
    await chain.invalidateBlock(second);
    await chain.reconsiderBlock(second);
    expect(log).toEqual(['header 1', 'tip 1', 'header 4', 'tip 4']);
    await chain.reconsiderBlock(second);
    await chain.preciousBlock(second);
    expect(log).toHaveLength(4);
  });

  it('announce the best header of a chain without bodies', async () => {
    const chain = await openChain();
    await extend(chain, 1, { tag: 1 });
    const headers = line(chain.tip, 3, 2);
    const log = recordHeights(chain);
    chain.acceptHeaders(headers.map(({ header }) => header));
    const first = chain.getIndex(headers[0]!.hash)!;
    await chain.invalidateBlock(first);
    await chain.reconsiderBlock(first);
    expect(log).toEqual(['header 4', 'header 1', 'header 4']);
    // A stale header changes nothing.
    chain.acceptHeaders(line(chain.atHeight(0)!, 2, 3).map(({ header }) => header));
    expect(log).toHaveLength(3);
  });
});

describe('queries', () => {
  it('findLocator returns the last shared block', async () => {
    const chain = await openChain();
    const blocks = await extend(chain, 100, { tag: 1 });
    const heights = chain.locator().map((hash) => chain.getIndex(hash)!.height);
    expect(heights).toEqual([100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 89, 87, 83, 75, 59, 27, 0]);
    const other = await openChain();
    for (const block of blocks.slice(0, 50)) await accept(other, block);
    await extend(other, 20, { tag: 2 });
    expect(chain.findLocator(other.locator()).height).toBe(45);
    expect(other.findLocator(chain.locator()).height).toBe(27);
    expect(chain.findLocator([])).toBe(chain.atHeight(0));
    expect(chain.findLocator([new Uint8Array(32)])).toBe(chain.atHeight(0));
  });

  it('blocks, undo data and coins are as submitted', async () => {
    const store = new MemoryStore();
    let chain = await openChain({ store });
    const [first] = await extend(chain, 101);
    const coin = outpoint(first!.transactions[0]!);
    const tx = spend({ inputs: [coin], outputs: [{ value: 7n, scriptPubKey: OP_TRUE }] });
    expect(chain.getCoin(coin)).toMatchObject({ height: 1, isCoinbase: true, output: { value: 5_000_000_000n } });
    const [block] = await extend(chain, 1, { transactions: [tx] });
    for (let i = 0; i < 2; i++) {
      expect(chain.getCoin(coin)).toBeUndefined();
      expect(chain.getCoin(outpoint(tx))).toMatchObject({ height: 102, isCoinbase: false, output: { value: 7n } });
      expect(chain.getRawBlock(chain.tip)).toEqual(block!.encode());
      expect(chain.getBlock(chain.tip)!.hashHex).toBe(block!.hashHex);
      expect(chain.getUndo(chain.tip)).toEqual([
        [{ height: 1, isCoinbase: true, output: { value: 5_000_000_000n, scriptPubKey: OP_TRUE } }],
      ]);
      expect(chain.tip.txCount).toBe(2);
      expect(chain.tip.chainTxCount).toBe(104);
      await chain.close();
      chain = await openChain({ store });
    }
  });

  it('initial block download has ended if the tip is recent', async () => {
    const chain = await openChain();
    // Genesis is one hour old by the test clock.
    expect(chain.isInitialBlockDownload).toBe(false);
  });
});
