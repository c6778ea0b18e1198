import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { HeaderView } from '../../chain/tree/header-view.ts';
import type { Peer } from '../peer/peer.ts';

/** A peer's best known block and related state (Core: CNodeState). */
export class PeerChain {
  readonly #chain: HeaderView;
  #bestKnown: BlockIndex | undefined;
  /** Hash of the last announced block that we do not know (Core: hashLastUnknownBlock). */
  #unknown: Uint8Array | undefined;
  /** The best header that we sent to the peer (Core: pindexBestHeaderSent). */
  bestHeaderSent: BlockIndex | undefined;
  /** Monotonic milliseconds when the peer was last the first to announce a better chain; 0 for never. */
  announcedAt = 0;

  constructor(chain: HeaderView) {
    this.#chain = chain;
  }

  /** The block of most work that the peer is known to have (Core: pindexBestKnownBlock). */
  get bestKnown(): BlockIndex | undefined {
    if (this.#unknown) {
      const index = this.#chain.getIndex(this.#unknown);
      if (index) {
        this.#unknown = undefined;
        this.learn(index);
      }
    }
    return this.#bestKnown;
  }

  /** Records that the peer has a block. */
  learn(index: BlockIndex): void {
    if (!this.#bestKnown || index.chainwork >= this.#bestKnown.chainwork) this.#bestKnown = index;
  }

  /** Records that the peer has announced a block, which may be unknown to us (Core: UpdateBlockAvailability). */
  learnHash(hash: Uint8Array): void {
    const index = this.#chain.getIndex(hash);
    if (index) this.learn(index);
    else this.#unknown = new Uint8Array(hash);
  }

  /** Returns whether the peer has a block's header, because it announced it or we sent it (Core: PeerHasHeader). */
  hasHeader(index: BlockIndex): boolean {
    return leadsTo(this.bestKnown, index) || leadsTo(this.bestHeaderSent, index);
  }

  /** Returns whether the peer has a block. */
  hasBlock(index: BlockIndex): boolean {
    return leadsTo(this.bestKnown, index);
  }
}

/** Returns whether `ancestor` is an ancestor of `index`, or `index` itself. */
function leadsTo(index: BlockIndex | undefined, ancestor: BlockIndex): boolean {
  return index?.ancestor(ancestor.height) === ancestor;
}

/** The `PeerChain` of each peer with a complete handshake. */
export class PeerChains {
  readonly #chain: HeaderView;
  readonly #ofPeer = new Map<Peer, PeerChain>();

  constructor(chain: HeaderView) {
    this.#chain = chain;
  }

  peerReady(peer: Peer): void {
    this.#ofPeer.set(peer, new PeerChain(this.#chain));
  }

  peerClosed(peer: Peer): void {
    this.#ofPeer.delete(peer);
  }

  get(peer: Peer): PeerChain | undefined {
    return this.#ofPeer.get(peer);
  }
}
