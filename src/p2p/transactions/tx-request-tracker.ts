import { binaryKey, fromBinaryKey } from '../../bytes/compare.ts';
import { type Random, randomInt } from '../../platform/random.ts';
import type { Peer } from '../peer/peer.ts';
import { type InvEntry, InvType } from '../wire/messages/inventory.ts';

/** Milliseconds for an answer, after which another peer is asked (Core: GETDATA_TX_INTERVAL). */
const TX_REQUEST_TIMEOUT_MS = 60_000;
/** Announcements of one peer that are remembered at a time (Core: MAX_PEER_TX_ANNOUNCEMENTS). */
const MAX_PEER_TX_ANNOUNCEMENTS = 5_000;
/** Requests to one peer at a time, beyond which its announcements wait (Core: MAX_PEER_TX_REQUEST_IN_FLIGHT). */
const MAX_PEER_REQUESTS = 100;
/** Delays end at multiples of this many milliseconds, so that those of seconds have few ends. */
const DELAY_STEP_MS = 100;
/** So many steps of chance are enough to tell peers apart. */
const RANKS = 2 ** 16;

/** A peer's announcement of one transaction. */
interface Announcement {
  readonly load: PeerAnnouncements;
  readonly wanted: TrackedTx;
  /** Of the id. */
  readonly type: number;
  /** By the monotonic clock, the time before which the peer is not asked. */
  readonly readyAt: number;
  /** Of those that may be asked, the one with the lowest is. */
  readonly rank: number;
}

/** One transaction, by one of its ids. */
interface TrackedTx {
  readonly key: string;
  /** Who announced it and has not been asked yet. */
  readonly candidates: Announcement[];
  /** Who has been asked and may still answer. */
  asked: Announcement | undefined;
  /** By the monotonic clock. */
  askedAt: number;
}

interface PeerAnnouncements {
  readonly peer: Peer;
  /** All that this peer has announced and that is still wanted, by key. */
  readonly announced: Map<string, Announcement>;
  requests: number;
  /** Those that would be asked for now, had the peer fewer requests. */
  readonly held: Set<Announcement>;
}

/**
 * Decides whom to ask for announced transactions, and when: one peer at a time for each, the next one when it does not
 * answer, those we called before those who called us, and of equals anyone: being the first to announce is easy for who
 * wants to hold a transaction back (Core: TxRequestTracker). Keys are ids, of either kind, as `binaryKey`.
 *
 * Peers may announce much at no cost, so nothing here goes through all of it: what waits does so where that for which it
 * waits will find it.
 */
