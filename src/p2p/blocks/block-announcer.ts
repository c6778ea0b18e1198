import type { Chain, ChainEvents } from '../../chain/chain.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import { isActiveAfter } from '../../consensus/deployments.ts';
import { BatchTimer } from '../../platform/batch-timer.ts';
import type { Clock } from '../../platform/clock.ts';
import type { BlockHeader } from '../../primitives/header.ts';
import type { Peer } from '../peer/peer.ts';
import { InvType } from '../wire/messages/inventory.ts';
import { MAX_BLOCKS_TO_ANNOUNCE } from '../wire/protocol.ts';
import type { CatchUp } from './catch-up.ts';
import type { CompactPeers } from './compact/compact-peers.ts';
import type { RecentBlock } from './compact/recent-block.ts';
import type { PeerChain, PeerChains } from './peer-chain.ts';

export interface BlockAnnouncerModules {
  readonly chain: Chain;
  readonly chains: PeerChains;
  readonly catchUp: CatchUp;
  readonly compactPeers: CompactPeers;
  readonly recent: RecentBlock;
  readonly clock: Clock;
}

interface AnnouncementState {
  /** BIP130. */
  prefersHeaders: boolean;
  /** Blocks that became part of the active chain, lowest first; one more than may be announced tells that it was more. */
  news: BlockIndex[];
}

/**
 * Tells peers of new blocks: by compact blocks, before they are judged in full, where the peer wants that (BIP152); by
 * their headers where it wants that; each if they connect for it, else by hash.
 */
export class BlockAnnouncer {
  readonly #chain: Chain;
  readonly #chains: PeerChains;
  readonly #states = new Map<Peer, AnnouncementState>();
  readonly #batch: BatchTimer;
  readonly #catchUp: CatchUp;
  readonly #compactPeers: CompactPeers;
  readonly #recent: RecentBlock;
  /** The height of the highest block that was announced before it was judged in full: for each height there is one. */
  #highestEarly = 0;

  constructor(modules: BlockAnnouncerModules) {
    this.#chain = modules.chain;
    this.#chains = modules.chains;
    this.#catchUp = modules.catchUp;
    this.#compactPeers = modules.compactPeers;
    this.#recent = modules.recent;
    this.#batch = new BatchTimer(modules.clock, () => this.#announceAll());
  }

  peerReady(peer: Peer): void {
    this.#states.set(peer, { prefersHeaders: false, news: [] });
  }

  peerClosed(peer: Peer): void {
    this.#states.delete(peer);
  }

  /** The peer sent `sendheaders`. */
  preferHeaders(peer: Peer): void {
    const state = this.#states.get(peer);
    if (state) state.prefersHeaders = true;
  }

  /** A block on our tip has its proof of work and goes with its header (Core: NewPoWValidBlock). */
  blockStored({ index, block }: ChainEvents['blockStored']): void {
    const { isInitialBlockDownload, params } = this.#chain;
    if (isInitialBlockDownload || index.height <= this.#highestEarly) return;
    if (!isActiveAfter('segwit', index.prev, params)) return;
    this.#highestEarly = index.height;
    this.#recent.put(index, block);
    for (const peer of this.#states.keys()) {
      const peerChain = this.#chains.get(peer);
      if (!peerChain || !this.#compactPeers.wantsAnnouncements(peer) || peerChain.hasHeader(index)) continue;
      if (peerChain.hasHeader(index.prev!)) this.#sendCompact(peer, peerChain, index);
    }
  }

  #sendCompact(peer: Peer, peerChain: PeerChain, index: BlockIndex): void {
    const payload = this.#recent.compact(index);
    if (!payload) return;
    peer.sendPayload('cmpctblock', payload);
    peerChain.bestHeaderSent = index;
  }

  /** The active chain has a new tip. Blocks that come at once are announced at once. */
  tipChanged({ tip, fork }: ChainEvents['tip']): void {
    if (this.#catchUp.isActive) return;
    const fresh: BlockIndex[] = [];
    let index: BlockIndex | undefined = tip;
    while (index && index !== fork && fresh.length <= MAX_BLOCKS_TO_ANNOUNCE) {
      fresh.push(index);
      index = index.prev;
    }
    fresh.reverse();
    for (const state of this.#states.values()) {
      state.news.push(...fresh);
      // A long list is announced by its last block only.
      if (state.news.length > MAX_BLOCKS_TO_ANNOUNCE) state.news = state.news.slice(-MAX_BLOCKS_TO_ANNOUNCE - 1);
    }
    this.#batch.schedule();
  }

  close(): void {
    this.#batch.cancel();
  }

  #announceAll(): void {
    for (const [peer, state] of this.#states) {
      const { news } = state;
      if (news.length === 0) continue;
      state.news = [];
      const peerChain = this.#chains.get(peer);
      if (peerChain) this.#announce(peer, peerChain, state.prefersHeaders, news);
    }
  }

  #announce(peer: Peer, peerChain: PeerChain, prefersHeaders: boolean, news: readonly BlockIndex[]): void {
    const byCompact = news.length === 1 && this.#compactPeers.wantsAnnouncements(peer);
    const byHeaders = (prefersHeaders || byCompact) && news.length <= MAX_BLOCKS_TO_ANNOUNCE;
    const headers = byHeaders ? this.#connecting(peerChain, news) : undefined;
    const last = news.at(-1)!;
    if (!headers) {
      if (this.#chain.contains(last) && !peerChain.hasHeader(last)) {
        peer.send('inv', { entries: [{ type: InvType.BLOCK, hash: last.hash }] });
      }
    } else if (headers.length > 0 && byCompact) {
      this.#sendCompact(peer, peerChain, last);
    } else if (headers.length > 0) {
      peer.send('headers', { headers });
      peerChain.bestHeaderSent = last;
    }
  }

  /** The headers that are new to the peer; undefined if they would not connect to what it has. */
  #connecting(peerChain: PeerChain, news: readonly BlockIndex[]): BlockHeader[] | undefined {
    const headers: BlockHeader[] = [];
    let previous: BlockIndex | undefined;
    for (const index of news) {
      // A reorganisation since has made part of the list stale.
      if (!this.#chain.contains(index) || (previous && index.prev !== previous)) return undefined;
      previous = index;
      if (headers.length === 0) {
        if (peerChain.hasHeader(index)) continue;
        if (index.prev && !peerChain.hasHeader(index.prev)) return undefined;
      }
      headers.push(index.header);
    }
    return headers;
  }
}
