import { describe, expect, it } from 'vitest';
import type { Mempool } from '../../../src/mempool/mempool.ts';
import type { ExtraTransactions } from '../../../src/p2p/blocks/compact/extra-transactions.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import { TxDownload } from '../../../src/p2p/transactions/tx-download.ts';
import { type InvEntry, InvType } from '../../../src/p2p/wire/messages/inventory.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import type { Block } from '../../../src/primitives/block.ts';
import type { Transaction } from '../../../src/primitives/transaction.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { spend } from '../../chain/support/builder.ts';
import { flush } from '../support/network.ts';

const START = 1_700_000_000_000;
const SECOND = 1_000;

type Verdict = 'accepted' | 'missing-inputs' | 'inputs-not-standard' | 'witness-stripped' | 'consensus';

/** Returns transaction number `n`, which spends an output of `parent`; a witness makes its wtxid another id. */
function make(n: number, parent?: Transaction): Transaction {
  const txid = parent?.txid ?? new Uint8Array(32).fill(n);
  const outputs = [{ value: BigInt(n), scriptPubKey: new Uint8Array(1) }];
  return spend({ inputs: [{ txid, vout: 0 }], outputs, witness: [Uint8Array.of(n)] });
}

/** A download into a mempool that accepts or rejects as the test says. */
function start() {
  const clock = new VirtualClock(START);
  const state = { verdict: 'accepted' as Verdict | Promise<Verdict> };
  const inMempool = new Map<string, Transaction>();
  const tried: string[] = [];
  const extra: string[] = [];
  const hex = (hash: Uint8Array) => Buffer.from(hash).toString('hex');
  const resultOf = (tx: Transaction, verdict: Verdict) => {
    if (verdict !== 'accepted') return { reject: { kind: verdict, reason: 'test' } };
    for (const id of [tx.txid, tx.wtxid]) inMempool.set(hex(id), tx);
    return { entry: { tx } };
  };
  const mempool = {
    has: (txid: Uint8Array) => inMempool.has(hex(txid)),
    getByWtxid: (wtxid: Uint8Array) => inMempool.get(hex(wtxid)),
    acceptAsync: (tx: Transaction) => {
      tried.push(tx.wtxidHex);
      const { verdict } = state;
      return typeof verdict === 'string' ? resultOf(tx, verdict) : verdict.then((later) => resultOf(tx, later));
    },
  } as unknown as Mempool;
  const download = new TxDownload({
    ...{ mempool, clock, random: new SeededRandom(1), logger: silentLogger },
    extra: { add: (tx: Transaction) => extra.push(tx.wtxidHex) } as unknown as ExtraTransactions,
  });
  let nextId = 0;
  const connect = (fields: { inbound?: boolean; host?: string; wtxidRelay?: boolean } = {}) => {
    const { inbound = false, host = '127.0.0.1', wtxidRelay = true } = fields;
    const requests: InvEntry[][] = [];
    const send = (_: string, { entries }: { entries: InvEntry[] }) => requests.push(entries);
    const peer = {
      ...{ id: nextId++, inbound, remote: { host, port: 1 }, handshake: { wtxidRelay }, isClosed: false, send },
    } as unknown as Peer;
    download.peerReady(peer);
    return { peer, requests };
  };
  const announce = ({ peer }: { peer: Peer }, ...transactions: readonly Transaction[]) => {
    const isWtxid = peer.handshake.wtxidRelay;
    const entries = transactions.map((tx) => ({
      ...{ type: isWtxid ? InvType.WTX : InvType.TX, hash: isWtxid ? tx.wtxid : tx.txid },
    }));
    download.announced(peer, entries);
    clock.advance(0);
  };
  return { announce, clock, connect, download, extra, state, tried };
}

const requestCount = ({ requests }: { requests: InvEntry[][] }) => requests.flat().length;

