import { binaryKey, fromBinaryKey } from '../../bytes/compare.ts';
import type { Chain } from '../../chain/chain.ts';
import { type BlockIndex, lastCommonAncestor } from '../../chain/tree/block-index.ts';
import { isBlockMutated } from '../../consensus/block-check.ts';
import { isActiveAfter } from '../../consensus/deployments.ts';
import { type Clock, unixSeconds } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Block } from '../../primitives/block.ts';
import type { Peer } from '../peer/peer.ts';
import { type InvEntry, InvType } from '../wire/messages/inventory.ts';
import { canServeBlocks, isLimited, MAX_BLOCKS_IN_FLIGHT, ServiceFlag } from '../wire/protocol.ts';
import { type BlockOptions, type BlockOutcome, BlockProcessor } from './block-processor.ts';
import { canDirectFetch } from './can-direct-fetch.ts';
import type { PartialBlock } from './compact/compact-block.ts';
import type { PeerChains } from './peer-chain.ts';

/** New ones are asked for when no more than this are under way, so that a `getdata` names several. */
const REFILL_AT = 8;
/** How far beyond the last block that we have in common with a peer we download (Core: BLOCK_DOWNLOAD_WINDOW). */
const BLOCK_DOWNLOAD_WINDOW = 1024;
/** A limited peer surely has as many of its last blocks (BIP159), less what may come meanwhile. */
const LIMITED_PEER_BLOCKS = 288 - 2;
/** Milliseconds for which a peer may hold up all others at the window's end; grows when that has hit a peer. */
const STALL_MIN_MS = 2_000;
const STALL_MAX_MS = 64_000;
/** Milliseconds after which a block is asked of another peer that has it. */
const LAPSE_MS = 10_000;
/** While blocks keep coming, the peers are looked over once per so many. */
const REFILL_EVERY = 32;
/** Links lead backwards only, so paths are walked in steps of so many blocks. */
const STEP = 128;

export interface BlockDownloadModules {
  readonly chain: Chain;
  readonly chains: PeerChains;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface BlockDownloadHooks {
  /** Whether the peer may be asked for a block in compact form. */
  mayRequestCompact(peer: Peer): boolean;
  /** The peer has delivered a block that became part of the active chain, and no other is under way. */
  delivered(peer: Peer): void;
}

/** A block that one peer has been asked for. */
export interface BlockRequest {
  readonly peer: Peer;
  readonly index: BlockIndex;
  /** By the monotonic clock. */
  readonly at: number;
  /** The compact block that the peer has sent; spent when it has been used, or was of no use. */
  partial: PartialBlock | 'spent' | undefined;
}

interface DownloadState {
  readonly peer: Peer;
  /** The last block of the peer's chain up to which we have all (Core: pindexLastCommonBlock). */
  lastCommon: BlockIndex | undefined;
  /** By key of the block, in the order asked for. */
  readonly requests: Map<string, BlockRequest>;
  /** Up to this block of the peer's chain nothing is left to ask for, as of the round `scannedIn`. */
  scanned: BlockIndex | undefined;
  scannedIn: number;
  /** There is nothing to ask for within the window, but beyond it. */
  starved: boolean;
  /** Blocks that the peer said it does not have, or of which it sent something that was refused. */
  readonly absent: Set<string>;
  /** By the monotonic clock, as all such times here: since when the others wait for this peer alone. */
  stallingSince: number | undefined;
  /** Since when the peer owes its next block. */
  owesSince: number;
  /** Blocks it has not sent in time. While there are any it is asked only for what nobody else has. */
  readonly overdue: Set<string>;
  /** Seconds since the Unix epoch of the last block that was new to us. */
  lastBlockTime: number;
}

/** Fetches the blocks of the chains with the most work from all peers that have them, within a moving window. */
export class BlockDownload {
  readonly #chain: Chain;
  readonly #chains: PeerChains;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #intake: BlockProcessor;
  readonly #states = new Map<Peer, DownloadState>();
  readonly #hooks: BlockDownloadHooks;
  /** The requests under way, by key of the block; there are several only where compact blocks compete. */
  readonly #requests = new Map<string, BlockRequest[]>();
  #stallMs = STALL_MIN_MS;
  /** Grows when blocks that were asked for, or were here, have to be asked for again. */
  #round = 0;
  /** Blocks processed since the last `refill`. */
  #sinceRefill = 0;

