import { binaryKey } from '../../bytes/compare.ts';
import type { Peer } from '../../p2p/peer/peer.ts';
import { RollingSet } from '../../p2p/peer/rolling-set.ts';
import { type InvEntry, InvType, namesTx } from '../../p2p/wire/messages/inventory.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { TransactionWatcher } from '../watcher.ts';

/** Transactions that a peer is asked for at a time; what it announces beyond that is passed over. */
const MAX_REQUESTS = 100;
/** Milliseconds after which a request counts no more. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Transactions that are remembered to have come. */
const KNOWN = 10_000;

/**
 * Fetches the transactions that peers announce to who has loaded a filter: those that match it and wait for a block. Each
 * peer that announces one is asked, so that none can keep it from us by its silence.
 */
export class PendingTransactions {
  readonly #clock: Clock;
  readonly #watcher: TransactionWatcher;
  /** By peer and id, when it was asked for, by the monotonic clock. */
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

  notFound(peer: Peer, entries: readonly InvEntry[]): void {
    for (const { hash } of entries) this.#requests.get(peer)?.delete(binaryKey(hash));
  }

  /** Takes a transaction that was asked for; ignores any other. */
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
