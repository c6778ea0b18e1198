import { describe, expect, it } from 'vitest';
import { toHex } from '../../../../src/bytes/hex.ts';
import { shortId, shortIdKey, toCompactBlock } from '../../../../src/p2p/blocks/compact/compact-block.ts';
import type { CmpctBlockMessage } from '../../../../src/p2p/wire/messages/cmpctblock.ts';
import { InvType } from '../../../../src/p2p/wire/messages/inventory.ts';
import type { Block } from '../../../../src/primitives/block.ts';
import { BlockHeader } from '../../../../src/primitives/header.ts';
import type { Transaction } from '../../../../src/primitives/transaction.ts';
import { type BlockPlan, mineBlock, OP_TRUE, outpoint, spend } from '../../../chain/support/builder.ts';
import { FakePeer } from '../../support/fake-peer.ts';
import { mine, TestNetwork, type TestNode } from '../../support/network.ts';

const OVERDUE_MS = 10_000;
/** Large enough for the mempool's minimum transaction size. */
const SCRIPT = Uint8Array.from([...OP_TRUE, ...new Uint8Array(30).fill(0x61)]);

interface Scene {
  readonly net: TestNetwork;
  readonly node: TestNode;
  /** Valid transactions with a fee of 10,000 satoshis each, not in the mempool. */
  readonly transactions: readonly Transaction[];
  /** Connects a peer that supports compact blocks, in high-bandwidth mode if `highBandwidth`. */
  join(options?: { highBandwidth?: boolean; host?: string }): Promise<FakePeer>;
  /** Returns a block on the tip that the node has not received. */
  next(plan?: BlockPlan): Block;
}

async function scene(coins = 4): Promise<Scene> {
  const net = new TestNetwork();
  const node = await net.start();
  const blocks = await mine(net, node, coins);
  await mine(net, node, 100);
  const transactions = blocks.map(({ transactions: [coinbase] }) =>
    spend({
      inputs: [outpoint(coinbase!)],
      outputs: [{ value: coinbase!.outputs[0]!.value - 10_000n, scriptPubKey: SCRIPT }],
    }),
  );
  return {
    net,
    node,
    transactions,
    async join({ highBandwidth = false, host } = {}) {
      const peer = await FakePeer.join(net, node, host === undefined ? {} : { host });
      peer.send('sendcmpct', { highBandwidth, version: 2n });
      // The answer to the node's getheaders proves that the peer has its chain.
      peer.send('headers', { headers: [node.chain.tip.header] });
      await net.advance(20);
      return peer;
    },
    next: (plan = {}) => {
      const time = Math.max(Math.floor(net.clock.now() / 1000), node.chain.tip.medianTimePast() + 1);
      return mineBlock(node.chain.tip, { time, ...plan });
    },
  };
}

function submit({ node }: Scene, ...transactions: readonly Transaction[]): void {
  for (const tx of transactions) {
    const result = node.mempool.accept(tx);
    if ('reject' in result) throw new Error(`rejected: ${result.reject.reason} ${result.reject.debug}`);
  }
}

/** With a fixed nonce, so that tests can let short ids collide. */
const compactOf = (block: Block, changes: Partial<CmpctBlockMessage> = {}) => ({
  ...toCompactBlock(block, 1n),
  ...changes,
});
const isAt = ({ node }: Scene, block: Block) => toHex(node.chain.tip.hash) === toHex(block.hash);
const requested = (peer: FakePeer) =>
  peer.received('getdata').flatMap(({ entries }) => [...entries].map(({ type, hash }) => `${type} ${toHex(hash)}`));
const fullBlock = ({ hash }: Block) => `${InvType.WITNESS_BLOCK} ${toHex(hash)}`;
const blockTxn = (block: Block, ...transactions: readonly Transaction[]) => ({ blockHash: block.hash, transactions });

