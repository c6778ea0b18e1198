import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { HeaderView } from '../../chain/tree/header-view.ts';
import type { Peer } from '../peer/peer.ts';

/** What we know of a peer's chain (Core: CNodeState). */
export class PeerChain {
  readonly #chain: HeaderView;
  #bestKnown: BlockIndex | undefined;
  /** Announced, but not a block that we know. */
  #unknown: Uint8Array | undefined;
  /** The last block whose header we sent, so that the peer knows it from us. */
  bestHeaderSent: BlockIndex | undefined;
  /** When the peer last told us first of a better chain, by the monotonic clock; 0 for never. */
  announcedAt = 0;

  constructor(chain: HeaderView) {
    this.#chain = chain;
  }

  /** The block with the most work that the peer has shown to have. */
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

  /** The peer has this block. */
  learn(index: BlockIndex): void {
    if (!this.#bestKnown || index.chainwork >= this.#bestKnown.chainwork) this.#bestKnown = index;
  }

  /** The peer says that it has a block of this hash, which we may not know. */
  learnHash(hash: Uint8Array): void {
    const index = this.#chain.getIndex(hash);
    if (index) this.learn(index);
    else this.#unknown = new Uint8Array(hash);
  }

  /** Whether the peer has this block's header, by its own word or from us. */
  hasHeader(index: BlockIndex): boolean {
    return leadsTo(this.bestKnown, index) || leadsTo(this.bestHeaderSent, index);
  }

  /** Whether the peer has this block. */
  hasBlock(index: BlockIndex): boolean {
    return leadsTo(this.bestKnown, index);
  }
}

/** Whether `ancestor` is on the path from genesis to `index`. */
function leadsTo(index: BlockIndex | undefined, ancestor: BlockIndex): boolean {
  return index?.ancestor(ancestor.height) === ancestor;
}

/** One `PeerChain` for each peer whose handshake is done. */
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
