import { binaryKey } from '../../bytes/compare.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Random, randomInt } from '../../platform/random.ts';
import { outPointKey } from '../../primitives/outpoint.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { Peer } from '../peer/peer.ts';
import { PackedTransaction } from '../transport/packed-transaction.ts';

/** Orphans kept (Core: DEFAULT_MAX_ORPHAN_TRANSACTIONS). */
export const MAX_ORPHANS = 100;
/** Weight above which an orphan is not kept, since policy rejects it anyway (Core: MAX_STANDARD_TX_WEIGHT). */
const MAX_ORPHAN_WEIGHT = 400_000;
/** Milliseconds an orphan is kept (Core: ORPHAN_TX_EXPIRE_TIME). */
const EXPIRY_MS = 20 * 60_000;

/** An orphan transaction (Core: OrphanTx). */
export interface Orphan {
  /** The transaction, until it is removed from the orphanage. */
  readonly packed: PackedTransaction;
  /** Keys of the outpoints that it spends. */
  readonly spends: readonly string[];
  /** Peers that sent or announced it. */
  readonly peers: Set<Peer>;
  /** Monotonic milliseconds. */
  readonly expiresAt: number;
}

/** Transactions with missing inputs, kept while their parents are requested (Core: TxOrphanage). */
export class Orphanage {
  readonly #clock: Clock;
  readonly #random: Random;
  /** By wtxid. */
  readonly #orphans = new Map<string, Orphan>();
  /** By the outpoints that they spend. */
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

  /** Adds an orphan; a full orphanage evicts a random one. Returns false if the orphan is too heavy. */
  add(tx: Transaction, peer: Peer): boolean {
    const key = binaryKey(tx.wtxid);
    const known = this.#orphans.get(key);
    if (known) {
      known.peers.add(peer);
      return true;
    }
    if (tx.weight > MAX_ORPHAN_WEIGHT) return false;
    this.#expire();
    if (this.#orphans.size >= MAX_ORPHANS) this.#evictRandom();
    const spends = tx.inputs.map(({ prevout }) => outPointKey(prevout));
    const expiresAt = this.#clock.monotonic() + EXPIRY_MS;
    const orphan = { packed: new PackedTransaction(tx), spends, peers: new Set([peer]), expiresAt };
    this.#orphans.set(key, orphan);
    for (const spent of spends) {
      const spenders = this.#spenders.get(spent);
      if (spenders) spenders.add(orphan);
      else this.#spenders.set(spent, new Set([orphan]));
    }
    return true;
  }

  remove(wtxid: Uint8Array): void {
    const orphan = this.get(wtxid);
    if (orphan) this.#remove(orphan);
  }

  #remove(orphan: Orphan): void {
    this.#orphans.delete(binaryKey(orphan.packed.wtxid));
    orphan.packed.release();
    for (const spent of orphan.spends) {
      const spenders = this.#spenders.get(spent);
      spenders?.delete(orphan);
      if (spenders?.size === 0) this.#spenders.delete(spent);
    }
  }

  /** Removes all orphans. */
  clear(): void {
    for (const orphan of [...this.#orphans.values()]) this.#remove(orphan);
  }

  /** Returns the orphans that spend outputs of `tx`. */
  childrenOf(tx: Transaction): Set<Orphan> {
    const children = new Set<Orphan>();
    if (this.#orphans.size === 0) return children;
    for (let vout = 0; vout < tx.outputs.length; vout++) {
      for (const orphan of this.#spenders.get(outPointKey({ txid: tx.txid, vout })) ?? []) children.add(orphan);
    }
    return children;
  }

  /** Removes `tx`, now in a block, and the orphans that conflict with it (Core: EraseForBlock). */
  removeConflicts(tx: Transaction): void {
    if (this.#orphans.size === 0) return;
    for (const { prevout } of tx.inputs) {
      for (const orphan of [...(this.#spenders.get(outPointKey(prevout)) ?? [])]) this.#remove(orphan);
    }
  }

  /** Removes the orphans of which the peer was the only source (Core: EraseForPeer). */
  peerClosed(peer: Peer): void {
    for (const orphan of [...this.#orphans.values()]) {
      if (orphan.peers.delete(peer) && orphan.peers.size === 0) this.#remove(orphan);
    }
  }

  #expire(): void {
    const now = this.#clock.monotonic();
    // Insertion order is expiry order.
    for (const orphan of this.#orphans.values()) {
      if (orphan.expiresAt > now) break;
      this.#remove(orphan);
    }
  }

  #evictRandom(): void {
    const orphans = [...this.#orphans.values()];
    this.#remove(orphans[randomInt(this.#random, orphans.length)]!);
  }
}
