import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import type { Peer } from '../../src/p2p/peer/peer.ts';
import { type InvEntry, InvType } from '../../src/p2p/wire/messages/inventory.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { PendingTransactions } from '../../src/spv/bloom/pending-transactions.ts';
import { TxBroadcast } from '../../src/spv/tx-broadcast.ts';
import type { TransactionWatcher } from '../../src/spv/watcher.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { OP_TRUE, spend } from '../chain/support/builder.ts';

/** A peer that records what it is sent: the command and the hashes or the txid. */
class Recorder {
  readonly handshake: { wtxidRelay: boolean };
  readonly sent: string[] = [];

  constructor(wtxidRelay = true) {
    this.handshake = { wtxidRelay };
  }

  send(command: string, message: { entries: readonly InvEntry[] } | Transaction): void {
    const names =
      'entries' in message ? message.entries.map(({ type, hash }) => `${type} ${toHex(hash)}`) : [message.txidHex];
    this.sent.push([command, ...names].join(' '));
  }

  /** Returns what was sent since the last call. */
  take(): string[] {
    return this.sent.splice(0);
  }
}

const asPeer = (recorder: Recorder) => recorder as unknown as Peer;

function transaction(seed: number): Transaction {
  const prevout = { txid: new Uint8Array(32).fill(seed), vout: 0 };
  return spend({ inputs: [prevout], outputs: [{ value: 1n, scriptPubKey: OP_TRUE }], witness: [Uint8Array.of(seed)] });
}

describe('the broadcast of own transactions', () => {
  it('announces to all peers, in their way, and to those that connect later', () => {
    const broadcast = new TxBroadcast();
    const [modern, old, late, gone] = [new Recorder(), new Recorder(false), new Recorder(), new Recorder()];
    const tx = transaction(1);
    for (const peer of [modern, old, gone]) broadcast.peerReady(asPeer(peer));
    broadcast.peerClosed(asPeer(gone));
    broadcast.announce(tx);
    broadcast.peerReady(asPeer(late));
    expect(modern.take()).toEqual([`inv ${InvType.WTX} ${toHex(tx.wtxid)}`]);
    expect(old.take()).toEqual([`inv ${InvType.TX} ${toHex(tx.txid)}`]);
    expect(late.take()).toEqual([`inv ${InvType.WTX} ${toHex(tx.wtxid)}`]);
    expect(gone.take()).toEqual([]);
  });

  it('ends for a transaction that is confirmed, and announces none twice', () => {
    const broadcast = new TxBroadcast();
    const [peer, late] = [new Recorder(), new Recorder()];
    const [first, second, third] = [transaction(1), transaction(2), transaction(3)];
    broadcast.peerReady(asPeer(peer));
    broadcast.replaceAll([first, second]);
    expect([peer.take().length, broadcast.size]).toEqual([2, 2]);
    broadcast.replaceAll([second, third]);
    expect(peer.take()).toEqual([`inv ${InvType.WTX} ${toHex(third.wtxid)}`]);
    expect(broadcast.size).toBe(2);
    broadcast.peerReady(asPeer(late));
    expect(late.take()).toEqual([`inv ${InvType.WTX} ${toHex(second.wtxid)} ${InvType.WTX} ${toHex(third.wtxid)}`]);
    broadcast.serve(asPeer(peer), [
      { type: InvType.WTX, hash: first.wtxid },
      { type: InvType.WTX, hash: second.wtxid },
      { type: InvType.WITNESS_TX, hash: third.txid },
      { type: InvType.BLOCK, hash: first.txid },
    ]);
    expect(peer.take()).toEqual([
      `tx ${second.txidHex}`,
      `tx ${third.txidHex}`,
      `notfound ${InvType.WTX} ${toHex(first.wtxid)}`,
    ]);
    broadcast.replaceAll([]);
    expect(broadcast.size).toBe(0);
  });
});

describe('the requests of pending transactions', () => {
  function setUp() {
    const clock = new VirtualClock();
    const announced: string[] = [];
    const watcher = { announced: (tx: Transaction) => announced.push(tx.txidHex) } as unknown as TransactionWatcher;
    const pending = new PendingTransactions(clock, watcher);
    const offer = (peer: Recorder, ...txs: readonly Transaction[]) =>
      pending.announced(
        asPeer(peer),
        txs.map(({ wtxid }) => ({ type: InvType.WTX, hash: wtxid })),
      );
    return { clock, announced, pending, offer };
  }

  it('are forgotten after a minute, so that an answer is ignored and the next announcement is requested', () => {
    const { clock, announced, pending, offer } = setUp();
    const peer = new Recorder();
    const tx = transaction(1);
    offer(peer, tx);
    offer(peer, tx);
    expect(peer.take()).toEqual([`getdata ${InvType.WTX} ${toHex(tx.wtxid)}`]);
    clock.advance(60_000);
    pending.tick();
    offer(peer, tx);
    expect(peer.take()).toEqual([]);
    clock.advance(1);
    pending.tick();
    pending.received(asPeer(peer), tx);
    expect(announced).toEqual([]);
    offer(peer, tx);
    expect(peer.take()).toHaveLength(1);
    pending.received(asPeer(peer), tx);
    expect(announced).toEqual([tx.txidHex]);
    offer(peer, tx);
    expect(peer.take()).toEqual([]);
  });

  it('are at most a hundred of each peer, and make room when they time out or are not found', () => {
    const { clock, announced, pending, offer } = setUp();
    const [peer, other] = [new Recorder(), new Recorder()];
    const txs = Array.from({ length: 102 }, (_, i) => transaction(i));
    offer(peer, ...txs);
    expect(peer.take()[0]!.split(' ')).toHaveLength(1 + 2 * 100);
    offer(peer, txs[100]!);
    expect(peer.take()).toEqual([]);
    pending.notFound(asPeer(peer), [{ type: InvType.WTX, hash: txs[0]!.wtxid }]);
    offer(peer, txs[100]!, txs[101]!);
    expect(peer.take()).toEqual([`getdata ${InvType.WTX} ${toHex(txs[100]!.wtxid)}`]);
    // Each peer that announces a transaction is asked, so that none can withhold it.
    offer(other, txs[5]!);
    expect(other.take()).toHaveLength(1);
    pending.received(asPeer(other), txs[5]!);
    pending.received(asPeer(peer), txs[5]!);
    expect(announced).toEqual([txs[5]!.txidHex]);
    clock.advance(60_001);
    pending.tick();
    offer(peer, ...txs);
    expect(peer.take()[0]!.split(' ')).toHaveLength(1 + 2 * 100);
    pending.peerClosed(asPeer(peer));
    pending.received(asPeer(peer), txs[7]!);
    expect(announced).toHaveLength(1);
  });
});
