import { binaryKey, fromBinaryKey } from '../../bytes/compare.ts';
import { type Random, randomInt } from '../../platform/random.ts';
import type { Peer } from '../peer/peer.ts';
import { type InvEntry, InvType } from '../wire/messages/inventory.ts';

/** Milliseconds a peer may take to answer a request before it is sent to another peer (Core: GETDATA_TX_INTERVAL). */
const TX_REQUEST_TIMEOUT_MS = 60_000;
/** Announcements tracked per peer (Core: MAX_PEER_TX_ANNOUNCEMENTS). */
const MAX_PEER_TX_ANNOUNCEMENTS = 5_000;
/** Requests in flight per peer (Core: MAX_PEER_TX_REQUEST_IN_FLIGHT). */
const MAX_PEER_REQUESTS = 100;
/** Milliseconds to whose multiples delays are rounded up, so that few distinct times occur. */
const DELAY_STEP_MS = 100;
/** Number of random priorities of an announcement. */
const PRIORITIES = 2 ** 16;

/** A peer's announcement of one transaction (Core: Announcement). */
interface Announcement {
  readonly from: PeerAnnouncements;
  readonly tx: TrackedTx;
  /** The `InvType` of the id. */
  readonly type: number;
  /** Monotonic milliseconds before which the transaction is not requested from this peer (Core: reqtime). */
  readonly readyAt: number;
  /** The announcement with the lowest priority number is requested first (Core: PriorityComputer). */
  readonly priority: number;
}

/** One transaction, by its txid or wtxid. */
interface TrackedTx {
  readonly key: string;
  /** Announcements not requested yet (Core: CANDIDATE_*). */
  readonly candidates: Announcement[];
  /** The announcement whose request is in flight (Core: REQUESTED). */
  requested: Announcement | undefined;
  /** Monotonic milliseconds. */
  requestedAt: number;
}

/** The announcements of one peer. */
interface PeerAnnouncements {
  readonly peer: Peer;
  /** By key of the transaction. */
  readonly announcements: Map<string, Announcement>;
  /** Requests in flight. */
  requests: number;
  /** Announcements that wait for a request of this peer to complete. */
  readonly held: Set<Announcement>;
}

/**
 * Decides which announced transactions to request from which peer, and when (Core: TxRequestTracker). Each transaction
 * is requested from one peer at a time, outbound peers first, and from the next peer if there is no response. Among
 * equal peers the choice is random, since an attacker that wants to withhold a transaction can easily be the first to
 * announce it. Keys are txids or wtxids, as `binaryKey`.
 *
 * Announcements are free for peers. Candidates are therefore indexed by what they wait for; no operation is linear in
 * the number of all announcements.
 */
