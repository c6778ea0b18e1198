import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { InvType } from '../../src/p2p/wire/messages/inventory.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from '../chain/support/builder.ts';
import { FakePeer } from './support/fake-peer.ts';
import { mine, START_MS, TestNetwork, type TestNode } from './support/network.ts';

const MINUTE = 60_000;
/** An anyone-can-spend output: P2WSH of OP_TRUE. */
const ANYONE_CAN_SPEND = Uint8Array.from([
  0x00, 0x20, 0x4a, 0xe8, 0x15, 0x72, 0xf0, 0x6e, 0x1b, 0x88, 0xfd, 0x5c, 0xed, 0x7a, 0x1a, 0x00, 0x09, 0x45, 0x43,
  0x2e, 0x83, 0xe1, 0x55, 0x1e, 0x6f, 0x72, 0x1e, 0xe9, 0xc0, 0x0b, 0x8c, 0xc3, 0x32, 0x60,
]);

/** Spends an ANYONE_CAN_SPEND output of `parent`, with a witness. */
function child(parent: Transaction, options: { fee?: bigint; tag?: number; vout?: number } = {}): Transaction {
  const { fee = 10_000n, tag = 0, vout = 0 } = options;
  return spend({
    inputs: [outpoint(parent, vout)],
    outputs: [{ value: parent.outputs[vout]!.value - fee, scriptPubKey: ANYONE_CAN_SPEND }],
    lockTime: 0,
    sequence: 0xffff_fffe - tag,
    witness: [OP_TRUE],
  });
}

/** Starts a node whose chain has `coins` mature coinbases. Returns them as well. */
async function nodeWithCoins(
  net: TestNetwork,
  coins: number,
  options = {},
): Promise<{ node: TestNode; coinbases: Transaction[] }> {
  const node = await net.start(options);
  const outputs = [{ value: 50_0000_0000n, scriptPubKey: ANYONE_CAN_SPEND }];
  const blocks = await mine(net, node, coins, { coinbaseOutputs: outputs });
  await mine(net, node, 100);
  return { node, coinbases: blocks.map(({ transactions }) => transactions[0]!) };
}

function submit(node: TestNode, tx: Transaction): void {
  const result = node.mempool.accept(tx);
  if ('reject' in result) throw new Error(`rejected: ${result.reject.reason} ${result.reject.debug}`);
}

const wtx = (tx: Transaction) => ({ type: InvType.WTX, hash: tx.wtxid });
const formatted = (entries: Iterable<{ type: number; hash: Uint8Array }>) =>
  [...entries].map(({ type, hash }) => `${type.toString(16)} ${toHex(hash)}`);