describe('an announced transaction', () => {
  // Core: NONPREF_PEER_TX_DELAY and TXID_RELAY_DELAY, two seconds each.
  it.each([
    ['an outbound peer', { host: '20.0.0.1' }, 0],
    ['an inbound peer', { host: '20.0.0.1', inbound: true }, 2 * SECOND],
    ['an outbound peer, by txid', { host: '20.0.0.1', wtxidRelay: false }, 2 * SECOND],
    ['an inbound peer, by txid', { host: '20.0.0.1', inbound: true, wtxidRelay: false }, 4 * SECOND],
    ['an inbound peer of this machine, by txid', { inbound: true, wtxidRelay: false }, 0],
  ])('is requested from %s after its delay', (_, fields, delay) => {
    const { announce, clock, connect } = start();
    // Another peer relays by wtxid.
    connect();
    const peer = connect(fields);
    announce(peer, make(1));
    if (delay > 0) {
      clock.advance(delay - 1);
      expect(requestCount(peer)).toBe(0);
      clock.advance(1);
    }
    expect(requestCount(peer)).toBe(1);
  });

  it('by txid is requested at once if no peer relays by wtxid, with its witness', () => {
    const { announce, connect, download } = start();
    download.peerClosed(connect().peer);
    const peer = connect({ host: '20.0.0.1', wtxidRelay: false });
    announce(peer, make(1));
    expect(peer.requests).toEqual([[{ type: InvType.WITNESS_TX, hash: make(1).txid }]]);
  });

  it('by the other kind of id is ignored', () => {
    const { clock, connect, download } = start();
    const [modern, old] = [connect(), connect({ wtxidRelay: false })];
    download.announced(modern.peer, [{ type: InvType.TX, hash: make(1).txid }]);
    download.announced(old.peer, [{ type: InvType.WTX, hash: make(1).wtxid }]);
    clock.advance(60 * SECOND);
    expect([requestCount(modern), requestCount(old)]).toEqual([0, 0]);
  });

  it.each<[string, (scene: ReturnType<typeof start>, tx: Transaction, sender: Peer) => void, boolean]>([
    ['new', () => {}, true],
    ['accepted', ({ download }, tx, sender) => void download.received(sender, tx), false],
    [
      'rejected',
      ({ download, state }, tx, sender) => {
        state.verdict = 'consensus';
        void download.received(sender, tx);
      },
      false,
    ],
    [
      'rejected, on an earlier tip',
      ({ download, state }, tx, sender) => {
        state.verdict = 'consensus';
        void download.received(sender, tx);
        download.tipChanged();
      },
      true,
    ],
    [
      'rejected without its witness',
      ({ download, state }, tx, sender) => {
        state.verdict = 'witness-stripped';
        void download.received(sender, tx);
      },
      true,
    ],
    [
      'an orphan',
      ({ download, state }, tx, sender) => {
        state.verdict = 'missing-inputs';
        void download.received(sender, tx);
      },
      false,
    ],
    ['confirmed', ({ download }, tx) => download.blockConnected({ transactions: [tx] } as unknown as Block), false],
    [
      'confirmed in a block that is disconnected',
      ({ download }, tx) => {
        download.blockConnected({ transactions: [tx] } as unknown as Block);
        download.blockDisconnected();
      },
      true,
    ],
  ])('that is %s is requested or not', (_, prepare, isRequested) => {
    const scene = start();
    const sender = scene.connect();
    const tx = make(1);
    prepare(scene, tx, sender.peer);
    const peer = scene.connect();
    scene.announce(peer, tx);
    const own = peer.requests.flat().filter(({ hash }) => Buffer.compare(hash, tx.wtxid) === 0);
    expect(own).toHaveLength(isRequested ? 1 : 0);
  });

  it.each<[Verdict, boolean]>([
    ['consensus', true],
    ['inputs-not-standard', false],
  ])('by txid is requested after another form was rejected as %s: %s', (verdict, isRequested) => {
    const { announce, connect, download, state } = start();
    state.verdict = verdict;
    void download.received(connect().peer, make(1));
    const old = connect({ wtxidRelay: false });
    announce(old, make(1));
    expect(requestCount(old)).toBe(isRequested ? 1 : 0);
  });
});

describe('a received transaction', () => {
  it('counts for its sender with the time in seconds, if it is accepted', () => {
    const { clock, connect, download, state } = start();
    const { peer } = connect();
    clock.advance(7_500);
    state.verdict = 'consensus';
    void download.received(peer, make(1));
    expect(download.lastTxTime(peer)).toBe(0);
    state.verdict = 'accepted';
    void download.received(peer, make(2));
    expect(download.lastTxTime(peer)).toBe(START / 1000 + 7);
  });

  it.each<[Verdict, number]>([
    ['accepted', 0],
    ['consensus', 1],
    ['missing-inputs', 1],
    ['witness-stripped', 0],
  ])('that is %s is kept for compact blocks: %d', (verdict, count) => {
    const { connect, download, extra, state } = start();
    state.verdict = verdict;
    void download.received(connect().peer, make(1));
    expect(extra).toHaveLength(count);
  });

  it('ends the requests of other peers once it is accepted', () => {
    const { announce, clock, connect, download } = start();
    const [first, second] = [connect(), connect()];
    for (const peer of [first, second]) announce(peer, make(1));
    expect(requestCount(first) + requestCount(second)).toBe(1);
    void download.received(first.peer, make(1));
    clock.advance(120 * SECOND);
    expect(requestCount(first) + requestCount(second)).toBe(1);
  });

  it('is tried once', () => {
    const { connect, download, state, tried } = start();
    const { peer } = connect();
    for (const verdict of ['accepted', 'consensus', 'missing-inputs'] as const) {
      state.verdict = verdict;
      const tx = make(verdict.length);
      for (let i = 0; i < 3; i++) void download.received(peer, tx);
    }
    expect(tried).toHaveLength(3);
  });
});

