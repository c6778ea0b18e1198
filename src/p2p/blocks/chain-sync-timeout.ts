import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { HeaderView } from '../../chain/tree/header-view.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Peer } from '../peer/peer.ts';
import { HEADERS_RESPONSE_MS, type HeaderSync } from './headers/header-sync.ts';
import type { PeerChains } from './peer-chain.ts';

/** Milliseconds a peer's chain may have less work than our tip had (Core: CHAIN_SYNC_TIMEOUT). */
const CHAIN_SYNC_TIMEOUT_MS = 20 * 60_000;
/** Peers protected from disconnection (Core: MAX_OUTBOUND_PEERS_TO_PROTECT_FROM_DISCONNECT). */
const MAX_PROTECTED = 4;

/** Modules that a `ChainSyncTimeout` uses. */
export interface ChainSyncTimeoutModules {
  readonly chain: HeaderView;
  readonly chains: PeerChains;
  readonly headers: HeaderSync;
  readonly clock: Clock;
}

/** Running timeout of a peer whose chain has less work than ours (Core: ChainSyncTimeoutState). */
interface SyncTimeout {
  /** Our tip when the timeout started: the peer must announce a chain with at least its work. */
  readonly workHeader: BlockIndex;
  /** Monotonic milliseconds. */
  expiresAt: number;
  /** Whether the final `getheaders` was sent. */
  sentGetHeaders: boolean;
}

/**
 * Disconnects automatic outbound peers whose chains stay behind ours, so that they cannot fill all slots and hide the
 * best chain (Core: ConsiderEviction). Protects the first four full-relay peers with at least our chainwork: they stay
 * connected if our node is the one that follows a bad chain.
 */
export class ChainSyncTimeout {
  readonly #modules: ChainSyncTimeoutModules;
  readonly #timeouts = new Map<Peer, SyncTimeout | undefined>();
  readonly #protected = new Set<Peer>();

  constructor(modules: ChainSyncTimeoutModules) {
    this.#modules = modules;
  }

  peerReady(peer: Peer): void {
    if (peer.type === 'outbound-full-relay' || peer.type === 'block-relay-only') this.#timeouts.set(peer, undefined);
  }

  peerClosed(peer: Peer): void {
    this.#timeouts.delete(peer);
    this.#protected.delete(peer);
  }

  /** Whether the peer is protected from disconnection (Core: m_protect). */
  isProtected(peer: Peer): boolean {
    return this.#protected.has(peer);
  }

  tick(): void {
    // At genesis every peer is level with us.
    if (!this.#modules.chain.tip.prev) return;
    for (const [peer, timeout] of [...this.#timeouts]) {
      if (!this.#protected.has(peer) && this.#modules.headers.hasRequestedChain(peer))
        this.#considerEviction(peer, timeout);
    }
  }

  #considerEviction(peer: Peer, timeout: SyncTimeout | undefined): void {
    const { chain, chains, headers, clock } = this.#modules;
    const now = clock.monotonic();
    const { tip } = chain;
    const work = chains.get(peer)?.bestKnown?.chainwork ?? -1n;
    if (work >= tip.chainwork) {
      this.#timeouts.set(peer, undefined);
      if (peer.type === 'outbound-full-relay' && this.#protected.size < MAX_PROTECTED) this.#protected.add(peer);
    } else if (!timeout || work >= timeout.workHeader.chainwork) {
      this.#timeouts.set(peer, { workHeader: tip, expiresAt: now + CHAIN_SYNC_TIMEOUT_MS, sentGetHeaders: false });
    } else if (now > timeout.expiresAt && timeout.sentGetHeaders) {
      peer.disconnect('chain sync timeout');
    } else if (now > timeout.expiresAt) {
      headers.request(peer, timeout.workHeader.prev ?? timeout.workHeader);
      timeout.expiresAt = now + HEADERS_RESPONSE_MS;
      timeout.sentGetHeaders = true;
    }
  }
}
