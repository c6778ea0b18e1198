import { equalBytes } from '../bytes/compare.ts';
import type { Peer } from '../p2p/peer/peer.ts';
import { type InvEntry, InvType, namesTx } from '../p2p/wire/messages/inventory.ts';
import type { Transaction } from '../primitives/transaction.ts';

/** Announces the node's own transactions to every peer until a block contains them. */
export class TxBroadcast {
  readonly #peers = new Set<Peer>();
  /** By txid. */
  readonly #announced = new Map<string, Transaction>();

  peerReady(peer: Peer): void {
    this.#peers.add(peer);
    const entries = [...this.#announced.values()].map((tx) => entryFor(peer, tx));
    if (entries.length > 0) peer.send('inv', { entries });
  }

  peerClosed(peer: Peer): void {
    this.#peers.delete(peer);
  }

  /** Announces a transaction to all peers, and to every peer that connects later. */
  announce(tx: Transaction): void {
    this.#announced.set(tx.txidHex, tx);
    for (const peer of this.#peers) peer.send('inv', { entries: [entryFor(peer, tx)] });
  }

  /** Replaces the set of announced transactions. Drops those that are confirmed or conflicted. */
  replaceAll(transactions: readonly Transaction[]): void {
    const wanted = new Set(transactions.map(({ txidHex }) => txidHex));
    for (const txidHex of this.#announced.keys()) if (!wanted.has(txidHex)) this.#announced.delete(txidHex);
    for (const tx of transactions) if (!this.#announced.has(tx.txidHex)) this.announce(tx);
  }

  /** Number of announced transactions. */
  get size(): number {
    return this.#announced.size;
  }

  /** Answers `getdata`. Serves announced transactions only. */
  serve(peer: Peer, entries: readonly InvEntry[]): void {
    const missing: InvEntry[] = [];
    for (const entry of entries.filter(namesTx)) {
      const tx = this.#find(entry);
      if (tx) peer.send('tx', tx);
      else missing.push(entry);
    }
    if (missing.length > 0) peer.send('notfound', { entries: missing });
  }

  #find({ type, hash }: InvEntry): Transaction | undefined {
    for (const tx of this.#announced.values())
      if (equalBytes(type === InvType.WTX ? tx.wtxid : tx.txid, hash)) return tx;
    return undefined;
  }
}

function entryFor(peer: Peer, tx: Transaction): InvEntry {
  return peer.handshake.wtxidRelay ? { type: InvType.WTX, hash: tx.wtxid } : { type: InvType.TX, hash: tx.txid };
}
