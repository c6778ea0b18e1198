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

/** Milliseconds after which another peer is asked, and the one that did not answer is left. */
const BLOCK_TIMEOUT_MS = 20_000;

export interface BlockFetcherModules {
  readonly chain: HeaderChain;
  readonly chains: PeerChains;
  readonly clock: Clock;
}

interface Wanted {
  readonly index: BlockIndex;
  readonly arrived: ((block: Block) => void)[];
  /** Who has been asked, and did not have it or sent another. */
  readonly failed: Set<Peer>;
  peer: Peer | undefined;
  /** By the monotonic clock. */
  askedAt: number;
}

/** Fetches single blocks, each from one peer after the other until it comes and is what its header says. */
export class BlockFetcher {
  readonly #modules: BlockFetcherModules;
  readonly #peers = new Set<Peer>();
  readonly #wanted = new Map<string, Wanted>();
  #fetched = 0;

  constructor(modules: BlockFetcherModules) {
    this.#modules = modules;
  }

  /** How many have come. */
  get fetched(): number {
    return this.#fetched;
  }

  /**
   * Resolves with the block once a peer has sent it: its transactions, and their witnesses, are those that the header
   * commits to. While no peer has it, and for a block that no peer keeps, it waits; for one that the best chain loses, for ever.
   */
  fetch(index: BlockIndex): Promise<Block> {
    if (!index.prev) return Promise.resolve(this.#modules.chain.params.genesis);
    return new Promise((resolve) => {
      const wanted = this.#wanted.get(index.key);
      if (wanted) {
        wanted.arrived.push(resolve);
        return;
      }
      this.#wanted.set(index.key, { index, arrived: [resolve], failed: new Set(), peer: undefined, askedAt: 0 });
      this.#ask();
    });
  }

  /** Heights of the blocks that the peer has been asked for. */
  inFlight(peer: Peer): number[] {
    return [...this.#wanted.values()].filter((wanted) => wanted.peer === peer).map(({ index }) => index.height);
  }

  peerReady(peer: Peer): void {
    this.#peers.add(peer);
    this.#ask();
  }

  peerClosed(peer: Peer): void {
    this.#peers.delete(peer);
    for (const wanted of this.#wanted.values()) {
      wanted.failed.delete(peer);
      if (wanted.peer === peer) wanted.peer = undefined;
    }
    this.#ask();
  }

  tick(): void {
    const now = this.#modules.clock.monotonic();
    for (const { peer, askedAt, index } of this.#wanted.values()) {
      if (peer && now - askedAt > BLOCK_TIMEOUT_MS) peer.disconnect(`has not sent block ${index.hashHex} in time`);
    }
    this.#ask();
  }

  /** The best chain has moved: blocks that it has lost are of no use any more. */
  tipChanged(): void {
    for (const [key, { index }] of this.#wanted) if (!this.#modules.chain.contains(index)) this.#wanted.delete(key);
  }

  /** A `block` that a peer sent. */
  received(peer: Peer, block: Block): void {
    const wanted = [...this.#wanted.values()].find(({ index }) => equalBytes(index.hash, block.hash));
    // Nobody asked: it costs us nothing, and proves nothing.
    if (!wanted || wanted.peer !== peer) return;
    const { params } = this.#modules.chain;
    // The header says nothing of witnesses: without the second look they could be anything.
    const refusal = checkBlock(block, params) ?? checkBlockContext(block, wanted.index.prev!, params);
    if (refusal) {
      wanted.peer = undefined;
      wanted.failed.add(peer);
      peer.misbehaving(formatReject(refusal));
      this.#ask();
      return;
    }
    this.#wanted.delete(wanted.index.key);
    this.#fetched++;
    for (const arrived of wanted.arrived) arrived(block);
  }

  notFound(peer: Peer, entries: readonly InvEntry[]): void {
    for (const wanted of this.#wanted.values()) {
      if (wanted.peer !== peer || !entries.some(({ hash }) => equalBytes(hash, wanted.index.hash))) continue;
      wanted.peer = undefined;
      wanted.failed.add(peer);
    }
    this.#ask();
  }

  #ask(): void {
    for (const wanted of this.#wanted.values()) {
      if (wanted.peer) continue;
      const peer = this.#choose(wanted);
      if (!peer) continue;
      wanted.peer = peer;
      wanted.askedAt = this.#modules.clock.monotonic();
      peer.send('getdata', { entries: [{ type: InvType.WITNESS_BLOCK, hash: wanted.index.hash }] });
    }
  }

  /** The one with the least to do of those that have the block. */
  #choose({ index, failed }: Wanted): Peer | undefined {
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
