import type { ScriptPayer } from '../../chain/scripts/script-queue.ts';
import type { Reject, TxRejectKind } from '../../consensus/reject.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Peer } from '../peer/peer.ts';

/** Milliseconds of useless script verification from which a peer's costly transactions wait for those of others. */
const DEFER_MS = 1_000;
/** Milliseconds of useless script verification from which a peer is disconnected. */
const DISCONNECT_MS = 5_000;
/** Milliseconds that are forgotten in a second: a peer may always waste a twentieth of one core. */
const FORGOTTEN_PER_SECOND = 50;

interface Account {
  /** Milliseconds at `updatedAt`. */
  wasted: number;
  /** Monotonic milliseconds. */
  updatedAt: number;
}

/**
 * Limits the time that peers make us spend on scripts of transactions that we then reject. Such transactions may be
 * invalid or just non-standard, so a peer is disconnected but not discouraged. Accepted transactions cost nothing: they
 * pay a fee.
 */
export class ScriptCosts {
  readonly #clock: Clock;
  readonly #accounts = new WeakMap<Peer, Account>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts to measure what one transaction or package of a peer costs. */
  bill(peer: Peer | undefined): ScriptBill {
    return new ScriptBill(this, peer, this.#clock);
  }

  /** Returns the milliseconds of useless verification that are charged to a peer. */
  wasted(peer: Peer): number {
    const account = this.#accounts.get(peer);
    if (!account) return 0;
    const seconds = (this.#clock.monotonic() - account.updatedAt) / 1000;
    return Math.max(0, account.wasted - seconds * FORGOTTEN_PER_SECOND);
  }

  /** Charges useless verification to a peer; disconnects it if it is too much. Added nodes are only deferred. */
  charge(peer: Peer, ms: number): void {
    const wasted = this.wasted(peer) + ms;
    this.#accounts.set(peer, { wasted, updatedAt: this.#clock.monotonic() });
    if (wasted >= DISCONNECT_MS && peer.type !== 'manual') peer.disconnect('excessive script cost');
  }

  /** Returns the precedence of a peer's costly transactions: 0, or the milliseconds wasted if these are many. */
  precedence(peer: Peer): number {
    const wasted = this.wasted(peer);
    return wasted < DEFER_MS ? 0 : wasted;
  }
}

/** The cost of one transaction or package, charged to its sender if it is rejected. */
export class ScriptBill implements ScriptPayer {
  readonly #costs: ScriptCosts;
  readonly #peer: Peer | undefined;
  readonly #clock: Clock;
  readonly #startedAt: number;
  /** Undefined if no scripts were postponed: then they ran since `#startedAt`. */
  #postponedMs: number | undefined;

  /** Without `peer`, nothing is charged. */
  constructor(costs: ScriptCosts, peer: Peer | undefined, clock: Clock) {
    this.#costs = costs;
    this.#peer = peer;
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
  }

  get precedence(): number {
    return this.#peer ? this.#costs.precedence(this.#peer) : 0;
  }

  spent(ms: number): void {
    this.#postponedMs = (this.#postponedMs ?? 0) + ms;
  }

  /** Charges the sender for a rejected transaction. */
  settle(reject: Reject<TxRejectKind>): void {
    // A conflict: it was accepted from another peer, or confirmed, meanwhile.
    if (!this.#peer || reject.kind === 'conflict') return;
    const isInvalid = reject.reason.startsWith('mempool-script-verify-flag-failed');
    const ms = this.#postponedMs ?? (isInvalid ? this.#clock.monotonic() - this.#startedAt : 0);
    if (ms > 0) this.#costs.charge(this.#peer, ms);
  }
}
