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

// What bitcoind makes of the same: test/interop/bloom-filters.test.ts.

const FEE = 10_000n;
/** Anybody's, and matched by its data. */
const dataScript = (data: number) => compileScript(new Uint8Array(20).fill(data), Op.OP_DROP, Op.OP_1);
const dataOf = (data: number) => new Uint8Array(20).fill(data);

/** Spends the first output of `parent` to one that shows the data. */
function child(parent: Transaction, data: number): Transaction {
  const outputs = [{ value: parent.outputs[0]!.value - FEE, scriptPubKey: dataScript(data) }];
  return spend({ inputs: [outpoint(parent)], outputs });
}

function filterOf(...elements: readonly Uint8Array[]): BloomFilter {
  const filter = BloomFilter.forElements(20, 0.000001, 7, BloomUpdate.ALL);
  for (const element of elements) filter.insert(element);
  return filter;
}

/** A node that offers filters, and coinbases that are anybody's to spend. */
async function rich(
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
    if ('reject' in result) throw new Error(`refused: ${result.reject.reason} ${result.reject.debug}`);
  }
}

/** Ids that a peer has been told of, sorted. */
function told(peer: FakePeer): string[] {
  return peer
    .received('inv')
    .flatMap(({ entries }) => entries.map(({ hash }) => toHex(hash)))
    .sort();
}

const ids = (...transactions: readonly Transaction[]) => transactions.map((tx) => toHex(tx.wtxid)).sort();
function wanted(tx: Transaction) {
  return { entries: [{ type: InvType.WTX, hash: tx.wtxid }] };
}

const quiet = { version: { relay: false } };

describe('a peer with a Bloom filter', () => {
  it('hears of what matches and of what spends it, from when it loads the filter until it clears it', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await rich(net, 5);
    const peer = await FakePeer.join(net, node, quiet);
    const info = () => node.connections.info(node.connections.peers()[0]!).relaysTransactions;
    const [early, other, matching, added, last] = coinbases.map((coinbase, i) => child(coinbase, i + 1));
    submit(node, early!);
    await net.advance(500);
    expect([told(peer), info()]).toEqual([[], false]);

    peer.send('filterload', filterOf(dataOf(3)));
    await net.advance(50);
    const spender = child(matching!, 99);
    submit(node, other!, matching!, spender);
    await net.advance(500);
    expect([told(peer), info()]).toEqual([ids(matching!, spender), true]);

    peer.send('filteradd', { element: dataOf(4) });
    await net.advance(50);
    submit(node, added!);
    await net.advance(500);
    expect(told(peer)).toEqual(ids(matching!, spender, added!));

    peer.send('filterclear', {});
    await net.advance(50);
    submit(node, last!);
    await net.advance(500);
    expect(told(peer)).toEqual(ids(matching!, spender, added!, last!));
    expect(node.disconnects).toEqual([]);
  });

  it('is told of the mempool when it asks, again if it asks again, and not of what pays less than it wants', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await rich(net, 3);
    const [a, b, c] = coinbases.map((coinbase) => child(coinbase, 1));
    submit(node, a!, b!, c!);
    const peer = await FakePeer.join(net, node, quiet);
    peer.send('mempool', {});
    peer.send('mempool', {});
    await net.advance(500);
    expect(told(peer)).toEqual(ids(a!, b!, c!));
    peer.send('filterload', filterOf(a!.txid, c!.txid));
    peer.send('mempool', {});
    await net.advance(500);
    expect(peer.received('inv')).toHaveLength(2);
    expect(
      peer
        .received('inv')[1]!
        .entries.map(({ hash }) => toHex(hash))
        .sort(),
    ).toEqual(ids(a!, c!));
    peer.send('feefilter', { feeRate: 1_000n * FEE });
    peer.send('mempool', {});
    await net.advance(500);
    expect(peer.received('inv')).toHaveLength(2);
  });

  it('gets of a block the tree that leads to what matches, and then that, stripped of witnesses', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await rich(net, 4);
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

  it('leaves others their turn, whatever it asks for', async () => {
    const net = new TestNetwork();
    const { node } = await rich(net, 1);
    const [greedy, modest] = [await FakePeer.join(net, node), await FakePeer.join(net, node)];
    const { hash } = node.chain.tip;
    greedy.send('filterload', filterOf(dataOf(1)));
    greedy.send('getdata', { entries: new Array(300).fill({ type: InvType.FILTERED_BLOCK, hash }) });
    modest.send('ping', { nonce: 5n });
    await modest.waitFor('pong');
    expect(greedy.received('merkleblock').length).toBeLessThan(50);
    await greedy.waitFor('merkleblock', 300);
  });

  it('learns no sooner than others of what is new to a node that trickles', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await rich(net, 1, { trickle: true });
    const peer = await FakePeer.join(net, node, quiet);
    const tx = child(coinbases[0]!, 1);
    submit(node, tx);
    peer.send('getdata', wanted(tx));
    await peer.waitFor('notfound');
    peer.send('mempool', {});
    await net.advance(10);
    expect(told(peer)).toEqual([]);
    await net.until(() => told(peer).length > 0, 120_000, 50);
    peer.send('getdata', wanted(tx));
    expect((await peer.waitFor('tx')).txidHex).toBe(tx.txidHex);
  });
});

describe('without the service', () => {
  it('who wants to hear of no transaction gets none, and no answer either', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await rich(net, 1, { bloomFilters: false });
    const tx = child(coinbases[0]!, 1);
    submit(node, tx);
    const [peer, listening] = [await FakePeer.join(net, node, quiet), await FakePeer.join(net, node)];
    for (const asking of [peer, listening]) asking.send('getdata', wanted(tx));
    await listening.waitFor('tx');
    expect(peer.commands()).not.toContain('tx');
    expect(peer.commands()).not.toContain('notfound');
    expect(peer.received('version')[0]!.services & 4n).toBe(0n);
  });
});