export class TxRequestTracker {
  readonly #wanted = new Map<string, TrackedTx>();
  readonly #loads = new Map<Peer, PeerAnnouncements>();
  /** Those under way, oldest first. */
  readonly #underWay = new Set<TrackedTx>();
  /** Those for which somebody may have become free to be asked. */
  readonly #fresh = new Set<TrackedTx>();
  /** Candidates whose time has yet to come, by that time. */
  readonly #delayed = new Map<number, Set<Announcement>>();
  /** Who has had requests settled, while others are held. */
  readonly #relieved = new Set<PeerAnnouncements>();

  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Notes that `peer` has what `entry` names; it will not be asked before `delayMs` have passed. */
  announced(peer: Peer, entry: InvEntry, now: number, delayMs: number): void {
    const load = this.#loadOf(peer);
    const key = binaryKey(entry.hash);
    if (load.announced.has(key) || load.announced.size >= MAX_PEER_TX_ANNOUNCEMENTS) return;
    let wanted = this.#wanted.get(key);
    if (!wanted) {
      wanted = { key, candidates: [], asked: undefined, askedAt: 0 };
      this.#wanted.set(key, wanted);
    }
    const readyAt = delayMs === 0 ? now : Math.ceil((now + delayMs) / DELAY_STEP_MS) * DELAY_STEP_MS;
    const rank = randomInt(this.#random, RANKS) + (peer.inbound ? RANKS : 0);
    const candidate = { load, wanted, type: entry.type, readyAt, rank };
    load.announced.set(key, candidate);
    wanted.candidates.push(candidate);
    if (delayMs === 0) this.#fresh.add(wanted);
    else this.#delay(candidate);
  }

  /** What to ask for now, by peer; counts as asked. */
  due(now: number): Map<Peer, InvEntry[]> {
    this.#expire(now);
    for (const [readyAt, candidates] of this.#delayed) {
      if (readyAt > now) continue;
      for (const { wanted } of candidates) this.#fresh.add(wanted);
      this.#delayed.delete(readyAt);
    }
    const requests = new Map<Peer, InvEntry[]>();
    for (const wanted of this.#fresh) this.#ask(wanted, now, requests);
    this.#fresh.clear();
    for (const load of this.#relieved) {
      for (const candidate of load.held) {
        if (!hasRoom(load)) break;
        load.held.delete(candidate);
        this.#ask(candidate.wanted, now, requests);
      }
    }
    this.#relieved.clear();
    return requests;
  }

  /** When `due`, called a moment ago, may have something new, by the monotonic clock; undefined while nothing is wanted. */
  nextDue(): number | undefined {
    const [oldest] = this.#underWay;
    const times = [...this.#delayed.keys()];
    if (oldest) times.push(oldest.askedAt + TX_REQUEST_TIMEOUT_MS);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** The transaction of this id is settled, whatever came of it. */
  forget(hash: Uint8Array): void {
    const wanted = this.#wanted.get(binaryKey(hash));
    if (!wanted) return;
    if (wanted.asked) this.#drop(wanted.asked);
    for (const candidate of [...wanted.candidates]) this.#drop(candidate);
  }

  /** The peer answered, to no use: another one may be asked. */
  receivedResponse(peer: Peer, hash: Uint8Array): void {
    const candidate = this.#loads.get(peer)?.announced.get(binaryKey(hash));
    if (candidate) this.#drop(candidate);
  }

  peerClosed(peer: Peer): void {
    const load = this.#loads.get(peer);
    if (!load) return;
    for (const candidate of load.announced.values()) this.#drop(candidate);
    this.#relieved.delete(load);
    this.#loads.delete(peer);
  }

  #loadOf(peer: Peer): PeerAnnouncements {
    let load = this.#loads.get(peer);
    if (!load) {
      load = { peer, announced: new Map(), requests: 0, held: new Set() };
      this.#loads.set(peer, load);
    }
    return load;
  }

  #delay(candidate: Announcement): void {
    const others = this.#delayed.get(candidate.readyAt);
    if (others) others.add(candidate);
    else this.#delayed.set(candidate.readyAt, new Set([candidate]));
  }

  /** Chooses whom to ask for a transaction; where all who might be are busy, it waits with each of them. */
  #ask(wanted: TrackedTx, now: number, requests: Map<Peer, InvEntry[]>): void {
    if (wanted.asked) return;
    const ready = wanted.candidates.filter(({ readyAt }) => readyAt <= now);
    const free = ready.filter(({ load }) => hasRoom(load));
    if (free.length === 0) {
      for (const candidate of ready) candidate.load.held.add(candidate);
      return;
    }
    const chosen = free.reduce((best, candidate) => (candidate.rank < best.rank ? candidate : best));
    const { load, type } = chosen;
    wanted.candidates.splice(wanted.candidates.indexOf(chosen), 1);
    wanted.asked = chosen;
    wanted.askedAt = now;
    load.held.delete(chosen);
    load.requests++;
    this.#underWay.add(wanted);
    const entry = { type, hash: fromBinaryKey(wanted.key) };
    const entries = requests.get(load.peer);
    if (entries) entries.push(entry);
    else requests.set(load.peer, [entry]);
  }

  #expire(now: number): void {
    for (const { asked, askedAt } of this.#underWay) {
      if (now - askedAt < TX_REQUEST_TIMEOUT_MS) break;
      this.#drop(asked!);
    }
  }

  /** Nothing is expected of a peer for a transaction any more. */
  #drop(candidate: Announcement): void {
    const { load, wanted, readyAt } = candidate;
    load.announced.delete(wanted.key);
    if (wanted.asked === candidate) {
      wanted.asked = undefined;
      this.#underWay.delete(wanted);
      load.requests--;
      if (load.held.size > 0) this.#relieved.add(load);
    } else {
      wanted.candidates.splice(wanted.candidates.indexOf(candidate), 1);
      load.held.delete(candidate);
      const delayed = this.#delayed.get(readyAt);
      if (delayed?.delete(candidate) && delayed.size === 0) this.#delayed.delete(readyAt);
    }
    if (wanted.asked) return;
    if (wanted.candidates.length > 0) {
      this.#fresh.add(wanted);
    } else {
      this.#wanted.delete(wanted.key);
      this.#fresh.delete(wanted);
    }
  }
}

function hasRoom({ requests }: PeerAnnouncements): boolean {
  return requests < MAX_PEER_REQUESTS;
}

/** How to ask for a transaction that is known by its txid, from an input that spends it. */
export function requestByTxid(txid: Uint8Array): InvEntry {
  return { type: InvType.WITNESS_TX, hash: txid };
}
