import type { Peer } from '../../peer/peer.ts';
import type { SendCmpctMessage } from '../../wire/messages/sendcmpct.ts';
import { COMPACT_BLOCKS_VERSION, SHORT_IDS_BLOCKS_VERSION } from '../../wire/protocol.ts';

/** Peers that we ask to announce blocks by compact blocks, unasked (BIP152 allows three). */
const MAX_HIGH_BANDWIDTH = 3;

interface CompactBlockState {
  /** It understands compact blocks of our version. */
  provides: boolean;
  /** It wants new blocks as compact blocks at once. */
  wantsAnnouncements: boolean;
}

/** BIP152's negotiation: who sends compact blocks to whom, and which peers may do so unasked. */
export class CompactPeers {
  readonly #blocksOnly: boolean;
  readonly #states = new Map<Peer, CompactBlockState>();
  /** Whom we have asked to announce by compact blocks, in the order of their last useful block. */
  #announcers: Peer[] = [];

  constructor({ blocksOnly }: { readonly blocksOnly: boolean }) {
    this.#blocksOnly = blocksOnly;
  }

  peerReady(peer: Peer): void {
    this.#states.set(peer, { provides: false, wantsAnnouncements: false });
    if (peer.handshake.version >= SHORT_IDS_BLOCKS_VERSION) tell(peer, false);
  }

  peerClosed(peer: Peer): void {
    this.#states.delete(peer);
    this.#announcers = this.#announcers.filter((announcer) => announcer !== peer);
  }

  /** Other versions than ours are passed over in silence: a peer may offer several. */
  received(peer: Peer, { highBandwidth, version }: SendCmpctMessage): void {
    const state = this.#states.get(peer);
    if (!state || version !== COMPACT_BLOCKS_VERSION) return;
    state.provides = true;
    state.wantsAnnouncements = highBandwidth;
  }

  /** Whether a block may be asked of the peer in compact form, and that makes sense: without a mempool it does not. */
  mayRequest(peer: Peer): boolean {
    return !this.#blocksOnly && (this.#states.get(peer)?.provides ?? false);
  }

  /** The peer wants new blocks as compact blocks, without having asked for each (`bip152_hb_from`). */
  wantsAnnouncements(peer: Peer): boolean {
    return this.#states.get(peer)?.wantsAnnouncements ?? false;
  }

  /** We have asked the peer for the same (`bip152_hb_to`). */
  announcesToUs(peer: Peer): boolean {
    return this.#announcers.includes(peer);
  }

  /**
   * The peer was the first to deliver a block that became our tip: it is likely to be the first again. The one that
   * was so longest ago makes room, but not the last one that we called: those who call us may be all of one mind
   * (Core: MaybeSetPeerAsAnnouncingHeaderAndIDs).
   */
  delivered(peer: Peer): void {
    if (!this.mayRequest(peer)) return;
    const others = this.#announcers.filter((announcer) => announcer !== peer);
    const isNew = others.length === this.#announcers.length;
    if (isNew && others.length >= MAX_HIGH_BANDWIDTH) {
      const outbound = others.filter(({ inbound }) => !inbound);
      const isLastOutbound = peer.inbound && outbound.length === 1 && outbound[0] === others[0];
      const [loser] = others.splice(isLastOutbound ? 1 : 0, 1);
      tell(loser!, false);
    }
    if (isNew) tell(peer, true);
    this.#announcers = [...others, peer];
  }
}

function tell(peer: Peer, highBandwidth: boolean): void {
  peer.send('sendcmpct', { highBandwidth, version: COMPACT_BLOCKS_VERSION });
}
