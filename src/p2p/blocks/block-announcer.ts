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

/** Modules that a `BlockAnnouncer` uses. */
export interface BlockAnnouncerModules {
  readonly chain: Chain;
  readonly chains: PeerChains;
  readonly catchUp: CatchUp;
  readonly compactPeers: CompactPeers;
  readonly recent: RecentBlock;
  readonly clock: Clock;
}

interface AnnouncementState {
  /** Whether the peer sent `sendheaders` (BIP130). */
  prefersHeaders: boolean;
  /**
   * Connected blocks to announce, lowest first (Core: m_blocks_for_headers_relay). At most one more than
   * `MAX_BLOCKS_TO_ANNOUNCE`, which shows that there are too many to announce by `headers`.
   */
  pending: BlockIndex[];
}

/**
 * Announces new blocks: by compact block, before full validation, to high-bandwidth peers (BIP152); by `headers` to
 * peers that sent `sendheaders` (BIP130). Falls back to `inv` if the header would not connect to the peer's chain.
 */
export class BlockAnnouncer {
  readonly #chain: Chain;
  readonly #chains: PeerChains;
  readonly #states = new Map<Peer, AnnouncementState>();
  readonly #batch: BatchTimer;
  readonly #catchUp: CatchUp;
  readonly #compactPeers: CompactPeers;
  readonly #recent: RecentBlock;
  /** Height of the last block announced before full validation; one per height (Core: m_highest_fast_announce). */
  #highestFastAnnounce = 0;

  constructor(modules: BlockAnnouncerModules) {
    this.#chain = modules.chain;
    this.#chains = modules.chains;
    this.#catchUp = modules.catchUp;
    this.#compactPeers = modules.compactPeers;
    this.#recent = modules.recent;
    this.#batch = new BatchTimer(modules.clock, () => this.#announceAll());
  }

  peerReady(peer: Peer): void {
    this.#states.set(peer, { prefersHeaders: false, pending: [] });
  }

  peerClosed(peer: Peer): void {
    this.#states.delete(peer);
  }

  /** Handles `sendheaders` (BIP130). */
  preferHeaders(peer: Peer): void {
    const state = this.#states.get(peer);
    if (state) state.prefersHeaders = true;
  }

  /** Announces a stored block, before full validation, to high-bandwidth peers (Core: NewPoWValidBlock). */
  blockStored({ index, block }: ChainEvents['blockStored']): void {
    const { isInitialBlockDownload, params } = this.#chain;
    if (isInitialBlockDownload || index.height <= this.#highestFastAnnounce) return;
    if (!isActiveAfter('segwit', index.prev, params)) return;
    this.#highestFastAnnounce = index.height;
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

  /** Queues the newly connected blocks. Blocks connected in the same turn of the event loop are announced together. */
  tipChanged({ tip, fork }: ChainEvents['tip']): void {
    if (this.#catchUp.isActive) return;
    const connected: BlockIndex[] = [];
    let index: BlockIndex | undefined = tip;
    while (index && index !== fork && connected.length <= MAX_BLOCKS_TO_ANNOUNCE) {
      connected.push(index);
      index = index.prev;
    }
    connected.reverse();
    for (const state of this.#states.values()) {
      state.pending.push(...connected);
      if (state.pending.length > MAX_BLOCKS_TO_ANNOUNCE) {
        state.pending = state.pending.slice(-MAX_BLOCKS_TO_ANNOUNCE - 1);
      }
    }
    this.#batch.schedule();
  }

  close(): void {
    this.#batch.cancel();
  }

  #announceAll(): void {
    for (const [peer, state] of this.#states) {
      const { pending } = state;
      if (pending.length === 0) continue;
      state.pending = [];
      const peerChain = this.#chains.get(peer);
      if (peerChain) this.#announce(peer, peerChain, state.prefersHeaders, pending);
    }
  }

  #announce(peer: Peer, peerChain: PeerChain, prefersHeaders: boolean, blocks: readonly BlockIndex[]): void {
    const byCompact = blocks.length === 1 && this.#compactPeers.wantsAnnouncements(peer);
    const byHeaders = (prefersHeaders || byCompact) && blocks.length <= MAX_BLOCKS_TO_ANNOUNCE;
    const headers = byHeaders ? this.#connectingHeaders(peerChain, blocks) : undefined;
    const last = blocks.at(-1)!;
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

  /** Returns the headers that the peer lacks; undefined if they would not connect to its chain. */
  #connectingHeaders(peerChain: PeerChain, blocks: readonly BlockIndex[]): BlockHeader[] | undefined {
    const headers: BlockHeader[] = [];
    let previous: BlockIndex | undefined;
    for (const index of blocks) {
      // A reorganisation since has made a block stale.
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
