import { equalBytes } from '../bytes/compare.ts';
import type { BlockIndex } from '../chain/tree/block-index.ts';
import { checkBlock, checkBlockContext } from '../consensus/block-check.ts';
import { formatReject } from '../consensus/reject.ts';
import type { PeerChains } from '../p2p/blocks/peer-chain.ts';
import type { Peer } from '../p2p/peer/peer.ts';
import { type InvEntry, InvType } from '../p2p/wire/messages/inventory.ts';
import { canServeBlocks } from '../p2p/wire/protocol.ts';
import type { Clock } from '../platform/clock.ts';
import type { Block } from '../primitives/block.ts';
import type { HeaderChain } from './header-chain.ts';

/** Milliseconds a peer may take to send a block. After that, it is disconnected and another peer is asked. */
const BLOCK_TIMEOUT_MS = 20_000;

/** Modules that a `BlockFetcher` uses. */
export interface BlockFetcherModules {
  readonly chain: HeaderChain;
  readonly chains: PeerChains;
  readonly clock: Clock;
}

interface PendingBlock {
  readonly index: BlockIndex;
  readonly resolvers: ((block: Block) => void)[];
  /** Peers that answered with `notfound` or an invalid block. */
  readonly failed: Set<Peer>;
  /** The peer from which the block is in flight. */
  peer: Peer | undefined;
  /** Monotonic milliseconds. */
  requestedAt: number;
}

/** Fetches single blocks, each from one peer at a time, until a peer sends a block that its header commits to. */
export class BlockFetcher {
  readonly #modules: BlockFetcherModules;
  readonly #peers = new Set<Peer>();
  readonly #pending = new Map<string, PendingBlock>();
  #fetched = 0;

  constructor(modules: BlockFetcherModules) {
    this.#modules = modules;
  }

  /** Number of blocks received. */
  get fetched(): number {
    return this.#fetched;
  }

  /**
   * Resolves with the block once a peer sends it; its header commits to all of its transactions and witnesses. Stays
   * pending while no peer has the block. Never resolves if the block leaves the best chain.
   */
  fetch(index: BlockIndex): Promise<Block> {
    if (!index.prev) return Promise.resolve(this.#modules.chain.params.genesis);
    return new Promise((resolve) => {
      const pending = this.#pending.get(index.key);
      if (pending) {
        pending.resolvers.push(resolve);
        return;
      }
      this.#pending.set(index.key, { index, resolvers: [resolve], failed: new Set(), peer: undefined, requestedAt: 0 });
      this.#requestBlocks();
    });
  }

  /** Returns the heights of the blocks in flight from a peer. */
  inFlight(peer: Peer): number[] {
    return [...this.#pending.values()].filter((pending) => pending.peer === peer).map(({ index }) => index.height);
  }

  peerReady(peer: Peer): void {
    this.#peers.add(peer);
    this.#requestBlocks();
  }

  peerClosed(peer: Peer): void {
    this.#peers.delete(peer);
    for (const pending of this.#pending.values()) {
      pending.failed.delete(peer);
      if (pending.peer === peer) pending.peer = undefined;
    }
    this.#requestBlocks();
  }

  tick(): void {
    const now = this.#modules.clock.monotonic();
    for (const { peer, requestedAt, index } of this.#pending.values()) {
      if (peer && now - requestedAt > BLOCK_TIMEOUT_MS) peer.disconnect(`block timeout: ${index.hashHex}`);
    }
    this.#requestBlocks();
  }

  /** Drops requests for blocks that left the best chain. */
  tipChanged(): void {
    for (const [key, { index }] of this.#pending) if (!this.#modules.chain.contains(index)) this.#pending.delete(key);
  }

  /** Handles a `block` message. */
  received(peer: Peer, block: Block): void {
    const pending = [...this.#pending.values()].find(({ index }) => equalBytes(index.hash, block.hash));
    // An unrequested block is ignored without penalty.
    if (!pending || pending.peer !== peer) return;
    const { params } = this.#modules.chain;
    // The merkle root does not cover witnesses; `checkBlockContext` checks the witness commitment (BIP141).
    const reject = checkBlock(block, params) ?? checkBlockContext(block, pending.index.prev!, params);
    if (reject) {
      pending.peer = undefined;
      pending.failed.add(peer);
      peer.misbehaving(formatReject(reject));
      this.#requestBlocks();
      return;
    }
    this.#pending.delete(pending.index.key);
    this.#fetched++;
    for (const resolve of pending.resolvers) resolve(block);
  }

  /** Handles a `notfound` message: the blocks are requested from other peers. */
  notFound(peer: Peer, entries: readonly InvEntry[]): void {
    for (const pending of this.#pending.values()) {
      if (pending.peer !== peer || !entries.some(({ hash }) => equalBytes(hash, pending.index.hash))) continue;
      pending.peer = undefined;
      pending.failed.add(peer);
    }
    this.#requestBlocks();
  }

  #requestBlocks(): void {
    for (const pending of this.#pending.values()) {
      if (pending.peer) continue;
      const peer = this.#selectPeer(pending);
      if (!peer) continue;
      pending.peer = peer;
      pending.requestedAt = this.#modules.clock.monotonic();
      peer.send('getdata', { entries: [{ type: InvType.WITNESS_BLOCK, hash: pending.index.hash }] });
    }
  }

  /** Returns the peer with the fewest blocks in flight among those that have the block. */
  #selectPeer({ index, failed }: PendingBlock): Peer | undefined {
    let best: Peer | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const peer of this.#peers) {
      if (failed.has(peer) || !canServeBlocks(peer.services)) continue;
      if (this.#modules.chains.get(peer)?.hasBlock(index) !== true) continue;
      const load = this.inFlight(peer).length;
      if (load < least) {
        best = peer;
        least = load;
      }
    }
    return best;
  }
}