describe('transactions', () => {
  it('reach all nodes, each once, within 200 ms', async () => {
    const net = new TestNetwork({ latencyMs: () => 5 });
    const { node: seed, coinbases } = await nodeWithCoins(net, 3);
    for (let i = 0; i < 6; i++) await net.start({ seeds: [seed] });
    await net.untilSynced(seed.chain.tip.hash);
    await net.advance(2000);
    for (const node of net.nodes) node.received.length = 0;
    submit(net.nodes[3]!, child(coinbases[0]!));
    await net.until(() => net.nodes.every(({ mempool }) => mempool.size === 1), 200);
    for (const coinbase of coinbases.slice(1)) submit(net.nodes[5]!, child(coinbase));
    await net.until(() => net.nodes.every(({ mempool }) => mempool.size === 3), 200);
    await net.advance(500);
    for (const node of net.nodes) {
      expect(node.received.filter((command) => command === 'tx').length).toBeLessThanOrEqual(3);
      expect(node.disconnects).toEqual([]);
    }
  });

  it('in the mempool are announced to a new peer by one inv', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 5);
    const first = child(coinbases[0]!);
    submit(node, first);
    submit(node, child(first));
    for (const coinbase of coinbases.slice(1)) submit(node, child(coinbase));
    const late = await net.start({ seeds: [node] });
    await net.until(() => late.mempool.size === 6, 3000);
    expect(late.received.filter((command) => command === 'inv')).toHaveLength(1);
  });

  it('are announced by wtxid only to wtxid-relay peers, and sent with or without witness as requested', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 1);
    const tx = child(coinbases[0]!);
    const modern = await FakePeer.join(net, node);
    const old = await FakePeer.join(net, node, { wtxidRelay: false });
    submit(node, tx);
    expect(formatted((await modern.waitFor('inv')).entries)).toEqual(formatted([wtx(tx)]));
    expect(formatted((await old.waitFor('inv')).entries)).toEqual(formatted([{ type: InvType.TX, hash: tx.txid }]));
    modern.send('getdata', { entries: [wtx(tx)] });
    expect((await modern.waitFor('tx')).wtxidHex).toBe(tx.wtxidHex);
    old.send('getdata', { entries: [{ type: InvType.TX, hash: tx.txid }] });
    const stripped = await old.waitFor('tx');
    expect([stripped.txidHex, stripped.hasWitness]).toEqual([tx.txidHex, false]);
    old.send('getdata', { entries: [{ type: InvType.WITNESS_TX, hash: tx.txid }] });
    expect((await old.waitFor('tx', 2)).hasWitness).toBe(true);
  });

  it('of the last block are served, other ones outside the mempool answered by notfound', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 1);
    const tx = child(coinbases[0]!);
    const peer = await FakePeer.join(net, node);
    peer.send('getdata', { entries: [wtx(tx)] });
    expect(formatted((await peer.waitFor('notfound')).entries)).toEqual(formatted([wtx(tx)]));
    submit(node, tx);
    await mine(net, node, 1, { transactions: [tx], fees: 10_000n });
    expect(node.mempool.size).toBe(0);
    peer.send('getdata', { entries: [wtx(tx)] });
    expect((await peer.waitFor('tx')).wtxidHex).toBe(tx.wtxidHex);
    await mine(net, node, 1);
    peer.send('getdata', { entries: [wtx(tx)] });
    await peer.waitFor('notfound', 2);
  });

  it('are not announced back to the peer that announced them', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 1);
    const tx = child(coinbases[0]!);
    const [from, to] = [await FakePeer.join(net, node), await FakePeer.join(net, node)];
    from.send('inv', { entries: [wtx(tx)] });
    expect(formatted((await from.waitFor('getdata')).entries)).toEqual(formatted([wtx(tx)]));
    from.send('tx', tx);
    await to.waitFor('inv');
    await net.advance(500);
    expect(from.received('inv')).toEqual([]);
  });

  it("below a peer's fee filter are not announced to it", async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 2);
    const peer = await FakePeer.join(net, node);
    const { vsize } = child(coinbases[0]!);
    // Exactly 200 satoshis per virtual byte.
    peer.send('feefilter', { feeRate: 200_000n });
    await net.advance(50);
    submit(node, child(coinbases[0]!, { fee: 200n * BigInt(vsize) - 1n }));
    const paying = child(coinbases[1]!, { fee: 200n * BigInt(vsize) });
    submit(node, paying);
    expect(formatted((await peer.waitFor('inv')).entries)).toEqual(formatted([wtx(paying)]));
    await net.advance(1000);
    expect(peer.received('inv')).toHaveLength(1);
    expect(node.connections.info(node.connections.peers()[0]!).minFeeFilter).toBe(200_000n);
  });

  it('are not announced to a peer with relay=false', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 1);
    const peer = await FakePeer.join(net, node, { version: { relay: false } });
    submit(node, child(coinbases[0]!));
    await net.advance(1000);
    expect(peer.received('inv')).toEqual([]);
  });
});

