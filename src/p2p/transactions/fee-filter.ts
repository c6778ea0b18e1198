import type { Mempool } from '../../mempool/mempool.ts';
import type { Clock } from '../../platform/clock.ts';
import { MAX_MONEY } from '../../primitives/amount.ts';
import type { CatchUp } from '../blocks/catch-up.ts';
import type { Peer } from '../peer/peer.ts';
import { FEEFILTER_VERSION } from '../wire/protocol.ts';

/** Milliseconds between two messages to one peer while the rate has changed little (Core: AVG_FEEFILTER_BROADCAST_INTERVAL). */
const INTERVAL_MS = 10 * 60_000;

export interface FeeFilterModules {
  readonly mempool: Mempool;
  readonly catchUp: CatchUp;
  readonly clock: Clock;
}

interface Sent {
  readonly feeRate: bigint;
  /** By the monotonic clock. */
  readonly at: number;
}

/** BIP133, our side: tells peers what the mempool would refuse anyway, and while we catch up, that we want none. */
export class FeeFilterSender {
  readonly #blocksOnly: boolean;
  readonly #mempool: Mempool;
  readonly #clock: Clock;
  readonly #catchUp: CatchUp;
  readonly #sent = new Map<Peer, Sent | undefined>();

  constructor({ blocksOnly }: { readonly blocksOnly: boolean }, modules: FeeFilterModules) {
    this.#blocksOnly = blocksOnly;
    this.#mempool = modules.mempool;
    this.#clock = modules.clock;
    this.#catchUp = modules.catchUp;
  }

  peerReady(peer: Peer): void {
    // Who wants no transactions at all has said so in its introduction.
    const wantsNone = this.#blocksOnly || peer.type === 'block-relay-only';
    if (peer.handshake.version < FEEFILTER_VERSION || wantsNone) return;
    this.#sent.set(peer, undefined);
    this.update();
  }

  peerClosed(peer: Peer): void {
    this.#sent.delete(peer);
  }

  tick(): void {
    this.update();
  }

  /** To be called when we may have caught up, too: until it is told, a peer keeps its transactions to itself. */
  update(): void {
    const feeRate = this.#catchUp.isActive ? MAX_MONEY : this.#mempool.minFeeRate();
    const at = this.#clock.monotonic();
    for (const [peer, sent] of this.#sent) {
      if (sent && !this.#isDue(sent, feeRate, at)) continue;
      this.#sent.set(peer, { feeRate, at });
      peer.send('feefilter', { feeRate });
    }
  }

  /** At once when the rate has changed much, as it does when we have caught up. */
  #isDue(sent: Sent, feeRate: bigint, now: number): boolean {
    if (sent.feeRate === feeRate) return false;
    if (now - sent.at >= INTERVAL_MS) return true;
    return feeRate * 4n < sent.feeRate * 3n || feeRate * 3n > sent.feeRate * 4n;
  }
}
