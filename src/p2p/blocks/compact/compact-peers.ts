import type { Peer } from '../../peer/peer.ts';
import type { SendCmpctMessage } from '../../wire/messages/sendcmpct.ts';
import { COMPACT_BLOCKS_VERSION, SHORT_IDS_BLOCKS_VERSION } from '../../wire/protocol.ts';

/** Peers that we ask for high-bandwidth mode: they announce blocks by `cmpctblock` (BIP152: at most three). */
const MAX_HIGH_BANDWIDTH = 3;

interface CompactBlockState {
  /** Whether it supports our version of compact blocks (Core: m_provides_cmpctblocks). */
  provides: boolean;
  /** Whether it asked us for high-bandwidth mode (Core: m_requested_hb_cmpctblocks). */
  wantsAnnouncements: boolean;
}

/** BIP152's negotiation by `sendcmpct`: which peers support compact blocks, and which use high-bandwidth mode. */
export class CompactPeers {
  readonly #blocksOnly: boolean;
  readonly #states = new Map<Peer, CompactBlockState>();
  /** High-bandwidth peers, ordered by their last useful block (Core: lNodesAnnouncingHeaderAndIDs). */
  #announcers: Peer[] = [];

  constructor({ blocksOnly }: { readonly blocksOnly: boolean }) {
    this.#blocksOnly = blocksOnly;
  }

  peerReady(peer: Peer): void {
    this.#states.set(peer, { provides: false, wantsAnnouncements: false });
    if (peer.handshake.version >= SHORT_IDS_BLOCKS_VERSION) sendCmpct(peer, false);
  }

  peerClosed(peer: Peer): void {
    this.#states.delete(peer);
    this.#announcers = this.#announcers.filter((announcer) => announcer !== peer);
  }

  /** Handles `sendcmpct`. Ignores other versions, since a peer may send one message per version. */
  received(peer: Peer, { highBandwidth, version }: SendCmpctMessage): void {
    const state = this.#states.get(peer);
    if (!state || version !== COMPACT_BLOCKS_VERSION) return;
    state.provides = true;
    state.wantsAnnouncements = highBandwidth;
  }

  /**
   * Returns whether compact blocks may be requested from a peer; with -blocksonly, the mempool could not complete them.
   */
  mayRequest(peer: Peer): boolean {
    return !this.#blocksOnly && (this.#states.get(peer)?.provides ?? false);
  }

  /** Returns whether the peer asked us for high-bandwidth mode (RPC: `bip152_hb_from`). */
  wantsAnnouncements(peer: Peer): boolean {
    return this.#states.get(peer)?.wantsAnnouncements ?? false;
  }

  /** Returns whether we asked the peer for high-bandwidth mode (RPC: `bip152_hb_to`). */
  announcesToUs(peer: Peer): boolean {
    return this.#announcers.includes(peer);
  }

  /**
   * Selects a peer for high-bandwidth mode because it was the first to deliver a new tip (Core:
   * MaybeSetPeerAsAnnouncingHeaderAndIDs). Replaces the peer whose last new tip is oldest, but keeps at least one
   * outbound peer, since all inbound peers may belong to one attacker.
   */
  delivered(peer: Peer): void {
    if (!this.mayRequest(peer)) return;
    const others = this.#announcers.filter((announcer) => announcer !== peer);
    const isNew = others.length === this.#announcers.length;
    if (isNew && others.length >= MAX_HIGH_BANDWIDTH) {
      const outbound = others.filter(({ inbound }) => !inbound);
      const isLastOutbound = peer.inbound && outbound.length === 1 && outbound[0] === others[0];
      const [replaced] = others.splice(isLastOutbound ? 1 : 0, 1);
      sendCmpct(replaced!, false);
    }
    if (isNew) sendCmpct(peer, true);
    this.#announcers = [...others, peer];
  }
}

function sendCmpct(peer: Peer, highBandwidth: boolean): void {
  peer.send('sendcmpct', { highBandwidth, version: COMPACT_BLOCKS_VERSION });
}
