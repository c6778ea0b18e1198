import { binaryKey } from '../../bytes/compare.ts';
import type { Peer } from '../../p2p/peer/peer.ts';
import { type InvEntry, InvType, namesTx } from '../../p2p/wire/messages/inventory.ts';
import type { Clock } from '../../platform/clock.ts';
import { RollingSet } from '../../platform/rolling-set.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { TransactionWatcher } from '../watcher.ts';

/** Transactions in flight per peer; further announcements are ignored. */
const MAX_REQUESTS = 100;
/** Milliseconds after which a request expires. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Received transactions to remember. */
const KNOWN = 10_000;

/**
 * Fetches unconfirmed transactions that match our Bloom filter, as peers announce them. A transaction is requested from
 * every peer that announces it, so that no single peer can withhold it.
 */
export class PendingTransactions {
  readonly #clock: Clock;
  readonly #watcher: TransactionWatcher;
  /** Monotonic milliseconds of each request, by peer and by txid or wtxid. */
  readonly #requests = new Map<Peer, Map<string, number>>();
  readonly #known = new RollingSet(KNOWN);

  constructor(clock: Clock, watcher: TransactionWatcher) {
    this.#clock = clock;
    this.#watcher = watcher;
  }

  peerClosed(peer: Peer): void {
    this.#requests.delete(peer);
  }

  tick(): void {
    const now = this.#clock.monotonic();
    for (const requests of this.#requests.values()) {
      for (const [key, at] of requests) if (now - at > REQUEST_TIMEOUT_MS) requests.delete(key);
    }
  }

  /** Handles an `inv` message: requests transactions that are not known. */
  announced(peer: Peer, announced: readonly InvEntry[]): void {
    const requests = this.#requests.get(peer) ?? new Map<string, number>();
    this.#requests.set(peer, requests);
    const entries: InvEntry[] = [];
    for (const { type, hash } of announced.filter(namesTx)) {
      const key = binaryKey(hash);
      if (requests.size >= MAX_REQUESTS) break;
      if (requests.has(key) || this.#known.has(key)) continue;
      requests.set(key, this.#clock.monotonic());
      entries.push({ type: type === InvType.WTX ? InvType.WTX : InvType.WITNESS_TX, hash });
    }
    if (entries.length > 0) peer.send('getdata', { entries });
  }

  /** Handles a `notfound` message. */
  notFound(peer: Peer, entries: readonly InvEntry[]): void {
    for (const { hash } of entries) this.#requests.get(peer)?.delete(binaryKey(hash));
  }

  /** Handles a `tx` message; ignores unrequested transactions. */
  received(peer: Peer, transaction: Transaction): void {
    const requests = this.#requests.get(peer);
    const keys = [binaryKey(transaction.wtxid), binaryKey(transaction.txid)];
    const key = keys.find((each) => requests?.has(each));
    if (!requests || key === undefined) return;
    requests.delete(key);
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#watcher.announced(transaction);
  }
}
