import { binaryKey, fromBinaryKey } from '../../bytes/compare.ts';
import type { Chain } from '../../chain/chain.ts';
import { type BlockIndex, lastCommonAncestor } from '../../chain/tree/block-index.ts';
import { isBlockMutatedInSteps } from '../../consensus/block-check.ts';
import { isActiveAfter } from '../../consensus/deployments.ts';
import { type Clock, unixSeconds } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Block } from '../../primitives/block.ts';
import type { Peer } from '../peer/peer.ts';
import type { Handling, Work } from '../peer/work.ts';
import { type InvEntry, InvType } from '../wire/messages/inventory.ts';
import { canServeBlocks, isLimited, MAX_BLOCKS_IN_FLIGHT, ServiceFlag } from '../wire/protocol.ts';
import { type BlockOptions, type BlockOutcome, BlockProcessor } from './block-processor.ts';
import { canDirectFetch } from './can-direct-fetch.ts';
import type { PartialBlock } from './compact/compact-block.ts';
import type { PeerChains } from './peer-chain.ts';

/** Blocks in flight up to which a peer is sent a further `getdata`, so that each requests several blocks. */
const REFILL_AT = 8;
/** Blocks ahead of the last common block with a peer that are downloaded (Core: BLOCK_DOWNLOAD_WINDOW). */
const BLOCK_DOWNLOAD_WINDOW = 1024;
/**
 * Blocks below its best that are requested from a limited peer (BIP159): 288, less two for blocks
 * found meanwhile, as in Core.
 */
const LIMITED_PEER_BLOCKS = 288 - 2;
/**
 * Milliseconds a peer may stall the download window (Core: BLOCK_STALLING_TIMEOUT_DEFAULT);
 * doubles after each disconnect.
 */
const STALL_MIN_MS = 2_000;
/** The highest stalling timeout, in milliseconds (Core: BLOCK_STALLING_TIMEOUT_MAX). */
const STALL_MAX_MS = 64_000;
/** Milliseconds after which a block in flight is requested from another peer that has it. */
const OVERDUE_MS = 10_000;
/** Processed blocks between two refills of all peers. */
const REFILL_EVERY = 32;
/** Blocks per step of `pathTo`, since a block index links to its parent only. */
const STEP = 128;

/** Modules that a `BlockDownload` uses. */
export interface BlockDownloadModules {
  readonly chain: Chain;
  readonly chains: PeerChains;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Callbacks of a `BlockDownload`. */
export interface BlockDownloadHooks {
  /** Returns whether a compact block may be requested from the peer. */
  mayRequestCompact(peer: Peer): boolean;
  /** The peer was the first to deliver a block that was connected, and no other block is in flight. */
  delivered(peer: Peer): void;
}

/** A block in flight from one peer (Core: QueuedBlock). */
export interface BlockRequest {
  readonly peer: Peer;
  readonly index: BlockIndex;
  /** Monotonic milliseconds. */
  readonly at: number;
  /** The peer's compact block, under reconstruction; spent once that has succeeded or failed (Core: partialBlock). */
  partial: PartialBlock | 'spent' | undefined;
}

interface DownloadState {
  readonly peer: Peer;
  /** The last block of the peer's chain up to which we have all blocks (Core: pindexLastCommonBlock). */
  lastCommon: BlockIndex | undefined;
  /** Blocks in flight by key, in request order (Core: vBlocksInFlight). */
  readonly requests: Map<string, BlockRequest>;
  /** The block of the peer's chain up to which nothing is left to request, valid while `#round` is `scannedIn`. */
  scanned: BlockIndex | undefined;
  scannedIn: number;
  /** Whether all blocks to request are beyond the window. */
  isBlockedByWindow: boolean;
  /** Keys of blocks that the peer does not have, or sent an invalid block for. */
  readonly absent: Set<string>;
  /** Monotonic milliseconds since when the peer stalls the window (Core: m_stalling_since). */
  stallingSince: number | undefined;
  /** Monotonic milliseconds since when the peer has owed its next block (Core: m_downloading_since). */
  downloadingSince: number;
  /** Keys of overdue blocks. While there are any, the peer is sent requests only for blocks that no other peer has. */
  readonly overdue: Set<string>;
  /** Unix seconds of the peer's last block that was new to us (Core: m_last_block_time). */
  lastBlockTime: number;
}

/** Downloads the blocks of the best header chains from all peers in parallel, within a moving window. */
export class BlockDownload {
  readonly #chain: Chain;
  readonly #chains: PeerChains;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #processor: BlockProcessor;
  readonly #states = new Map<Peer, DownloadState>();
  readonly #hooks: BlockDownloadHooks;
  /**
   * Blocks in flight by key (Core: mapBlocksInFlight). A block has several requests only for parallel compact blocks.
   */
  readonly #requests = new Map<string, BlockRequest[]>();
  #stallMs = STALL_MIN_MS;
  /** Incremented when a requested block must be requested again, which invalidates `scanned` of all peers. */
  #round = 0;
  /** Blocks processed since the last `refill`. */
  #sinceRefill = 0;

