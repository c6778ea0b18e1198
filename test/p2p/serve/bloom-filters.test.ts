import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/bytes/compare.ts';
import { toHex } from '../../../src/bytes/hex.ts';
import { InvType } from '../../../src/p2p/wire/messages/inventory.ts';
import type { Transaction } from '../../../src/primitives/transaction.ts';
import { BloomFilter, BloomUpdate } from '../../../src/proofs/bloom-filter.ts';
import { Op } from '../../../src/script/opcodes.ts';
import { compileScript } from '../../../src/script/script.ts';
import { OP_TRUE, outpoint, spend } from '../../chain/support/builder.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { mine, TestNetwork, type TestNode } from '../support/network.ts';

// The same is compared with bitcoind in test/interop/bloom-filters.test.ts.

const FEE = 10_000n;
/** An anyone-can-spend script with a data push that a filter can match. */
const dataScript = (data: number) => compileScript(new Uint8Array(20).fill(data), Op.OP_DROP, Op.OP_1);
const dataOf = (data: number) => new Uint8Array(20).fill(data);

/** Spends the first output of `parent` to a `dataScript`. */
function child(parent: Transaction, data: number): Transaction {
  const outputs = [{ value: parent.outputs[0]!.value - FEE, scriptPubKey: dataScript(data) }];
  return spend({ inputs: [outpoint(parent)], outputs });
}

function filterOf(...elements: readonly Uint8Array[]): BloomFilter {
  const filter = BloomFilter.forElements(20, 0.000001, 7, BloomUpdate.ALL);
  for (const element of elements) filter.insert(element);
  return filter;
}

/**
 * Starts a node with Bloom filters whose chain has `coins` mature, anyone-can-spend coinbases. Returns them as well.
 */
async function nodeWithCoins(
  net: TestNetwork,
  coins: number,
  options = {},
): Promise<{ node: TestNode; coinbases: Transaction[] }> {
  const node = await net.start({ bloomFilters: true, ...options });
  const outputs = [{ value: 50_0000_0000n, scriptPubKey: OP_TRUE }];
  const blocks = await mine(net, node, coins, { coinbaseOutputs: outputs });
  await mine(net, node, 100);
  return { node, coinbases: blocks.map(({ transactions }) => transactions[0]!) };
}

function submit(node: TestNode, ...transactions: readonly Transaction[]): void {
  for (const tx of transactions) {
    const result = node.mempool.accept(tx);
    if ('reject' in result) throw new Error(`rejected: ${result.reject.reason} ${result.reject.debug}`);
  }
}

/** Returns the ids announced to a peer, sorted. */
function announcedTo(peer: FakePeer): string[] {
  return peer
    .received('inv')
    .flatMap(({ entries }) => [...entries].map(({ hash }) => toHex(hash)))
    .sort();
}

const ids = (...transactions: readonly Transaction[]) => transactions.map((tx) => toHex(tx.wtxid)).sort();
function getData(tx: Transaction) {
  return { entries: [{ type: InvType.WTX, hash: tx.wtxid }] };
}

const noRelay = { version: { relay: false } };