describe('trickling', () => {
  it('announces to all inbound peers at the same time, every five seconds on average, parents before children', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 30, { trickle: true });
    submit(node, child(coinbases[0]!));
    const [a, b] = [await FakePeer.join(net, node), await FakePeer.join(net, node)];
    await net.advance(60_000, 500);
    // The mempool is not announced to a new peer.
    expect(a.received('inv')).toEqual([]);
    const delays: number[] = [];
    for (const coinbase of coinbases.slice(1, 29)) {
      const tx = child(coinbase);
      const since = net.clock.monotonic();
      submit(node, tx);
      const before = a.received('inv').length;
      await net.until(() => a.received('inv').length > before, 120_000, 50);
      delays.push(net.clock.monotonic() - since);
      await net.advance(10);
      expect(formatted(b.received('inv').at(-1)!.entries)).toEqual(formatted([wtx(tx)]));
    }
    const mean = delays.reduce((sum, delay) => sum + delay) / delays.length;
    expect(mean).toBeGreaterThan(2500);
    expect(mean).toBeLessThan(10_000);
    const lowFeeParent = child(coinbases[29]!, { fee: 1_000n });
    const highFeeChild = child(lowFeeParent, { fee: 100_000n });
    submit(node, lowFeeParent);
    submit(node, highFeeChild);
    // Not served before it is announced.
    a.send('getdata', { entries: [wtx(lowFeeParent)] });
    expect(formatted((await a.waitFor('notfound')).entries)).toEqual(formatted([wtx(lowFeeParent)]));
    await net.until(() => formatted(a.received('inv').at(-1)!.entries).length === 2, 120_000, 50);
    expect(formatted(a.received('inv').at(-1)!.entries)).toEqual(formatted([wtx(lowFeeParent), wtx(highFeeChild)]));
  });
});

describe.each([true, false])('what leaves the mempool before it is announced (trickle: %s)', (trickle) => {
  it('is not announced', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 2, { trickle });
    const peer = await FakePeer.join(net, node);
    const [replaced, replacement] = [child(coinbases[0]!), child(coinbases[0]!, { fee: 50_000n, tag: 2 })];
    const other = child(coinbases[1]!);
    submit(node, replaced);
    submit(node, other);
    submit(node, replacement);
    await net.until(() => peer.received('inv').flatMap(({ entries }) => [...entries]).length >= 2, 120_000, 50);
    await net.advance(30_000, 500);
    const announced = peer.received('inv').flatMap(({ entries }) => formatted(entries));
    expect(announced.toSorted()).toEqual(formatted([wtx(other), wtx(replacement)]).toSorted());
  });
});

describe('our fee filter', () => {
  it('is not sent with blocksOnly', async () => {
    const net = new TestNetwork();
    const node = await net.start({ blocksOnly: true });
    const peer = await FakePeer.join(net, node);
    await net.advance(2000, 100);
    expect(peer.received('feefilter')).toEqual([]);
  });

  it("is MAX_MONEY while the node catches up, then the mempool's minimum fee rate", async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const peer = await FakePeer.join(net, node);
    // The node counts as catching up until its header sync is finished.
    expect(peer.received('feefilter')).toEqual([{ feeRate: 2_100_000_000_000_000n }]);
    peer.send('headers', { headers: [] });
    // Without waiting for the next second.
    await net.advance(50);
    expect(peer.received('feefilter').at(-1)).toEqual({ feeRate: 100n });
    await net.advance(30 * MINUTE, 1000);
    expect(peer.received('feefilter')).toHaveLength(2);
  });
});

