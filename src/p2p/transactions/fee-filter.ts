import type { Mempool } from '../../mempool/mempool.ts';
import type { Clock } from '../../platform/clock.ts';
import { MAX_MONEY } from '../../primitives/amount.ts';
import type { CatchUp } from '../blocks/catch-up.ts';
import type { Peer } from '../peer/peer.ts';
import { FEEFILTER_VERSION } from '../wire/protocol.ts';

/** Milliseconds before a small change of the fee rate is sent (Core: AVG_FEEFILTER_BROADCAST_INTERVAL). */
const INTERVAL_MS = 10 * 60_000;

/** Modules that a `FeeFilterSender` uses. */
export interface FeeFilterModules {
  readonly mempool: Mempool;
  readonly catchUp: CatchUp;
  readonly clock: Clock;
}

interface SentFeeFilter {
  readonly feeRate: bigint;
  /** Monotonic milliseconds. */
  readonly at: number;
}

/** Sends `feefilter` (BIP133): the mempool's minimum fee rate, or `MAX_MONEY` while the node catches up, as in Core. */
export class FeeFilterSender {
  readonly #blocksOnly: boolean;
  readonly #mempool: Mempool;
  readonly #clock: Clock;
  readonly #catchUp: CatchUp;
  readonly #sent = new Map<Peer, SentFeeFilter | undefined>();

  constructor({ blocksOnly }: { readonly blocksOnly: boolean }, modules: FeeFilterModules) {
    this.#blocksOnly = blocksOnly;
    this.#mempool = modules.mempool;
    this.#clock = modules.clock;
    this.#catchUp = modules.catchUp;
  }

  peerReady(peer: Peer): void {
    // Without transaction relay, our `version` message has said so.
    const hasNoTxRelay = this.#blocksOnly || peer.type === 'block-relay-only';
    if (peer.handshake.version < FEEFILTER_VERSION || hasNoTxRelay) return;
    this.#sent.set(peer, undefined);
    this.update();
  }

  peerClosed(peer: Peer): void {
    this.#sent.delete(peer);
  }

  tick(): void {
    this.update();
  }

  /**
   * Sends due fee filters. Also to be called when the node may have caught up, since peers
   * announce no transactions before.
   */
  update(): void {
    const feeRate = this.#catchUp.isActive ? MAX_MONEY : this.#mempool.minFeeRate();
    const at = this.#clock.monotonic();
    for (const [peer, sent] of this.#sent) {
      if (sent && !this.#isDue(sent, feeRate, at)) continue;
      this.#sent.set(peer, { feeRate, at });
      peer.send('feefilter', { feeRate });
    }
  }

  /** A large change of the fee rate is due at once, as when the node has caught up. */
  #isDue(sent: SentFeeFilter, feeRate: bigint, now: number): boolean {
    if (sent.feeRate === feeRate) return false;
    if (now - sent.at >= INTERVAL_MS) return true;
    return feeRate * 4n < sent.feeRate * 3n || feeRate * 3n > sent.feeRate * 4n;
  }
}