/** Returns a scene in which the node has requested two missing transactions of a peer's compact block. */
async function missingTwo() {
  const all = await scene();
  const peer = await all.join();
  const transactions = all.transactions as [Transaction, Transaction, Transaction];
  const block = all.next({ transactions: transactions.slice(0, 2), fees: 20_000n });
  peer.send('cmpctblock', compactOf(block));
  await peer.waitFor('getblocktxn');
  return { all, peer, block, transactions };
}

describe('negotiation', () => {
  it('offers version 2 in low-bandwidth mode, and high-bandwidth mode to the last three peers that delivered a tip', async () => {
    const all = await scene();
    const { net, node } = all;
    const peers = [await all.join(), await all.join(), await all.join(), await all.join()];
    const offers = (peer: FakePeer) => peer.received('sendcmpct').map(({ highBandwidth }) => highBandwidth);
    for (const peer of peers) expect(peer.received('sendcmpct')).toEqual([{ highBandwidth: false, version: 2n }]);
    for (const peer of peers) {
      const block = all.next();
      peer.send('cmpctblock', compactOf(block));
      await net.until(() => isAt(all, block), 500);
    }
    await net.advance(20);
    expect(peers.map(offers)).toEqual([
      [false, true, false],
      [false, true],
      [false, true],
      [false, true],
    ]);
    expect(node.connections.peers().map((peer) => node.connections.info(peer).highBandwidthTo)).toEqual([
      false,
      true,
      true,
      true,
    ]);
    peers[1]!.send('sendcmpct', { highBandwidth: true, version: 2n });
    peers[2]!.send('sendcmpct', { highBandwidth: true, version: 1n });
    await net.advance(20);
    const from = node.connections.peers().map((peer) => node.connections.info(peer).highBandwidthFrom);
    expect(from).toEqual([false, true, false, false]);
  });

  it('keeps the last outbound peer among the three', async () => {
    const all = await scene();
    const { net, node } = all;
    const listening = await net.start();
    node.connections.addNode(listening.endpoint);
    await net.untilSynced(node.chain.tip.hash);
    const outbound = node.connections.peers()[0]!;
    await mine(net, listening, 1);
    await net.untilSynced(listening.chain.tip.hash);
    await net.advance(20);
    expect(node.connections.info(outbound).highBandwidthTo).toBe(true);
    for (let i = 0; i < 4; i++) {
      const peer = await all.join();
      const block = all.next();
      peer.send('cmpctblock', compactOf(block));
      await net.until(() => isAt(all, block), 500);
    }
    await net.advance(20);
    const announcing = node.connections.peers().filter((peer) => node.connections.info(peer).highBandwidthTo);
    expect(announcing).toHaveLength(3);
    expect(announcing).toContain(outbound);
  });
});

