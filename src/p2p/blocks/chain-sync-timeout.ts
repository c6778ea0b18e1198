import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { HeaderView } from '../../chain/tree/header-view.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Peer } from '../peer/peer.ts';
import { HEADERS_RESPONSE_MS, type HeaderSync } from './headers/header-sync.ts';
import type { PeerChains } from './peer-chain.ts';

/** Milliseconds in which a peer's chain has to get as far as ours was (Core: CHAIN_SYNC_TIMEOUT). */
const CHAIN_SYNC_TIMEOUT_MS = 20 * 60_000;
/** Peers with a good chain that stay whatever comes (Core: MAX_OUTBOUND_PEERS_TO_PROTECT_FROM_DISCONNECT). */
const MAX_PROTECTED = 4;

export interface ChainSyncTimeoutModules {
  readonly chain: HeaderView;
  readonly chains: PeerChains;
  readonly headers: HeaderSync;
  readonly clock: Clock;
}

/** What a peer is to show until when, by the monotonic clock, since its chain is behind ours. */
interface Deadline {
  readonly goal: BlockIndex;
  at: number;
  isLast: boolean;
}

/**
 * Gives up peers of our own choice whose chains stay behind ours, so that not all of them can hide the best one from us
 * (Core: ConsiderEviction). Some that have shown a chain as good as ours are spared: if it is we who are wrong, these lead
 * us back.
 */
export class ChainSyncTimeout {
  readonly #modules: ChainSyncTimeoutModules;
  readonly #deadlines = new Map<Peer, Deadline | undefined>();
  readonly #protected = new Set<Peer>();

  constructor(modules: ChainSyncTimeoutModules) {
    this.#modules = modules;
  }

  peerReady(peer: Peer): void {
    if (peer.type === 'outbound-full-relay' || peer.type === 'block-relay-only') this.#deadlines.set(peer, undefined);
  }

  peerClosed(peer: Peer): void {
    this.#deadlines.delete(peer);
    this.#protected.delete(peer);
  }

  /** Whether the peer has earned to stay. */
  isProtected(peer: Peer): boolean {
    return this.#protected.has(peer);
  }

  tick(): void {
    // Nobody is behind who has genesis alone, as everybody does.
    if (!this.#modules.chain.tip.prev) return;
    for (const [peer, deadline] of [...this.#deadlines]) {
      if (!this.#protected.has(peer) && this.#modules.headers.hasRequestedChain(peer)) this.#consider(peer, deadline);
    }
  }

  #consider(peer: Peer, deadline: Deadline | undefined): void {
    const { chain, chains, headers, clock } = this.#modules;
    const now = clock.monotonic();
    const { tip } = chain;
    const work = chains.get(peer)?.bestKnown?.chainwork ?? -1n;
    if (work >= tip.chainwork) {
      this.#deadlines.set(peer, undefined);
      if (peer.type === 'outbound-full-relay' && this.#protected.size < MAX_PROTECTED) this.#protected.add(peer);
    } else if (!deadline || work >= deadline.goal.chainwork) {
      this.#deadlines.set(peer, { goal: tip, at: now + CHAIN_SYNC_TIMEOUT_MS, isLast: false });
    } else if (now > deadline.at && deadline.isLast) {
      peer.disconnect('its chain stays behind ours');
    } else if (now > deadline.at) {
      headers.request(peer, deadline.goal.prev ?? deadline.goal);
      deadline.at = now + HEADERS_RESPONSE_MS;
      deadline.isLast = true;
    }
  }
}