export class TxRequestTracker {
  readonly #txs = new Map<string, TrackedTx>();
  readonly #peers = new Map<Peer, PeerAnnouncements>();
  /** Transactions with a request in flight, oldest first. */
  readonly #inFlight = new Set<TrackedTx>();
  /** Transactions that may be requestable at the next `due`. */
  readonly #updated = new Set<TrackedTx>();
  /** Announcements that are not ready yet, by `readyAt`. */
  readonly #delayed = new Map<number, Set<Announcement>>();
  /** Peers with held announcements of which a request has completed. */
  readonly #unblocked = new Set<PeerAnnouncements>();

  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Adds a peer's announcement, not to be requested before `delayMs` milliseconds have passed (Core: ReceivedInv). */
  announced(peer: Peer, entry: InvEntry, now: number, delayMs: number): void {
    const from = this.#announcementsOf(peer);
    const key = binaryKey(entry.hash);
    if (from.announcements.has(key) || from.announcements.size >= MAX_PEER_TX_ANNOUNCEMENTS) return;
    let tx = this.#txs.get(key);
    if (!tx) {
      tx = { key, candidates: [], requested: undefined, requestedAt: 0 };
      this.#txs.set(key, tx);
    }
    const readyAt = delayMs === 0 ? now : Math.ceil((now + delayMs) / DELAY_STEP_MS) * DELAY_STEP_MS;
    const priority = randomInt(this.#random, PRIORITIES) + (peer.inbound ? PRIORITIES : 0);
    const announcement = { from, tx, type: entry.type, readyAt, priority };
    from.announcements.set(key, announcement);
    tx.candidates.push(announcement);
    if (delayMs === 0) this.#updated.add(tx);
    else this.#delay(announcement);
  }

  /** Returns what to request now, by peer, and marks it as requested (Core: GetRequestable, RequestedTx). */
  due(now: number): Map<Peer, InvEntry[]> {
    this.#expire(now);
    for (const [readyAt, announcements] of this.#delayed) {
      if (readyAt > now) continue;
      for (const { tx } of announcements) this.#updated.add(tx);
      this.#delayed.delete(readyAt);
    }
    const requests = new Map<Peer, InvEntry[]>();
    for (const tx of this.#updated) this.#request(tx, now, requests);
    this.#updated.clear();
    for (const from of this.#unblocked) {
      for (const announcement of from.held) {
        if (!hasRoom(from)) break;
        from.held.delete(announcement);
        this.#request(announcement.tx, now, requests);
      }
    }
    this.#unblocked.clear();
    return requests;
  }

  /** Returns the monotonic milliseconds at which `due`, just called, may have more requests; undefined if never. */
  nextDue(): number | undefined {
    const [oldest] = this.#inFlight;
    const times = [...this.#delayed.keys()];
    if (oldest) times.push(oldest.requestedAt + TX_REQUEST_TIMEOUT_MS);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Drops all announcements of a transaction, accepted or rejected (Core: ForgetTxHash). */
  forget(hash: Uint8Array): void {
    const tx = this.#txs.get(binaryKey(hash));
    if (!tx) return;
    if (tx.requested) this.#drop(tx.requested);
    for (const announcement of [...tx.candidates]) this.#drop(announcement);
  }

  /** Records a peer's response, `tx` or `notfound`; the transaction may now be requested from another peer. */
  receivedResponse(peer: Peer, hash: Uint8Array): void {
    const announcement = this.#peers.get(peer)?.announcements.get(binaryKey(hash));
    if (announcement) this.#drop(announcement);
  }

  peerClosed(peer: Peer): void {
    const from = this.#peers.get(peer);
    if (!from) return;
    for (const announcement of from.announcements.values()) this.#drop(announcement);
    this.#unblocked.delete(from);
    this.#peers.delete(peer);
  }

  #announcementsOf(peer: Peer): PeerAnnouncements {
    let from = this.#peers.get(peer);
    if (!from) {
      from = { peer, announcements: new Map(), requests: 0, held: new Set() };
      this.#peers.set(peer, from);
    }
    return from;
  }

  #delay(announcement: Announcement): void {
    const others = this.#delayed.get(announcement.readyAt);
    if (others) others.add(announcement);
    else this.#delayed.set(announcement.readyAt, new Set([announcement]));
  }

  /** Selects a peer to request a transaction from. If all its peers are at their limit, holds it at each of them. */
  #request(tx: TrackedTx, now: number, requests: Map<Peer, InvEntry[]>): void {
    if (tx.requested) return;
    const ready = tx.candidates.filter(({ readyAt }) => readyAt <= now);
    const requestable = ready.filter(({ from }) => hasRoom(from));
    if (requestable.length === 0) {
      for (const announcement of ready) announcement.from.held.add(announcement);
      return;
    }
    const best = requestable.reduce((a, b) => (b.priority < a.priority ? b : a));
    const { from, type } = best;
    tx.candidates.splice(tx.candidates.indexOf(best), 1);
    tx.requested = best;
    tx.requestedAt = now;
    from.held.delete(best);
    from.requests++;
    this.#inFlight.add(tx);
    const entry = { type, hash: fromBinaryKey(tx.key) };
    const entries = requests.get(from.peer);
    if (entries) entries.push(entry);
    else requests.set(from.peer, [entry]);
  }

  #expire(now: number): void {
    for (const { requested, requestedAt } of this.#inFlight) {
      if (now - requestedAt < TX_REQUEST_TIMEOUT_MS) break;
      this.#drop(requested!);
    }
  }

  /** Removes an announcement, whether its request is in flight or not. */
  #drop(announcement: Announcement): void {
    const { from, tx, readyAt } = announcement;
    from.announcements.delete(tx.key);
    if (tx.requested === announcement) {
      tx.requested = undefined;
      this.#inFlight.delete(tx);
      from.requests--;
      if (from.held.size > 0) this.#unblocked.add(from);
    } else {
      tx.candidates.splice(tx.candidates.indexOf(announcement), 1);
      from.held.delete(announcement);
      const delayed = this.#delayed.get(readyAt);
      if (delayed?.delete(announcement) && delayed.size === 0) this.#delayed.delete(readyAt);
    }
    if (tx.requested) return;
    if (tx.candidates.length > 0) {
      this.#updated.add(tx);
    } else {
      this.#txs.delete(tx.key);
      this.#updated.delete(tx);
    }
  }
}

function hasRoom({ requests }: PeerAnnouncements): boolean {
  return requests < MAX_PEER_REQUESTS;
}

/** Returns the `getdata` entry for a transaction known by its txid only, such as an orphan's parent. */
export function requestByTxid(txid: Uint8Array): InvEntry {
  return { type: InvType.WITNESS_TX, hash: txid };
}