describe('a compact block', () => {
  it('whose transactions are in the mempool is reconstructed without further messages', async () => {
    const all = await scene();
    submit(all, ...all.transactions);
    const peer = await all.join();
    const block = all.next({ transactions: all.transactions, fees: 40_000n });
    peer.send('cmpctblock', compactOf(block));
    await all.net.until(() => isAt(all, block), 200);
    expect(peer.commands()).not.toContain('getblocktxn');
    expect(requested(peer)).toEqual([]);
    expect(all.node.mempool.size).toBe(0);
  });

  it('is completed with transactions requested from its sender', async () => {
    const all = await scene();
    const [a, b, c, d] = all.transactions as [Transaction, Transaction, Transaction, Transaction];
    submit(all, b, d);
    const peer = await all.join();
    const block = all.next({ transactions: [a, b, c, d], fees: 40_000n });
    peer.send('cmpctblock', compactOf(block));
    expect((await peer.waitFor('getblocktxn')).indexes).toEqual([1, 3]);
    peer.send('blocktxn', blockTxn(block, a, c));
    await all.net.until(() => isAt(all, block), 200);
    expect(requested(peer)).toEqual([]);
  });

  it('is reconstructed with transactions replaced in the mempool', async () => {
    const all = await scene();
    const [a] = all.transactions as [Transaction];
    submit(all, a);
    const { prevout } = a.inputs[0]!;
    submit(all, spend({ inputs: [prevout], outputs: [{ value: 49_9900_0000n, scriptPubKey: SCRIPT }] }));
    expect(all.node.mempool.has(a.txid)).toBe(false);
    const peer = await all.join();
    const block = all.next({ transactions: [a], fees: 10_000n });
    peer.send('cmpctblock', compactOf(block));
    await all.net.until(() => isAt(all, block), 200);
    expect(peer.commands()).not.toContain('getblocktxn');
  });

  it('is requested when a header announces the next block', async () => {
    const all = await scene();
    const peer = await all.join();
    const [block, second] = [all.next({ tag: 1 }), all.next({ tag: 2 })];
    peer.send('headers', { headers: [block.header] });
    await peer.waitFor('getdata');
    expect(requested(peer)).toEqual([`${InvType.CMPCT_BLOCK} ${toHex(block.hash)}`]);
    // While it is in flight, another block is requested in full.
    peer.send('headers', { headers: [second.header] });
    await all.net.advance(100);
    expect(requested(peer).slice(1)).toEqual([fullBlock(second)]);
    peer.send('cmpctblock', compactOf(block));
    await all.net.until(() => isAt(all, block), 200);
  });

  it('with two equal short ids is requested in full', async () => {
    const all = await scene();
    const peer = await all.join();
    const block = all.next({ transactions: all.transactions, fees: 40_000n });
    const shortIds = [...compactOf(block).shortIds];
    peer.send('cmpctblock', compactOf(block, { shortIds: [shortIds[0]!, ...shortIds.slice(0, 3)] }));
    await peer.waitFor('getdata');
    expect(requested(peer)).toEqual([fullBlock(block)]);
    peer.send('block', block);
    await all.net.until(() => isAt(all, block), 200);
  });

  it('whose short id matches another transaction of the mempool is requested in full', async () => {
    const all = await scene();
    const [a, b] = all.transactions as [Transaction, Transaction];
    submit(all, a, b);
    const peer = await all.join();
    const block = all.next({ transactions: [a], fees: 10_000n });
    const key = shortIdKey(block.header, 1n);
    peer.send('cmpctblock', compactOf(block, { shortIds: [shortId(key, b.wtxid)] }));
    await peer.waitFor('getdata');
    expect(requested(peer)).toEqual([fullBlock(block)]);
    // The reconstruction is not attempted again.
    peer.send('cmpctblock', compactOf(block));
    await all.net.advance(100);
    expect(isAt(all, block)).toBe(false);
    peer.send('block', block);
    await all.net.until(() => isAt(all, block), 200);
  });

  it.each([
    ['too few', 1, 'non-matching block transactions'],
    ['too many', 3, 'non-matching block transactions'],
  ])('completed with %s transactions leads to a disconnect', async (_, count, reason) => {
    const { all, peer, block, transactions } = await missingTwo();
    const [a, b, c] = transactions;
    peer.send('blocktxn', blockTxn(block, ...[a, b, c].slice(0, count)));
    await all.net.until(() => peer.closed, 200);
    expect(all.node.disconnects).toEqual([`misbehaving: ${reason}`]);
  });

  it('completed with wrong transactions is requested in full, and a second blocktxn leads to a disconnect', async () => {
    const { all, peer, block, transactions } = await missingTwo();
    const [a, b, c] = transactions;
    peer.send('blocktxn', blockTxn(block, a, c));
    await peer.waitFor('getdata');
    expect(requested(peer)).toEqual([fullBlock(block)]);
    expect(peer.closed).toBe(false);
    peer.send('blocktxn', blockTxn(block, a, b));
    await all.net.until(() => peer.closed, 200);
    expect(all.node.disconnects).toEqual(['misbehaving: blocktxn after failed reconstruction']);
  });

  it('with a prefilled index out of bounds, or without transactions, leads to a disconnect', async () => {
    const all = await scene();
    const block = all.next({ transactions: all.transactions, fees: 40_000n });
    const { prefilled } = compactOf(block);
    const outOfBounds = [...prefilled, { index: 6, tx: all.transactions[0]! }];
    const overflowing = [
      ...prefilled,
      { index: 65_000, tx: all.transactions[0]! },
      { index: 65_536, tx: all.transactions[0]! },
    ];
    for (const changes of [{ prefilled: outOfBounds }, { prefilled: overflowing }, { prefilled: [], shortIds: [] }]) {
      const peer = await all.join();
      peer.send('cmpctblock', compactOf(block, changes));
      await all.net.until(() => peer.closed, 200);
    }
    expect(new Set(all.node.disconnects)).toEqual(new Set(['misbehaving: invalid compact block']));
    expect(all.node.disconnects).toHaveLength(3);
    const honest = await all.join();
    honest.send('block', block);
    await all.net.until(() => isAt(all, block), 200);
  });

  it('whose sender does not answer getblocktxn is reconstructed with another peer', async () => {
    const all = await scene();
    const [silent, helpful] = [await all.join(), await all.join()];
    // Delivering a tip makes it a high-bandwidth peer.
    const first = all.next();
    helpful.send('cmpctblock', compactOf(first));
    await all.net.until(() => isAt(all, first), 200);
    const block = all.next({ transactions: all.transactions, fees: 40_000n });
    silent.send('cmpctblock', compactOf(block));
    await silent.waitFor('getblocktxn');
    helpful.send('cmpctblock', compactOf(block));
    expect((await helpful.waitFor('getblocktxn')).indexes).toEqual([1, 2, 3, 4]);
    helpful.send('blocktxn', blockTxn(block, ...all.transactions));
    await all.net.until(() => isAt(all, block), 200);
    silent.send('blocktxn', blockTxn(block));
    await all.net.advance(100);
    expect(all.node.disconnects).toEqual([]);
  });

  it('whose sender does not answer getblocktxn is requested from another peer when overdue', async () => {
    const all = await scene();
    const [silent, other] = [await all.join(), await all.join()];
    const block = all.next({ transactions: all.transactions, fees: 40_000n });
    silent.send('cmpctblock', compactOf(block));
    await silent.waitFor('getblocktxn');
    other.send('headers', { headers: [block.header] });
    await all.net.advance(OVERDUE_MS - 2_000, 100);
    expect(requested(other)).toEqual([]);
    await other.waitFor('getdata', 1, 5_000);
    other.send('block', block);
    await all.net.until(() => isAt(all, block), 200);
  });

  it('of a fourth peer is used only if no transaction is missing', async () => {
    const all = await scene();
    const outbound = await FakePeer.manual(all.net, all.node);
    outbound.send('sendcmpct', { highBandwidth: false, version: 2n });
    outbound.send('headers', { headers: [all.node.chain.tip.header] });
    const peers = [await all.join(), await all.join(), outbound];
    for (const peer of peers) {
      const tip = all.next();
      peer.send('cmpctblock', compactOf(tip));
      await all.net.until(() => isAt(all, tip), 200);
    }
    const fourth = await all.join();
    const block = all.next({ transactions: all.transactions, fees: 40_000n });
    const last = all.transactions.at(-1)!;
    submit(all, ...all.transactions.slice(0, -1));
    for (const peer of [...peers, fourth]) {
      peer.send('cmpctblock', compactOf(block));
      await all.net.advance(20);
    }
    expect([...peers, fourth].map((peer) => peer.received('getblocktxn').length)).toEqual([1, 1, 1, 0]);
    expect([isAt(all, block), fourth.closed]).toEqual([false, false]);
    submit(all, last);
    fourth.send('cmpctblock', compactOf(block));
    await all.net.until(() => isAt(all, block), 200);
  });

  it('is reconstructed from up to three peers in parallel, the last of which must be outbound', async () => {
    const all = await scene();
    const peers = [await all.join(), await all.join(), await all.join()];
    for (const peer of peers) {
      const tip = all.next();
      peer.send('cmpctblock', compactOf(tip));
      await all.net.until(() => isAt(all, tip), 200);
    }
    const block = all.next({ transactions: all.transactions, fees: 40_000n });
    for (const peer of peers) {
      peer.send('cmpctblock', compactOf(block));
      await all.net.advance(20);
    }
    expect(peers.map((peer) => peer.received('getblocktxn').length)).toEqual([1, 1, 0]);
    // The third peer's copy is used if no transaction is missing any more.
    submit(all, ...all.transactions);
    peers[2]!.send('cmpctblock', compactOf(block));
    await all.net.until(() => isAt(all, block), 200);
  });

  it('that is invalid is not held against its sender, but a block on it is', async () => {
    const all = await scene();
    const peer = await all.join();
    // Its coinbase exceeds the subsidy by one satoshi.
    const block = all.next({ fees: 1n });
    peer.send('cmpctblock', compactOf(block));
    await all.net.until(() => all.node.chain.getIndex(block.hash)?.failed === true, 200);
    await all.net.advance(100);
    expect(all.node.disconnects).toEqual([]);
    // Also when it is known to be invalid.
    peer.send('cmpctblock', compactOf(block));
    await all.net.advance(100);
    expect(all.node.disconnects).toEqual([]);
    // A block that builds on it is misbehaviour.
    const { hash, header } = block;
    const onTop = mineBlock({ hash, height: all.node.chain.tip.height + 1, time: header.time, bits: header.bits });
    peer.send('cmpctblock', compactOf(onTop));
    await all.net.until(() => peer.closed, 200);
    // An invalid full block is misbehaviour.
    const other = await all.join();
    other.send('block', all.next({ fees: 1n, tag: 3 }));
    await all.net.until(() => other.closed, 200);
  });

  it('without proof of work leads to a disconnect', async () => {
    const all = await scene();
    const peer = await all.join();
    const block = all.next();
    let header = block.header;
    while (header.hash[31]! < 0x80) header = new BlockHeader({ ...header, nonce: header.nonce + 1 });
    peer.send('cmpctblock', compactOf(block, { header }));
    await all.net.until(() => peer.closed, 200);
    expect(all.node.disconnects).toEqual(['misbehaving: high-hash, proof of work failed']);
  });

  // As in Core: the mempool does not help with blocks that are further ahead.
  it('is reconstructed up to two blocks above the tip', async () => {
    for (const [ahead, isStored] of [
      [2, true],
      [3, false],
    ] as const) {
      const all = await scene(0);
      const { net, node } = all;
      const peer = await all.join({ highBandwidth: true });
      const blocks: Block[] = [];
      let prev: Parameters<typeof mineBlock>[0] = node.chain.tip;
      for (let i = 0; i < ahead; i++) {
        const block = mineBlock(prev, { time: node.chain.tip.time + 1 + i });
        prev = { hash: block.hash, height: prev.height + 1, time: block.header.time, bits: block.header.bits };
        blocks.push(block);
      }
      peer.send('headers', { headers: blocks.slice(0, -1).map(({ header }) => header) });
      await net.advance(50);
      peer.send('cmpctblock', compactOf(blocks.at(-1)!));
      await net.advance(50);
      expect(node.chain.getIndex(blocks.at(-1)!.hash)!.hasData).toBe(isStored);
    }
  });

  it('on an unknown parent leads to getheaders; with low work it is ignored', async () => {
    const all = await scene();
    await mine(all.net, all.node, 60);
    const peer = await all.join();
    const before = peer.received('getheaders').length;
    const unknown = all.next();
    const { hash, header } = unknown;
    const onTop = mineBlock({ hash, height: all.node.chain.tip.height + 1, time: header.time, bits: header.bits });
    peer.send('cmpctblock', compactOf(onTop));
    await peer.waitFor('getheaders', before + 1, 200);
    const low = mineBlock(all.node.chain.atHeight(1)!, { tag: 9 });
    peer.send('cmpctblock', compactOf(low));
    await all.net.advance(100);
    expect(all.node.chain.getIndex(low.hash)).toBeUndefined();
    expect(all.node.disconnects).toEqual([]);
  });
});