describe('an orphan', () => {
  const parent = make(1);
  const child = make(2, parent);
  function withOrphan() {
    const scene = start();
    const sender = scene.connect();
    scene.state.verdict = 'missing-inputs';
    void scene.download.received(sender.peer, child);
    scene.clock.advance(0);
    scene.tried.length = 0;
    scene.state.verdict = 'accepted';
    return { ...scene, sender };
  }

  it('leads to a request for its parent by txid, also from another peer that has it', () => {
    const { announce, clock, connect, sender } = withOrphan();
    expect(sender.requests).toEqual([[{ type: InvType.WITNESS_TX, hash: parent.txid }]]);
    const other = connect();
    announce(other, child);
    clock.advance(60 * SECOND);
    expect(other.requests).toEqual([[{ type: InvType.WITNESS_TX, hash: parent.txid }]]);
  });

  it('is accepted with its parent', () => {
    const { download, sender, tried } = withOrphan();
    void download.received(sender.peer, parent);
    expect(tried).toEqual([parent.wtxidHex, child.wtxidHex]);
    void download.received(sender.peer, child);
    expect(tried).toHaveLength(2);
  });

  it('is accepted when its parent is confirmed, at the new tip', () => {
    const { download, tried } = withOrphan();
    download.blockConnected({ transactions: [parent] } as unknown as Block);
    expect(tried).toEqual([]);
    download.tipChanged();
    expect(tried).toEqual([child.wtxidHex]);
    download.tipChanged();
    expect(tried).toHaveLength(1);
  });

  it.each<[Verdict, boolean]>([
    ['consensus', false],
    ['missing-inputs', true],
  ])('that is %s after its parent is kept: %s', async (verdict, isKept) => {
    const { connect, download, sender, state, tried } = withOrphan();
    let settle = (_: Verdict) => {};
    void download.received(sender.peer, parent);
    expect(tried).toEqual([parent.wtxidHex, child.wtxidHex]);
    // The same with a child that is tried later.
    const late = make(3, parent);
    state.verdict = 'missing-inputs';
    void download.received(sender.peer, late);
    state.verdict = new Promise((resolve) => {
      settle = resolve;
    });
    download.blockConnected({ transactions: [parent] } as unknown as Block);
    download.tipChanged();
    settle(verdict);
    await flush();
    state.verdict = 'accepted';
    tried.length = 0;
    // An orphan that is kept, or rejected, is not tried again for itself, but with its parent.
    void download.received(connect().peer, late);
    expect(tried).toEqual([]);
    download.blockConnected({ transactions: [parent] } as unknown as Block);
    download.tipChanged();
    expect(tried).toEqual(isKept ? [late.wtxidHex] : []);
  });

  it('is dropped when a block spends its inputs', () => {
    const { download, sender, tried } = withOrphan();
    download.blockConnected({ transactions: [make(9, parent)] } as unknown as Block);
    void download.received(sender.peer, parent);
    expect(tried).toEqual([parent.wtxidHex]);
  });

  it('is dropped with its sender', () => {
    const { connect, download, sender, tried } = withOrphan();
    download.peerClosed(sender.peer);
    void download.received(connect().peer, parent);
    expect(tried).toEqual([parent.wtxidHex]);
  });

  it('of several unknown parents leads to a request for each, once', () => {
    const { clock, connect, download, state } = start();
    const { peer, requests } = connect();
    const parents = [make(1), make(2), make(3)];
    const inputs = [...parents, parents[0]!].map(({ txid }, vout) => ({ txid, vout }));
    state.verdict = 'missing-inputs';
    void download.received(peer, spend({ inputs, outputs: [] }));
    clock.advance(0);
    expect(requests.flat().map(({ hash }) => [...hash])).toEqual(parents.map(({ txid }) => [...txid]));
  });

  it('of a rejected parent is rejected', () => {
    const { connect, download, state, tried } = start();
    const { peer, requests } = connect();
    state.verdict = 'inputs-not-standard';
    void download.received(peer, parent);
    state.verdict = 'missing-inputs';
    void download.received(peer, child);
    expect(requests).toEqual([]);
    void download.received(peer, child);
    expect(tried).toHaveLength(2);
  });

  it('of a peer that has left meanwhile is not kept', async () => {
    const { connect, download, state, tried } = start();
    const [gone, other] = [connect(), connect()];
    let settle = (_: Verdict) => {};
    state.verdict = new Promise((resolve) => {
      settle = resolve;
    });
    void download.received(gone.peer, child);
    Object.assign(gone.peer, { isClosed: true });
    download.peerClosed(gone.peer);
    settle('missing-inputs');
    await flush();
    state.verdict = 'accepted';
    void download.received(other.peer, parent);
    expect(tried).toEqual([child.wtxidHex, parent.wtxidHex]);
  });
});

it('no request is sent after the end', () => {
  const { clock, connect, download } = start();
  const peer = connect();
  download.announced(peer.peer, [{ type: InvType.WTX, hash: make(1).wtxid }]);
  download.close();
  clock.advance(60 * SECOND);
  expect(peer.requests).toEqual([]);
});