describe('a peer with a Bloom filter', () => {
  it('is sent announcements of matching transactions and of their spenders until it clears the filter', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 5);
    const peer = await FakePeer.join(net, node, noRelay);
    const info = () => node.connections.info(node.connections.peers()[0]!).relaysTransactions;
    const [early, other, matching, added, last] = coinbases.map((coinbase, i) => child(coinbase, i + 1));
    submit(node, early!);
    await net.advance(500);
    expect([announcedTo(peer), info()]).toEqual([[], false]);

    peer.send('filterload', filterOf(dataOf(3)));
    await net.advance(50);
    const spender = child(matching!, 99);
    submit(node, other!, matching!, spender);
    await net.advance(500);
    expect([announcedTo(peer), info()]).toEqual([ids(matching!, spender), true]);

    peer.send('filteradd', { element: dataOf(4) });
    await net.advance(50);
    submit(node, added!);
    await net.advance(500);
    expect(announcedTo(peer)).toEqual(ids(matching!, spender, added!));

    peer.send('filterclear', {});
    await net.advance(50);
    submit(node, last!);
    await net.advance(500);
    expect(announcedTo(peer)).toEqual(ids(matching!, spender, added!, last!));
    expect(node.disconnects).toEqual([]);
  });

  it('is sent the matching mempool at each mempool message, without transactions below its fee filter', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 3);
    const [a, b, c] = coinbases.map((coinbase) => child(coinbase, 1));
    submit(node, a!, b!, c!);
    const peer = await FakePeer.join(net, node, noRelay);
    peer.send('mempool', {});
    peer.send('mempool', {});
    await net.advance(500);
    expect(announcedTo(peer)).toEqual(ids(a!, b!, c!));
    peer.send('filterload', filterOf(a!.txid, c!.txid));
    peer.send('mempool', {});
    await net.advance(500);
    expect(peer.received('inv')).toHaveLength(2);
    expect([...peer.received('inv')[1]!.entries].map(({ hash }) => toHex(hash)).sort()).toEqual(ids(a!, c!));
    peer.send('feefilter', { feeRate: 1_000n * FEE });
    peer.send('mempool', {});
    await net.advance(500);
    expect(peer.received('inv')).toHaveLength(2);
  });

  it('is sent a merkle block, then the matching transactions without witness', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 4);
    const transactions = coinbases.map((coinbase, i) => child(coinbase, i + 1));
    const [block] = await mine(net, node, 1, { transactions, fees: 4n * FEE });
    const peer = await FakePeer.join(net, node);
    const filtered = { entries: [{ type: InvType.FILTERED_BLOCK, hash: block!.hash }] };
    peer.send('getdata', filtered);
    await net.advance(200);
    expect(peer.received('merkleblock')).toEqual([]);

    const [coinbase] = block!.transactions;
    expect(coinbase!.hasWitness).toBe(true);
    peer.send('filterload', filterOf(dataOf(2), coinbase!.txid));
    peer.send('getdata', filtered);
    const merkleBlock = await peer.waitFor('merkleblock');
    expect(merkleBlock.extract().matches.map(({ position }) => position)).toEqual([0, 2]);
    await peer.waitFor('tx', 2);
    expect(peer.messages.slice(-3).map(({ command }) => command)).toEqual(['merkleblock', 'tx', 'tx']);
    const sent = peer.messages.slice(-2).map(({ payload }) => payload);
    const expected = concatBytes(coinbase!.encodeStripped(), transactions[1]!.encode());
    expect(toHex(concatBytes(...sent))).toBe(toHex(expected));
  });

  it('does not delay other peers by many requests', async () => {
    const net = new TestNetwork();
    const { node } = await nodeWithCoins(net, 1);
    const [requesting, pinging] = [await FakePeer.join(net, node), await FakePeer.join(net, node)];
    const { hash } = node.chain.tip;
    requesting.send('filterload', filterOf(dataOf(1)));
    requesting.send('getdata', { entries: new Array(300).fill({ type: InvType.FILTERED_BLOCK, hash }) });
    pinging.send('ping', { nonce: 5n });
    await pinging.waitFor('pong');
    expect(requesting.received('merkleblock').length).toBeLessThan(50);
    await requesting.waitFor('merkleblock', 300);
  });

  it('is sent new transactions no earlier than other peers by a node that trickles', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 1, { trickle: true });
    const peer = await FakePeer.join(net, node, noRelay);
    const tx = child(coinbases[0]!, 1);
    submit(node, tx);
    peer.send('getdata', getData(tx));
    await peer.waitFor('notfound');
    peer.send('mempool', {});
    await net.advance(10);
    expect(announcedTo(peer)).toEqual([]);
    await net.until(() => announcedTo(peer).length > 0, 120_000, 50);
    peer.send('getdata', getData(tx));
    expect((await peer.waitFor('tx')).txidHex).toBe(tx.txidHex);
  });
});

describe('a node without Bloom filters', () => {
  it('does not answer getdata for transactions of a peer with relay=false', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 1, { bloomFilters: false });
    const tx = child(coinbases[0]!, 1);
    submit(node, tx);
    const [peer, relaying] = [await FakePeer.join(net, node, noRelay), await FakePeer.join(net, node)];
    for (const each of [peer, relaying]) each.send('getdata', getData(tx));
    await relaying.waitFor('tx');
    expect(peer.commands()).not.toContain('tx');
    expect(peer.commands()).not.toContain('notfound');
    expect(peer.received('version')[0]!.services & 4n).toBe(0n);
  });
});