  constructor(modules: BlockDownloadModules, hooks: BlockDownloadHooks) {
    this.#hooks = hooks;
    this.#chain = modules.chain;
    this.#chains = modules.chains;
    this.#clock = modules.clock;
    this.#logger = modules.logger;
    this.#processor = new BlockProcessor(modules.chain, modules.logger, (...block) => this.#processed(...block));
  }

  peerReady(peer: Peer): void {
    this.#states.set(peer, {
      peer,
      lastCommon: undefined,
      requests: new Map(),
      scanned: undefined,
      scannedIn: 0,
      isBlockedByWindow: false,
      absent: new Set(),
      stallingSince: undefined,
      downloadingSince: 0,
      overdue: new Set(),
      lastBlockTime: 0,
    });
  }

  peerClosed(peer: Peer): void {
    const state = this.#states.get(peer);
    if (!state) return;
    for (const key of state.requests.keys()) this.#release(key, peer);
    this.#states.delete(peer);
    this.#processor.peerClosed(peer);
    this.refill();
  }

  close(): void {
    this.#processor.close();
  }

  /** Returns the heights of the blocks in flight from a peer. */
  inFlight(peer: Peer): number[] {
    return [...(this.#states.get(peer)?.requests.values() ?? [])].map(({ index }) => index.height);
  }

  /** Returns the last block in common with a peer, as far as the download has determined it. */
  lastCommon(peer: Peer): BlockIndex | undefined {
    return this.#states.get(peer)?.lastCommon;
  }

  /** Returns the Unix seconds of the last new block from a peer; 0 for none. */
  lastBlockTime(peer: Peer): number {
    return this.#states.get(peer)?.lastBlockTime ?? 0;
  }

  /** Resolves when the blocks received from a peer are processed; undefined if there are none. */
  settled(peer: Peer): Promise<void> | undefined {
    return this.#processor.settled(peer);
  }

  /** Resolves when all received blocks are processed. */
  idle(): Promise<void> {
    return this.#processor.idle();
  }

  /** Requests blocks from all peers up to their limits. */
  refill(): void {
    this.#sinceRefill = 0;
    for (const state of this.#states.values()) this.#refill(state);
  }

  /** Returns a block's requests in flight, oldest first. */
  requestsFor(index: BlockIndex): readonly BlockRequest[] {
    return this.#requests.get(index.key) ?? [];
  }

  /** Returns whether a received block is being processed. */
  isProcessing(index: BlockIndex): boolean {
    return this.#processor.has(index.key);
  }

  /** Marks a block as in flight from a peer, possibly in parallel to other peers (Core: BlockRequested). */
  claim(peer: Peer, index: BlockIndex): BlockRequest {
    const now = this.#clock.monotonic();
    const request: BlockRequest = { peer, index, at: now, partial: undefined };
    const state = this.#states.get(peer);
    if (state?.requests.size === 0 && state.overdue.size === 0) state.downloadingSince = now;
    state?.requests.set(index.key, request);
    const others = this.#requests.get(index.key);
    if (others) others.push(request);
    else this.#requests.set(index.key, [request]);
    return request;
  }

  /** Marks a block as no longer in flight from a peer (Core: RemoveBlockRequest). */
  release(peer: Peer, index: BlockIndex): void {
    this.#release(index.key, peer);
    if (!this.#requests.has(index.key)) this.refill();
  }

  /** Requests the whole block from a peer whose request is in flight. */
  requestFullBlock(peer: Peer, { hash }: BlockIndex): void {
    peer.send('getdata', { entries: [{ type: InvType.WITNESS_BLOCK, hash }] });
  }

  /** Handles `block`. The peer should not be read while a returned promise is pending. */
  received(peer: Peer, block: Block): Handling {
    const key = binaryKey(block.hash);
    return this.#receive(peer, block, key, { requested: this.#requests.has(key), viaCompact: false });
  }

  /** Handles a block that was reconstructed from a compact block. */
  reconstructed(peer: Peer, block: Block): Handling {
    return this.#receive(peer, block, binaryKey(block.hash), { requested: true, viaCompact: true });
  }

  #receive(peer: Peer, block: Block, key: string, options: BlockOptions): Handling {
    const state = this.#states.get(peer);
    if (state) state.downloadingSince = this.#clock.monotonic();
    const known = this.#chain.getIndex(block.hash);
    if (known) this.#chains.get(peer)?.learn(known);
    state?.overdue.delete(key);
    if (known?.hasData) {
      if (options.viaCompact) this.#receivedKnown(peer, key);
      else return this.#checkKnown(peer, block, known);
      return;
    }
    // Requests to other peers stay in flight until this block is known to be valid.
    this.#remove(key, peer);
    const backpressure = this.#processor.add(peer, block, key, options);
    if (state) {
      state.overdue.clear();
      this.#refill(state);
    }
    return backpressure;
  }

  /** Handles a block that is stored already. One that is mutated proves that the peer lies. */
  *#checkKnown(peer: Peer, block: Block, known: BlockIndex): Work {
    const segwitActive = isActiveAfter('segwit', known.prev, this.#chain.params);
    if (yield* isBlockMutatedInSteps(block, segwitActive)) peer.misbehaving('mutated block');
    else this.#receivedKnown(peer, known.key);
  }

  #receivedKnown(peer: Peer, key: string): void {
    this.#removeAll(key);
    const state = this.#states.get(peer);
    if (state) this.#refill(state);
  }

  /** Handles `notfound`: requests the blocks from other peers. */
  notFound(peer: Peer, entries: readonly InvEntry[]): void {
    const state = this.#states.get(peer);
    if (!state) return;
    for (const { hash } of entries) {
      const key = binaryKey(hash);
      if (!state.requests.has(key)) continue;
      this.#release(key, peer);
      this.#markAbsent(state, key);
    }
    this.refill();
  }

  /** Disconnects stalling peers, and reassigns overdue blocks. */
  tick(): void {
    const now = this.#clock.monotonic();
    for (const state of this.#states.values()) {
      if (state.isBlockedByWindow && state.requests.size === 0) this.#markStaller(state, now);
    }
    for (const state of this.#states.values()) {
      const { peer, stallingSince, requests, overdue } = state;
      if (stallingSince !== undefined && now - stallingSince > this.#stallMs) {
        // The next peer gets more time: with a slow connection of our own, all peers would be disconnected otherwise.
        this.#stallMs = Math.min(this.#stallMs * 2, STALL_MAX_MS);
        peer.disconnect('block download stall');
      } else if (requests.size + overdue.size > 0 && now - state.downloadingSince > this.#blockTimeoutMs(state)) {
        peer.disconnect('block download timeout');
      } else {
        this.#reassignOverdue(state, now);
      }
    }
    this.refill();
  }

  /** Marks the peer with the window's first missing block in flight as stalling. */
  #markStaller(state: DownloadState, now: number): void {
    const best = this.#chains.get(state.peer)?.bestKnown;
    const first = best?.ancestor(this.#lastCommon(state, best).height + 1);
    const request = first && this.requestsFor(first)[0];
    const staller = request && this.#states.get(request.peer);
    if (staller) staller.stallingSince ??= now;
  }

  /**
   * Milliseconds a peer has for one block: a block interval, and half of one for each other peer with blocks in flight
   * (Core: BLOCK_DOWNLOAD_TIMEOUT_BASE, BLOCK_DOWNLOAD_TIMEOUT_PER_PEER).
   */
  #blockTimeoutMs(state: DownloadState): number {
    let others = 0;
    for (const other of this.#states.values()) if (other !== state && other.requests.size > 0) others++;
    return this.#chain.params.powTargetSpacing * 1000 * (1 + 0.5 * others);
  }

  /** Releases overdue requests whose blocks other peers have. */
  #reassignOverdue(state: DownloadState, now: number): void {
    for (const [key, request] of state.requests) {
      if (now - request.at <= OVERDUE_MS) break;
      if (!this.#othersHave(request.index, state)) continue;
      this.#logger.debug({ peer: state.peer.id, height: request.index.height }, 'block overdue, reassigned');
      state.overdue.add(key);
      this.#release(key, state.peer);
    }
  }

  #othersHave(index: BlockIndex, state: DownloadState): boolean {
    for (const other of this.#states.values()) {
      if (other === state || other.overdue.size > 0 || other.absent.has(index.key) || !this.#isUsable(other)) continue;
      if (this.#chains.get(other.peer)?.hasBlock(index)) return true;
    }
    return false;
  }

  /** Removes an unsuccessful request, so that the block is requested again. */
  #release(key: string, peer: Peer): void {
    this.#round++;
    this.#remove(key, peer);
  }

  #remove(key: string, peer: Peer): void {
    const others = this.#requests.get(key)?.filter((request) => request.peer !== peer);
    if (!others) return;
    if (others.length > 0) this.#requests.set(key, others);
    else this.#requests.delete(key);
    const state = this.#states.get(peer);
    if (state?.requests.delete(key)) state.stallingSince = undefined;
  }

  #removeAll(key: string): void {
    for (const { peer } of this.#requests.get(key) ?? []) this.#remove(key, peer);
  }

  /** Records that a block is not to be requested from the peer again. */
  #markAbsent(state: DownloadState, key: string): void {
    state.absent.add(key);
    if (state.absent.size > BLOCK_DOWNLOAD_WINDOW) state.peer.disconnect('announced blocks unavailable');
  }

  /** Handles the result of a block that was passed to the chain. */
  #processed(peer: Peer, key: string, outcome: BlockOutcome): void {
    const state = this.#states.get(peer);
    if (outcome !== 'rejected') this.#removeAll(key);
    if (outcome === 'new') {
      this.#stallMs = Math.max(STALL_MIN_MS, this.#stallMs * 0.85);
      if (state) state.lastBlockTime = unixSeconds(this.#clock);
      this.#reportDelivery(peer, key);
    } else {
      this.#round++;
      if (outcome === 'rejected' && state) this.#markAbsent(state, key);
    }
    // The window moves with every block; to refill every few blocks is enough.
    if (outcome !== 'new' || this.#processor.isIdle || ++this.#sinceRefill >= REFILL_EVERY) this.refill();
  }

  #reportDelivery(peer: Peer, key: string): void {
    if (this.#requests.size > 0 || this.#chain.isInitialBlockDownload || peer.isClosed) return;
    const index = this.#chain.getIndex(fromBinaryKey(key));
    if (index && this.#chain.contains(index)) this.#hooks.delivered(peer);
  }

  /** Returns whether blocks may be requested from a peer at all. */
  #isUsable({ peer }: DownloadState): boolean {
    if (!canServeBlocks(peer.services) || (peer.services & ServiceFlag.WITNESS) === 0n) return false;
    if (!this.#chain.isInitialBlockDownload) return true;
    return !isLimited(peer.services) && (!peer.inbound || this.#mayUseInbound());
  }

  /** During the initial block download, inbound peers are used only while no outbound peer has blocks in flight. */
  #mayUseInbound(): boolean {
    for (const { peer, requests } of this.#states.values()) if (!peer.inbound && requests.size > 0) return false;
    return true;
  }

  #refill(state: DownloadState): void {
    const { peer, requests } = state;
    if (requests.size > REFILL_AT || peer.isClosed || this.#processor.isFull || !this.#isUsable(state)) return;
    const wanted = this.#nextBlocks(state, MAX_BLOCKS_IN_FLIGHT - requests.size);
    if (wanted.length === 0) return;
    for (const index of wanted) this.claim(peer, index);
    const type = this.#prefersCompact(peer, wanted) ? InvType.CMPCT_BLOCK : InvType.WITNESS_BLOCK;
    peer.send('getdata', { entries: wanted.map(({ hash }) => ({ type, hash })) });
  }

  /** Returns whether only the tip's child is requested, of which the mempool is likely to hold the transactions. */
  #prefersCompact(peer: Peer, wanted: readonly BlockIndex[]): boolean {
    const { tip } = this.#chain;
    if (wanted.length !== 1 || this.#requests.size !== 1 || wanted[0]!.prev !== tip) return false;
    return this.#hooks.mayRequestCompact(peer) && canDirectFetch(this.#chain, this.#clock);
  }

  /** Returns the last block on the path to `best`, the peer's best known block, up to which we have all blocks. */
  #lastCommon(state: DownloadState, best: BlockIndex): BlockIndex {
    const { tip } = this.#chain;
    const known = best.ancestor(tip.height) === tip ? tip : state.lastCommon;
    let last = known ? lastCommonAncestor(known, best) : this.#chain.findFork(best);
    while (last !== best) {
      const next: BlockIndex = best.ancestor(last.height + 1)!;
      if (!next.hasData) break;
      last = next;
    }
    state.lastCommon = last;
    return last;
  }

  /**
   * Returns the peer's next blocks within the window that are missing and not in flight (Core:
   * FindNextBlocksToDownload).
   */
  #nextBlocks(state: DownloadState, count: number): BlockIndex[] {
    const wanted: BlockIndex[] = [];
    state.isBlockedByWindow = false;
    const best = this.#chains.get(state.peer)?.bestKnown;
    const { tip, params } = this.#chain;
    if (!best || best.chainwork < tip.chainwork || best.chainwork < params.minimumChainWork) return wanted;
    const start = this.#lastCommon(state, best);
    const end = Math.min(best.height, start.height + BLOCK_DOWNLOAD_WINDOW);
    let scanned = this.#scanStart(state, best, start);
    let isUnbroken = true;
    for (const index of pathTo(best, scanned.height + 1, end)) {
      if (index.failed || wanted.length === count) break;
      if (!index.hasData && !this.#requests.has(index.key) && !this.#processor.has(index.key)) {
        if (this.#mayRequest(state, index, best)) wanted.push(index);
        else isUnbroken = false;
      }
      if (isUnbroken) scanned = index;
    }
    state.scanned = scanned;
    state.scannedIn = this.#round;
    state.isBlockedByWindow = wanted.length === 0 && scanned.height === end && end < best.height;
    return wanted;
  }

  /** Returns the block up to which nothing is left to request: that of the last scan, if it is still valid. */
  #scanStart(state: DownloadState, best: BlockIndex, start: BlockIndex): BlockIndex {
    const { scanned, scannedIn } = state;
    const isValid = scanned && scannedIn === this.#round && scanned.height > start.height;
    return isValid && best.ancestor(scanned.height) === scanned ? scanned : start;
  }

  #mayRequest(state: DownloadState, index: BlockIndex, best: BlockIndex): boolean {
    if (state.absent.has(index.key)) return false;
    if (isLimited(state.peer.services) && best.height - index.height >= LIMITED_PEER_BLOCKS) return false;
    return state.overdue.size === 0 || !this.#othersHave(index, state);
  }
}

/** Yields the blocks from height `from` to height `to` on the path to `best`, lowest first. */
function* pathTo(best: BlockIndex, from: number, to: number): Generator<BlockIndex> {
  for (let first = from; first <= to; first += STEP) {
    const last = Math.min(to, first + STEP - 1);
    const step = new Array<BlockIndex>(last - first + 1);
    let index = best.ancestor(last);
    for (let i = last - first; i >= 0; i--) {
      step[i] = index!;
      index = index!.prev;
    }
    yield* step;
  }
}
