import { equalBytes } from '../bytes/compare.ts';
import { type InvEntry, InvType, namesTx } from '../p2p/messages/inventory.ts';
import type { Peer } from '../p2p/peer.ts';
import type { Transaction } from '../primitives/transaction.ts';

interface Offer {
  readonly tx: Transaction;
  readonly fetchedBy: Set<Peer>;
}

/** Offers our own transactions to every peer until a block holds them. */
export class TxBroadcast {
  readonly #peers = new Set<Peer>();
  readonly #offers = new Map<string, Offer>();

  peerReady(peer: Peer): void {
    this.#peers.add(peer);
    const entries = [...this.#offers.values()].map(({ tx }) => entryFor(peer, tx));
    if (entries.length > 0) peer.send('inv', { entries });
  }

  peerClosed(peer: Peer): void {
    this.#peers.delete(peer);
  }

  /** Offers a transaction to all peers, now and whenever one comes; returns how many are there. */
  offer(tx: Transaction): number {
    this.#offers.set(tx.txidHex, { tx, fetchedBy: new Set() });
    for (const peer of this.#peers) peer.send('inv', { entries: [entryFor(peer, tx)] });
    return this.#peers.size;
  }

  /** Offers these, and no others any more: those a block holds, or never will. */
  offerOnly(transactions: readonly Transaction[]): void {
    const wanted = new Set(transactions.map(({ txidHex }) => txidHex));
    for (const txidHex of this.#offers.keys()) if (!wanted.has(txidHex)) this.#offers.delete(txidHex);
    for (const tx of transactions) if (!this.#offers.has(tx.txidHex)) this.offer(tx);
  }

  /** How many are offered. */
  get size(): number {
    return this.#offers.size;
  }

  /** How many peers have fetched the transaction; undefined if it is not offered. */
  fetches(txidHex: string): number | undefined {
    return this.#offers.get(txidHex)?.fetchedBy.size;
  }

  /** Answers `getdata`: there is nothing here but what was offered. */
  serve(peer: Peer, entries: readonly InvEntry[]): void {
    const missing: InvEntry[] = [];
    for (const entry of entries.filter(namesTx)) {
      const offer = this.#find(entry);
      if (offer) {
        peer.send('tx', offer.tx);
        offer.fetchedBy.add(peer);
      } else {
        missing.push(entry);
      }
    }
    if (missing.length > 0) peer.send('notfound', { entries: missing });
  }

  #find({ type, hash }: InvEntry): Offer | undefined {
    for (const offer of this.#offers.values()) {
      if (equalBytes(type === InvType.WTX ? offer.tx.wtxid : offer.tx.txid, hash)) return offer;
    }
    return undefined;
  }
}

function entryFor(peer: Peer, tx: Transaction): InvEntry {
  return peer.handshake.wtxidRelay ? { type: InvType.WTX, hash: tx.wtxid } : { type: InvType.TX, hash: tx.txid };
}