  constructor(modules: BlockDownloadModules, hooks: BlockDownloadHooks) {
    this.#hooks = hooks;
    this.#chain = modules.chain;
    this.#chains = modules.chains;
    this.#clock = modules.clock;
    this.#logger = modules.logger;
    this.#intake = new BlockProcessor(modules.chain, modules.logger, (...block) => this.#processed(...block));
  }

  peerReady(peer: Peer): void {
    this.#states.set(peer, {
      peer,
      lastCommon: undefined,
      requests: new Map(),
      scanned: undefined,
      scannedIn: 0,
      starved: false,
      absent: new Set(),
      stallingSince: undefined,
      owesSince: 0,
      overdue: new Set(),
      lastBlockTime: 0,
    });
  }

  peerClosed(peer: Peer): void {
    const state = this.#states.get(peer);
    if (!state) return;
    for (const key of state.requests.keys()) this.#release(key, peer);
    this.#states.delete(peer);
    this.#intake.peerClosed(peer);
    this.refill();
  }

  close(): void {
    this.#intake.close();
  }

  /** Heights of the blocks that a peer has been asked for. */
  inFlight(peer: Peer): number[] {
    return [...(this.#states.get(peer)?.requests.values() ?? [])].map(({ index }) => index.height);
  }

  /** The last block that we have in common with a peer, as far as downloads have shown. */
  lastCommon(peer: Peer): BlockIndex | undefined {
    return this.#states.get(peer)?.lastCommon;
  }

  /** Unix seconds of the last new block from a peer; 0 for none. */
  lastBlockTime(peer: Peer): number {
    return this.#states.get(peer)?.lastBlockTime ?? 0;
  }

  /** Resolves when the blocks that this peer has sent are processed; undefined if none are waiting. */
  settled(peer: Peer): Promise<void> | undefined {
    return this.#intake.settled(peer);
  }

  /** Resolves when every block that has come is processed. */
  idle(): Promise<void> {
    return this.#intake.idle();
  }

  /** Asks for what may be asked for. */
  refill(): void {
    this.#sinceRefill = 0;
    for (const state of this.#states.values()) this.#refill(state);
  }

  /** Who has been asked for a block, in the order of asking. */
  requestsFor(index: BlockIndex): readonly BlockRequest[] {
    return this.#requests.get(index.key) ?? [];
  }

  /** Whether a block has come and is being judged. */
  isProcessing(index: BlockIndex): boolean {
    return this.#intake.has(index.key);
  }

  /** Counts a block as asked of a peer, perhaps beside others. */
  claim(peer: Peer, index: BlockIndex): BlockRequest {
    const now = this.#clock.monotonic();
    const request: BlockRequest = { peer, index, at: now, partial: undefined };
    const state = this.#states.get(peer);
    if (state?.requests.size === 0 && state.overdue.size === 0) state.owesSince = now;
    state?.requests.set(index.key, request);
    const others = this.#requests.get(index.key);
    if (others) others.push(request);
    else this.#requests.set(index.key, [request]);
    return request;
  }

  /** The peer need not be waited for any more. */
  release(peer: Peer, index: BlockIndex): void {
    this.#release(index.key, peer);
    if (!this.#requests.has(index.key)) this.refill();
  }

  /** Asks a peer, whose request is under way, for the whole block. */
  requestFullBlock(peer: Peer, { hash }: BlockIndex): void {
    peer.send('getdata', { entries: [{ type: InvType.WITNESS_BLOCK, hash }] });
  }

  /** Takes a block. While the returned promise is pending, no more should be read from this peer. */
  received(peer: Peer, block: Block): void | Promise<void> {
    const key = binaryKey(block.hash);
    return this.#take(peer, block, key, { requested: this.#requests.has(key), viaCompact: false });
  }

  /** Takes a block that was put together from a compact one. */
  reconstructed(peer: Peer, block: Block): void | Promise<void> {
    return this.#take(peer, block, binaryKey(block.hash), { requested: true, viaCompact: true });
  }

  #take(peer: Peer, block: Block, key: string, options: BlockOptions): void | Promise<void> {
    const state = this.#states.get(peer);
    if (state) state.owesSince = this.#clock.monotonic();
    const known = this.#chain.getIndex(block.hash);
    if (known) this.#chains.get(peer)?.learn(known);
    state?.overdue.delete(key);
    if (known?.hasData) {
      if (!options.viaCompact && isBlockMutated(block, isActiveAfter('segwit', known.prev, this.#chain.params))) {
        return peer.misbehaving('a known block, spoilt');
      }
      this.#removeAll(key);
      if (state) this.#refill(state);
      return;
    }
    // What others have been asked for stands until this one turns out to be good.
    this.#remove(key, peer);
    const room = this.#intake.add(peer, block, key, options);
    if (state) {
      state.overdue.clear();
      this.#refill(state);
    }
    return room;
  }

  /** The peer does not have what we asked it for. */
  notFound(peer: Peer, entries: readonly InvEntry[]): void {
    const state = this.#states.get(peer);
    if (!state) return;
    for (const { hash } of entries) {
      const key = binaryKey(hash);
      if (!state.requests.has(key)) continue;
      this.#release(key, peer);
      this.#noteAbsent(state, key);
    }
    this.refill();
  }

  /** Judges who keeps us waiting. */
  tick(): void {
    const now = this.#clock.monotonic();
    for (const state of this.#states.values()) {
      if (state.starved && state.requests.size === 0) this.#blame(state, now);
    }
    for (const state of this.#states.values()) {
      const { peer, stallingSince, requests, overdue } = state;
      if (stallingSince !== undefined && now - stallingSince > this.#stallMs) {
        // If the fault is ours, say a slow line, giving each next peer more time avoids losing them all.
        this.#stallMs = Math.min(this.#stallMs * 2, STALL_MAX_MS);
        peer.disconnect('stalls the download of blocks');
      } else if (requests.size + overdue.size > 0 && now - state.owesSince > this.#patienceMs(state)) {
        peer.disconnect('timed out sending a block');
      } else {
        this.#moveLapsed(state, now);
      }
    }
    this.refill();
  }

  /** The peer that has been asked for the first block that we lack keeps all others from going on. */
  #blame(state: DownloadState, now: number): void {
    const best = this.#chains.get(state.peer)?.bestKnown;
    const first = best?.ancestor(this.#lastCommon(state, best).height + 1);
    const request = first && this.requestsFor(first)[0];
    const blocker = request && this.#states.get(request.peer);
    if (blocker) blocker.stallingSince ??= now;
  }

  /** Milliseconds that a peer has for one block: a block interval, and half of one for each other that sends us blocks. */
  #patienceMs(state: DownloadState): number {
    let others = 0;
    for (const other of this.#states.values()) if (other !== state && other.requests.size > 0) others++;
    return this.#chain.params.powTargetSpacing * 1000 * (1 + 0.5 * others);
  }

  /** Gives requests that are overdue to others that have the blocks. */
  #moveLapsed(state: DownloadState, now: number): void {
    for (const [key, request] of state.requests) {
      if (now - request.at <= LAPSE_MS) break;
      if (!this.#othersHave(request.index, state)) continue;
      this.#logger.debug({ peer: state.peer.id, height: request.index.height }, 'asking another peer for a block');
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

  /** A request has come to nothing: the block may be asked for again. */
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

  /** The peer is not asked for this block again. */
  #noteAbsent(state: DownloadState, key: string): void {
    state.absent.add(key);
    if (state.absent.size > BLOCK_DOWNLOAD_WINDOW) state.peer.disconnect('has none of its blocks');
  }

  /** A block has been judged, and stored if it is good. */
  #processed(peer: Peer, key: string, outcome: BlockOutcome): void {
    const state = this.#states.get(peer);
    if (outcome !== 'refused') this.#removeAll(key);
    if (outcome === 'new') {
      this.#stallMs = Math.max(STALL_MIN_MS, this.#stallMs * 0.85);
      if (state) state.lastBlockTime = unixSeconds(this.#clock);
      this.#judgeDelivery(peer, key);
    } else {
      this.#round++;
      if (outcome === 'refused' && state) this.#noteAbsent(state, key);
    }
    // The window moves with every block; looking anew now and then is enough.
    if (outcome !== 'new' || this.#intake.isIdle || ++this.#sinceRefill >= REFILL_EVERY) this.refill();
  }

  #judgeDelivery(peer: Peer, key: string): void {
    if (this.#requests.size > 0 || this.#chain.isInitialBlockDownload || peer.isClosed) return;
    const index = this.#chain.getIndex(fromBinaryKey(key));
    if (index && this.#chain.contains(index)) this.#hooks.delivered(peer);
  }

  /** Whether blocks may be asked of a peer at all. */
  #isUsable({ peer }: DownloadState): boolean {
    if (!canServeBlocks(peer.services) || (peer.services & ServiceFlag.WITNESS) === 0n) return false;
    if (!this.#chain.isInitialBlockDownload) return true;
    return !isLimited(peer.services) && (!peer.inbound || this.#mayUseInbound());
  }

  /** In the initial download, those who called us are asked only while those whom we called have nothing to do. */
  #mayUseInbound(): boolean {
    for (const { peer, requests } of this.#states.values()) if (!peer.inbound && requests.size > 0) return false;
    return true;
  }

  #refill(state: DownloadState): void {
    const { peer, requests } = state;
    if (requests.size > REFILL_AT || peer.isClosed || this.#intake.isFull || !this.#isUsable(state)) return;
    const wanted = this.#nextBlocks(state, MAX_BLOCKS_IN_FLIGHT - requests.size);
    if (wanted.length === 0) return;
    for (const index of wanted) this.claim(peer, index);
    const type = this.#isForMempool(peer, wanted) ? InvType.CMPCT_BLOCK : InvType.WITNESS_BLOCK;
    peer.send('getdata', { entries: wanted.map(({ hash }) => ({ type, hash })) });
  }

  /** Whether what is wanted is but the next block, made of transactions that we are likely to have. */
  #isForMempool(peer: Peer, wanted: readonly BlockIndex[]): boolean {
    const { tip } = this.#chain;
    if (wanted.length !== 1 || this.#requests.size !== 1 || wanted[0]!.prev !== tip) return false;
    return this.#hooks.mayRequestCompact(peer) && canDirectFetch(this.#chain, this.#clock);
  }

  /** The last block of the path to `best`, the peer's best one, up to which we have all. */
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

  /** The next blocks of the peer's chain, within the window, that we lack and that nobody has been asked for. */
  #nextBlocks(state: DownloadState, count: number): BlockIndex[] {
    const wanted: BlockIndex[] = [];
    state.starved = false;
    const best = this.#chains.get(state.peer)?.bestKnown;
    const { tip, params } = this.#chain;
    if (!best || best.chainwork < tip.chainwork || best.chainwork < params.minimumChainWork) return wanted;
    const start = this.#lastCommon(state, best);
    const end = Math.min(best.height, start.height + BLOCK_DOWNLOAD_WINDOW);
    let scanned = this.#whereToGoOn(state, best, start);
    let isUnbroken = true;
    for (const index of pathTo(best, scanned.height + 1, end)) {
      if (index.failed || wanted.length === count) break;
      if (!index.hasData && !this.#requests.has(index.key) && !this.#intake.has(index.key)) {
        if (this.#mayAsk(state, index, best)) wanted.push(index);
        else isUnbroken = false;
      }
      if (isUnbroken) scanned = index;
    }
    state.scanned = scanned;
    state.scannedIn = this.#round;
    state.starved = wanted.length === 0 && scanned.height === end && end < best.height;
    return wanted;
  }

  /** Up to where nothing is left to ask for: what an earlier look has shown, unless something has changed since. */
  #whereToGoOn(state: DownloadState, best: BlockIndex, start: BlockIndex): BlockIndex {
    const { scanned, scannedIn } = state;
    const isValid = scanned && scannedIn === this.#round && scanned.height > start.height;
    return isValid && best.ancestor(scanned.height) === scanned ? scanned : start;
  }

  #mayAsk(state: DownloadState, index: BlockIndex, best: BlockIndex): boolean {
    if (state.absent.has(index.key)) return false;
    if (isLimited(state.peer.services) && best.height - index.height >= LIMITED_PEER_BLOCKS) return false;
    return state.overdue.size === 0 || !this.#othersHave(index, state);
  }
}

/** The blocks from height `from` to height `to` on the path to `best`, lowest first. */
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