describe('transaction download', () => {
  it('requests from one peer at a time, and from the next one after 60 seconds or notfound', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 1);
    const tx = child(coinbases[0]!);
    const [silent, forgetful, helpful] = [
      await FakePeer.join(net, node),
      await FakePeer.join(net, node),
      await FakePeer.join(net, node),
    ];
    for (const peer of [silent, forgetful, helpful]) {
      peer.send('inv', { entries: [wtx(tx)] });
      await net.advance(20);
    }
    expect(silent.received('getdata')).toHaveLength(1);
    await net.advance(59_000, 500);
    expect(forgetful.received('getdata')).toEqual([]);
    await net.advance(2_000, 500);
    expect(forgetful.received('getdata')).toHaveLength(1);
    expect(helpful.received('getdata')).toEqual([]);
    forgetful.send('notfound', { entries: [wtx(tx)] });
    expect(formatted((await helpful.waitFor('getdata')).entries)).toEqual(formatted([wtx(tx)]));
    helpful.send('tx', tx);
    await net.until(() => node.mempool.size === 1, 1000);
    await net.advance(2 * MINUTE, 1000);
    expect(silent.received('getdata')).toHaveLength(1);
    expect(forgetful.received('getdata')).toHaveLength(1);
  });

  it('delays requests to inbound peers that are not loopback by two seconds', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 1);
    const tx = child(coinbases[0]!);
    const remote = await FakePeer.join(net, node, { host: '203.0.113.7' });
    const loopback = await FakePeer.join(net, node);
    remote.send('inv', { entries: [wtx(tx)] });
    await net.advance(1000);
    expect(remote.received('getdata')).toEqual([]);
    loopback.send('inv', { entries: [wtx(tx)] });
    await loopback.waitFor('getdata', 1, 100);
    await net.advance(5000);
    expect(remote.received('getdata')).toEqual([]);
    const other = child(coinbases[0]!, { fee: 50_000n });
    remote.send('inv', { entries: [wtx(other)] });
    await net.advance(1900);
    expect(remote.received('getdata')).toEqual([]);
    await remote.waitFor('getdata', 1, 300);
  });

  it('delays requests by txid by two seconds while a wtxid-relay peer is connected', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 1);
    const [first, second] = [10_000n, 50_000n].map((fee) => child(coinbases[0]!, { fee }));
    const tx = ({ txid }: Transaction) => ({ type: InvType.TX, hash: txid });
    // Not on loopback, whose requests are never delayed: an inbound peer waits two seconds anyway.
    const old = await FakePeer.join(net, node, { host: '203.0.113.7', wtxidRelay: false });
    const modern = await FakePeer.join(net, node, { host: '203.0.113.8' });
    old.send('inv', { entries: [tx(first!)] });
    await net.advance(3900);
    expect(old.received('getdata')).toEqual([]);
    await old.waitFor('getdata', 1, 300);
    modern.connection.close();
    await net.advance(500);
    old.send('inv', { entries: [tx(second!)] });
    await old.waitFor('getdata', 2, 2_300);
  });

  it('requests from the next peer when a connection is closed', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 1);
    const tx = child(coinbases[0]!);
    const [a, b] = [await FakePeer.join(net, node), await FakePeer.join(net, node)];
    a.send('inv', { entries: [wtx(tx)] });
    await a.waitFor('getdata');
    b.send('inv', { entries: [wtx(tx)] });
    await net.advance(100);
    expect(b.received('getdata')).toEqual([]);
    a.connection.close();
    await b.waitFor('getdata', 1, 200);
  });

  it('has at most 100 requests in flight to a peer, and tracks 5,000 of its announcements', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    await mine(net, node, 1);
    const peer = await FakePeer.join(net, node);
    const entries = Array.from({ length: 6000 }, (_, i) => {
      const hash = new Uint8Array(32);
      new DataView(hash.buffer).setUint32(0, i + 1);
      return { type: InvType.WTX, hash };
    });
    peer.send('inv', { entries });
    await net.advance(1000);
    const requested = () => peer.received('getdata').flatMap(({ entries }) => [...entries]);
    expect(requested()).toHaveLength(100);
    // Answers every request by notfound until all tracked announcements were requested.
    for (let i = 0; i < 60; i++) {
      peer.send('notfound', { entries: requested().slice(-100) });
      await net.advance(20);
    }
    expect(requested()).toHaveLength(5000);
    expect(new Set(requested().map(({ hash }) => toHex(hash))).size).toBe(5000);
  });

  it('does not request a rejected transaction again until the next block', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 1);
    // Its output exceeds its input by one satoshi.
    const bad = child(coinbases[0]!, { fee: -1n });
    const peer = await FakePeer.join(net, node);
    peer.send('tx', bad);
    await net.advance(100);
    expect(node.mempool.size).toBe(0);
    // As in Core since version 30, an invalid transaction is not penalized.
    expect(peer.closed).toBe(false);
    peer.send('inv', { entries: [wtx(bad)] });
    await net.advance(500);
    expect(peer.received('getdata')).toEqual([]);
    await mine(net, node, 1);
    peer.send('inv', { entries: [wtx(bad)] });
    await peer.waitFor('getdata', 1, 500);
  });

  it('disconnects peers that send or announce transactions to a blocksOnly node', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 1, { blocksOnly: true });
    const tx = child(coinbases[0]!);
    const [a, b] = [await FakePeer.join(net, node), await FakePeer.join(net, node)];
    expect(a.received('version')[0]!.relay).toBe(false);
    a.send('inv', { entries: [wtx(tx)] });
    b.send('tx', tx);
    await net.until(() => a.closed && b.closed, 500);
  });

  it('processes a transaction after the blocks that the same peer sent before', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 1);
    const other = await net.start();
    const funding = child(coinbases[0]!);
    const blocks = [];
    for (let height = 1; height <= node.chain.tip.height; height++)
      blocks.push(node.chain.getBlock(node.chain.atHeight(height)!)!);
    for (const block of blocks) await other.chain.acceptBlock(block);
    const [block] = await mine(net, node, 1, { transactions: [funding], fees: 10_000n });
    const peer = await FakePeer.join(net, other);
    peer.send('block', block!);
    peer.send('tx', child(funding));
    await net.until(() => other.mempool.size === 1, 500);
    expect(peer.received('getdata')).toEqual([]);
  });
});

