import { binaryKey } from '../bytes/compare.ts';
import { type Random, randomInt } from '../platform/random.ts';
import { type InvEntry, InvType } from './messages/inventory.ts';
import type { Peer } from './peer.ts';

/** Milliseconds for an answer, after which another peer is asked (Core: GETDATA_TX_INTERVAL). */
const TX_REQUEST_TIMEOUT_MS = 60_000;
/** Announcements of one peer that are remembered at a time (Core: MAX_PEER_TX_ANNOUNCEMENTS). */
const MAX_PEER_TX_ANNOUNCEMENTS = 5_000;
/** Requests to one peer at a time, beyond which its announcements wait (Core: MAX_PEER_TX_REQUEST_IN_FLIGHT). */
const MAX_PEER_REQUESTS = 100;

/** So many steps of chance are enough to tell peers apart. */
const RANKS = 2 ** 16;

interface Candidate {
  readonly peer: Peer;
  readonly entry: InvEntry;
  /** By the monotonic clock, the time before which it is not asked. */
  readonly readyAt: number;
  /** Of those that may be asked, the one with the lowest is. */
  readonly rank: number;
}

/** One transaction, by one of its ids. */
interface Wanted {
  /** Who announced it and has not been asked yet. */
  readonly candidates: Map<Peer, Candidate>;
  /** Who has been asked and may still answer. */
  asked: Candidate | undefined;
  /** Milliseconds since the Unix epoch. */
  askedAt: number;
}

interface PeerLoad {
  /** Keys of all that this peer has announced and that is still wanted. */
  readonly keys: Set<string>;
  requests: number;
}

/**
 * Decides whom to ask for announced transactions, and when: one peer at a time for each, the next one when it does not
 * answer, those we called before those who called us, and of equals anyone: being the first to announce is easy for who
 * wants to hold a transaction back (Core: TxRequestTracker). Keys are ids, of either kind, as `binaryKey`.
 */
export class TxRequestTracker {
  readonly #wanted = new Map<string, Wanted>();
  readonly #loads = new Map<Peer, PeerLoad>();
  /** Those under way, oldest first, so that time-outs are found without a search. */
  readonly #underWay = new Set<string>();
  /** Those without a request under way. */
  readonly #waiting = new Set<string>();

  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Notes that `peer` has what `entry` names; it will not be asked before `readyAt`. */
  announced(peer: Peer, entry: InvEntry, readyAt: number): void {
    const load = this.#loadOf(peer);
    const key = binaryKey(entry.hash);
    if (load.keys.has(key) || load.keys.size >= MAX_PEER_TX_ANNOUNCEMENTS) return;
    load.keys.add(key);
    let wanted = this.#wanted.get(key);
    if (!wanted) {
      wanted = { candidates: new Map(), asked: undefined, askedAt: 0 };
      this.#wanted.set(key, wanted);
    }
    const rank = randomInt(this.#random, RANKS) + (peer.inbound ? RANKS : 0);
    wanted.candidates.set(peer, { peer, entry: { type: entry.type, hash: new Uint8Array(entry.hash) }, readyAt, rank });
    if (!wanted.asked) this.#waiting.add(key);
  }

  /** What to ask for now, by peer; counts as asked. */
  due(now: number): Map<Peer, InvEntry[]> {
    this.#expire(now);
    const requests = new Map<Peer, InvEntry[]>();
    for (const key of this.#waiting) {
      const wanted = this.#wanted.get(key)!;
      const candidate = this.#choose(wanted, now);
      if (!candidate) continue;
      const { peer, entry } = candidate;
      wanted.candidates.delete(peer);
      wanted.asked = candidate;
      wanted.askedAt = now;
      this.#loadOf(peer).requests++;
      this.#waiting.delete(key);
      this.#underWay.add(key);
      const entries = requests.get(peer);
      if (entries) entries.push(entry);
      else requests.set(peer, [entry]);
    }
    return requests;
  }

  /** Milliseconds since the Unix epoch at which `due` may have something new; undefined while nothing is wanted. */
  nextDue(): number | undefined {
    let next: number | undefined;
    const oldest = this.#underWay.values().next().value;
    if (oldest !== undefined) next = this.#wanted.get(oldest)!.askedAt + TX_REQUEST_TIMEOUT_MS;
    for (const key of this.#waiting) {
      for (const candidate of this.#wanted.get(key)!.candidates.values()) {
        if (!this.#isFree(candidate.peer)) continue;
        if (next === undefined || candidate.readyAt < next) next = candidate.readyAt;
      }
    }
    return next;
  }

  /** The transaction of this id is settled, whatever came of it. */
  forget(hash: Uint8Array): void {
    const key = binaryKey(hash);
    const wanted = this.#wanted.get(key);
    if (!wanted) return;
    if (wanted.asked) this.#release(key, wanted);
    for (const peer of wanted.candidates.keys()) this.#loads.get(peer)?.keys.delete(key);
    this.#remove(key);
  }

  /** The peer answered, to no use: another one may be asked. */
  failed(peer: Peer, hash: Uint8Array): void {
    const key = binaryKey(hash);
    const wanted = this.#wanted.get(key);
    if (wanted) this.#drop(peer, key, wanted);
  }

  peerClosed(peer: Peer): void {
    for (const key of this.#loads.get(peer)?.keys ?? []) this.#drop(peer, key, this.#wanted.get(key)!);
    this.#loads.delete(peer);
  }

  #loadOf(peer: Peer): PeerLoad {
    let load = this.#loads.get(peer);
    if (!load) {
      load = { keys: new Set(), requests: 0 };
      this.#loads.set(peer, load);
    }
    return load;
  }

  #isFree(peer: Peer): boolean {
    return this.#loadOf(peer).requests < MAX_PEER_REQUESTS;
  }

  #choose({ candidates }: Wanted, now: number): Candidate | undefined {
    let best: Candidate | undefined;
    for (const candidate of candidates.values()) {
      if (candidate.readyAt > now || !this.#isFree(candidate.peer)) continue;
      if (!best || candidate.rank < best.rank) best = candidate;
    }
    return best;
  }

  #expire(now: number): void {
    for (const key of this.#underWay) {
      const wanted = this.#wanted.get(key)!;
      if (now - wanted.askedAt < TX_REQUEST_TIMEOUT_MS) break;
      this.#drop(wanted.asked!.peer, key, wanted);
    }
  }

  /** Whoever was asked no longer counts as asked. */
  #release(key: string, wanted: Wanted): void {
    const load = this.#loads.get(wanted.asked!.peer);
    if (load) {
      load.requests--;
      load.keys.delete(key);
    }
    wanted.asked = undefined;
    this.#underWay.delete(key);
  }

  /** Nothing is expected of `peer` for this transaction any more. */
  #drop(peer: Peer, key: string, wanted: Wanted): void {
    if (wanted.asked?.peer === peer) this.#release(key, wanted);
    else if (wanted.candidates.delete(peer)) this.#loads.get(peer)?.keys.delete(key);
    if (wanted.asked) return;
    if (wanted.candidates.size === 0) this.#remove(key);
    else this.#waiting.add(key);
  }

  #remove(key: string): void {
    this.#wanted.delete(key);
    this.#waiting.delete(key);
    this.#underWay.delete(key);
  }
}

/** How to ask for a transaction that is known by its txid, from an input that spends it. */
export function requestByTxid(txid: Uint8Array): InvEntry {
  return { type: InvType.WITNESS_TX, hash: txid };
}
