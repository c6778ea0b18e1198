import { binaryKey } from '../../bytes/compare.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Random, randomInt } from '../../platform/random.ts';
import { outPointKey } from '../../primitives/outpoint.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { Peer } from '../peer/peer.ts';

/** Orphans kept at a time (Core: DEFAULT_MAX_ORPHAN_TRANSACTIONS). */
export const MAX_ORPHANS = 100;
/** Heavier ones are not kept, as no mempool would take them (Core: MAX_STANDARD_TX_WEIGHT). */
const MAX_ORPHAN_WEIGHT = 400_000;
/** Milliseconds that an orphan waits (Core: ORPHAN_TX_EXPIRE_TIME). */
const EXPIRY_MS = 20 * 60_000;

export interface Orphan {
  readonly tx: Transaction;
  /** Who sent or announced it. */
  readonly peers: Set<Peer>;
  /** By the monotonic clock. */
  readonly expiresAt: number;
}

/** Transactions that spend outputs we do not know, while their parents are fetched. */
export class Orphanage {
  readonly #clock: Clock;
  readonly #random: Random;
  /** By wtxid. */
  readonly #orphans = new Map<string, Orphan>();
  /** By the outputs that they spend. */
  readonly #spenders = new Map<string, Set<Orphan>>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  get size(): number {
    return this.#orphans.size;
  }

  hasWtxid(wtxid: Uint8Array): boolean {
    return this.#orphans.has(binaryKey(wtxid));
  }

  get(wtxid: Uint8Array): Orphan | undefined {
    return this.#orphans.get(binaryKey(wtxid));
  }

  /** Returns whether it was kept; a full orphanage makes room by dropping one at random. */
  add(tx: Transaction, peer: Peer): boolean {
    const key = binaryKey(tx.wtxid);
    const known = this.#orphans.get(key);
    if (known) {
      known.peers.add(peer);
      return true;
    }
    if (tx.weight > MAX_ORPHAN_WEIGHT) return false;
    this.#expire();
    if (this.#orphans.size >= MAX_ORPHANS) this.#dropOne();
    const orphan = { tx, peers: new Set([peer]), expiresAt: this.#clock.monotonic() + EXPIRY_MS };
    this.#orphans.set(key, orphan);
    for (const { prevout } of tx.inputs) {
      const spent = outPointKey(prevout);
      const spenders = this.#spenders.get(spent);
      if (spenders) spenders.add(orphan);
      else this.#spenders.set(spent, new Set([orphan]));
    }
    return true;
  }

  remove(tx: Transaction): void {
    const key = binaryKey(tx.wtxid);
    const orphan = this.#orphans.get(key);
    if (!orphan) return;
    this.#orphans.delete(key);
    for (const { prevout } of tx.inputs) {
      const spent = outPointKey(prevout);
      const spenders = this.#spenders.get(spent);
      spenders?.delete(orphan);
      if (spenders?.size === 0) this.#spenders.delete(spent);
    }
  }

  /** The orphans that spend outputs of `tx`. */
  childrenOf(tx: Transaction): Set<Orphan> {
    const children = new Set<Orphan>();
    if (this.#orphans.size === 0) return children;
    for (let vout = 0; vout < tx.outputs.length; vout++) {
      for (const orphan of this.#spenders.get(outPointKey({ txid: tx.txid, vout })) ?? []) children.add(orphan);
    }
    return children;
  }

  /** Drops the orphans that spend what `tx`, now in a block, has spent; `tx` itself among them. */
  removeConflicts(tx: Transaction): void {
    if (this.#orphans.size === 0) return;
    for (const { prevout } of tx.inputs) {
      for (const orphan of [...(this.#spenders.get(outPointKey(prevout)) ?? [])]) this.remove(orphan.tx);
    }
  }

  /** Drops the orphans that only this peer has sent. */
  peerClosed(peer: Peer): void {
    for (const orphan of [...this.#orphans.values()]) {
      if (orphan.peers.delete(peer) && orphan.peers.size === 0) this.remove(orphan.tx);
    }
  }

  #expire(): void {
    const now = this.#clock.monotonic();
    // They are in the order of their arrival, and so of their end.
    for (const orphan of this.#orphans.values()) {
      if (orphan.expiresAt > now) break;
      this.remove(orphan.tx);
    }
  }

  #dropOne(): void {
    const orphans = [...this.#orphans.values()];
    this.remove(orphans[randomInt(this.#random, orphans.length)]!.tx);
  }
}