describe('with a month-old tip', () => {
  it('transactions are relayed nevertheless, since miners of a local network may wait for them', async () => {
    const net = new TestNetwork();
    const longAgo = START_MS / 1000 - 30 * 24 * 3600;
    const node = await net.start();
    const outputs = [{ value: 50_0000_0000n, scriptPubKey: ANYONE_CAN_SPEND }];
    const [block] = await mine(net, node, 1, { coinbaseOutputs: outputs, time: longAgo });
    for (let i = 1; i <= 100; i++) await mine(net, node, 1, { time: longAgo + i });
    const miner = await net.start({ seeds: [node] });
    await net.untilSynced(node.chain.tip.hash);
    expect(miner.chain.isInitialBlockDownload && node.chain.isInitialBlockDownload).toBe(true);
    submit(node, child(block!.transactions[0]!));
    await net.until(() => miner.mempool.size === 1, 2000);
  });

  it('a peer that announces a better chain and does not send it delays relay by at most a minute', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 1);
    const other = await net.start();
    for (let height = 1; height <= node.chain.tip.height; height++) {
      await other.chain.acceptBlock(node.chain.getBlock(node.chain.atHeight(height)!)!);
    }
    const liar = await FakePeer.join(net, other);
    const unseen = mineBlock(node.chain.tip, { tag: 5 });
    liar.send('headers', { headers: [unseen.header] });
    await liar.waitFor('getdata');
    other.connections.addNode(node.endpoint);
    await net.advance(1000);
    submit(node, child(coinbases[0]!));
    await net.until(() => other.mempool.size === 1, MINUTE + 5000, 100);
    expect(liar.closed).toBe(false);
  });
});

describe('orphans', () => {
  it('are kept, their parents requested by txid from the same peer, and then accepted in order', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 1);
    const parent = child(coinbases[0]!);
    const middle = child(parent);
    const last = child(middle);
    const peer = await FakePeer.join(net, node);
    peer.send('tx', last);
    expect(formatted((await peer.waitFor('getdata')).entries)).toEqual(
      formatted([{ type: InvType.WITNESS_TX, hash: middle.txid }]),
    );
    peer.send('tx', middle);
    const request = await peer.waitFor('getdata', 2);
    expect(formatted(request.entries)).toEqual(formatted([{ type: InvType.WITNESS_TX, hash: parent.txid }]));
    expect(node.mempool.size).toBe(0);
    peer.send('tx', parent);
    await net.until(() => node.mempool.size === 3, 500);
  });

  it('are accepted when a block confirms their parent', async () => {
    const net = new TestNetwork();
    const { node, coinbases } = await nodeWithCoins(net, 1);
    const parent = child(coinbases[0]!);
    const peer = await FakePeer.join(net, node);
    peer.send('tx', child(parent));
    await peer.waitFor('getdata');
    await mine(net, node, 1, { transactions: [parent], fees: 10_000n });
    expect(node.mempool.size).toBe(1);
  });

  it('of a rejected parent are rejected', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const [block] = await mine(net, node, 1);
    await mine(net, node, 100);
    // Without a witness its txid equals its wtxid, so the child's prevout matches the remembered reject.
    const outputs = [{ value: 51_0000_0000n, scriptPubKey: ANYONE_CAN_SPEND }];
    const parent = spend({ inputs: [outpoint(block!.transactions[0]!)], outputs });
    const peer = await FakePeer.join(net, node);
    peer.send('tx', parent);
    await net.advance(50);
    const orphan = child(parent);
    peer.send('tx', orphan);
    await net.advance(200);
    expect(peer.received('getdata')).toEqual([]);
    peer.send('inv', { entries: [wtx(orphan)] });
    await net.advance(200);
    expect(peer.received('getdata')).toEqual([]);
  });
});