describe('serving', () => {
  it('sends the last six blocks as compact blocks, and older ones in full', async () => {
    const all = await scene();
    const peer = await all.join();
    const { chain } = all.node;
    const get = (depth: number) => {
      const index = chain.atHeight(chain.tip.height - depth)!;
      peer.send('getdata', { entries: [{ type: InvType.CMPCT_BLOCK, hash: index.hash }] });
      return index;
    };
    const recent = get(5);
    expect(toHex((await peer.waitFor('cmpctblock')).header.hash)).toBe(toHex(recent.hash));
    const old = get(6);
    expect(toHex((await peer.waitFor('block')).hash)).toBe(toHex(old.hash));
  });

  it('answers getblocktxn for the last eleven blocks by blocktxn, and for older ones by the whole block', async () => {
    const all = await scene();
    const peer = await all.join();
    submit(all, ...all.transactions);
    const [block] = await mine(all.net, all.node, 1, { transactions: all.transactions, fees: 40_000n });
    const get = (hash: Uint8Array, ...indexes: number[]) => peer.send('getblocktxn', { blockHash: hash, indexes });
    get(block!.hash, 0, 2, 4);
    const { transactions } = await peer.waitFor('blocktxn');
    expect(transactions.map(({ txidHex }) => txidHex)).toEqual(
      [0, 2, 4].map((index) => block!.transactions[index]!.txidHex),
    );
    await mine(all.net, all.node, 10);
    get(block!.hash, 1);
    await peer.waitFor('blocktxn', 2);
    await mine(all.net, all.node, 1);
    get(block!.hash, 1);
    expect(toHex((await peer.waitFor('block')).hash)).toBe(toHex(block!.hash));
    // A request for an unknown block is ignored.
    get(new Uint8Array(32).fill(1), 0);
    await all.net.advance(100);
    expect(all.node.disconnects).toEqual([]);
    get(all.node.chain.tip.hash, 1);
    await all.net.until(() => peer.closed, 200);
    expect(all.node.disconnects).toEqual(['misbehaving: getblocktxn index out of bounds']);
  });

  it('announces a block before full validation to high-bandwidth peers', async () => {
    const all = await scene();
    const [quick, slow] = [await all.join({ highBandwidth: true }), await all.join()];
    const invalid = all.next({ fees: 1n });
    const { reject } = await all.node.chain.acceptBlock(invalid);
    expect(reject?.reason).toBe('bad-cb-amount');
    const { header, prefilled } = await quick.waitFor('cmpctblock', 1, 200);
    expect(toHex(header.hash)).toBe(toHex(invalid.hash));
    expect(prefilled.map(({ index }) => index)).toEqual([0]);
    // The next block is at the same height.
    const [valid] = await mine(all.net, all.node, 1, { tag: 5 });
    await quick.waitFor('cmpctblock', 2, 200);
    expect(toHex(quick.received('cmpctblock')[1]!.header.hash)).toBe(toHex(valid!.hash));
    await all.net.advance(100);
    expect(quick.commands()).not.toContain('block');
    expect(slow.commands()).not.toContain('cmpctblock');
    expect(quick.received('cmpctblock')).toHaveLength(2);
    expect(slow.received('headers').length + slow.received('inv').length).toBe(1);
  });
});
