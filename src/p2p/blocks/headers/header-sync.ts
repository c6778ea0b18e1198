import { equalBytes } from '../../../bytes/compare.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import type { HeaderView } from '../../../chain/tree/header-view.ts';
import { type BlockReject, checkHeader } from '../../../consensus/block-check.ts';
import { type Clock, unixSeconds } from '../../../platform/clock.ts';
import type { Logger } from '../../../platform/logger.ts';
import type { Random } from '../../../platform/random.ts';
import type { BlockHeader } from '../../../primitives/header.ts';
import type { Peer } from '../../peer/peer.ts';
import { NO_STOP } from '../../wire/messages/locator.ts';
import { canServeBlocks, MAX_HEADERS, SENDHEADERS_VERSION } from '../../wire/protocol.ts';
import { maybePunishNodeForBlock } from '../maybe-punish-node-for-block.ts';
import type { PeerChains } from '../peer-chain.ts';
import { antiDosWorkThreshold, claimedHeadersWork } from './anti-dos-work-threshold.ts';
import { HeadersPresync } from './headers-presync.ts';

/** Milliseconds within which `getheaders` is answered and not repeated (Core: HEADERS_RESPONSE_TIME). */
export const HEADERS_RESPONSE_MS = 2 * 60_000;
/** Milliseconds without an answer after which another peer is asked as well. */
const SOURCE_PATIENCE_MS = 10_000;
/** With a best header younger than this, in milliseconds, all peers are asked at once. */
const RECENT_MS = 24 * 60 * 60_000;
/** Milliseconds in which a chain has to be learned from one peer, and for each header that it may have. */
const HEADERS_DOWNLOAD_TIMEOUT_MS = 15 * 60_000;
const HEADERS_DOWNLOAD_TIMEOUT_PER_HEADER_MS = 1;

export interface HeaderSyncModules {
  readonly chain: HeaderView;
  readonly chains: PeerChains;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

interface HeaderSyncState {
  /** It has been asked for its chain. */
  started: boolean;
  /** By the monotonic clock, of a `getheaders` that awaits its answer. */
  requestedAt: number | undefined;
  /** How often it left `getheaders` without an answer. */
  lapses: number;
  /** An announcement has made us ask it although another peer is being synchronised from. */
  askedByAnnouncement: boolean;
  sentSendHeaders: boolean;
  /** Its chain has yet to show enough work to be stored. */
  presync: { readonly sync: HeadersPresync; readonly start: BlockIndex } | undefined;
}

/**
 * Headers first: learns each peer's chain, judged by its work. While far behind, from one peer at a time, as a long
 * chain need only be sent once; one that does not answer is replaced.
 */
export class HeaderSync {
  readonly #chain: HeaderView;
  readonly #chains: PeerChains;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #onAnswer: () => void;
  readonly #states = new Map<Peer, HeaderSyncState>();
  /** The peer from which a chain is being fetched while we are far behind. */
  #source: Peer | undefined;
  /** By the monotonic clock: when the source's chain has to be known, others being there to ask. */
  #sourceDeadline = 0;

  /** `onAnswer` is called after every `headers` message that makes sense: a peer's chain may be better known. */
  constructor(modules: HeaderSyncModules, onAnswer: () => void) {
    this.#chain = modules.chain;
    this.#chains = modules.chains;
    this.#clock = modules.clock;
    this.#random = modules.random;
    this.#logger = modules.logger;
    this.#onAnswer = onAnswer;
  }

  /** Whether a peer is being asked for a chain that may be far longer than ours. */
  get isActive(): boolean {
    return this.#source !== undefined;
  }

  peerReady(peer: Peer): void {
    this.#states.set(peer, {
      started: false,
      requestedAt: undefined,
      lapses: 0,
      askedByAnnouncement: false,
      sentSendHeaders: false,
      presync: undefined,
    });
    this.#start();
  }

  peerClosed(peer: Peer): void {
    this.#states.delete(peer);
    if (this.#source === peer) this.#source = undefined;
    this.#start();
  }

  /** The height up to which a peer's headers have been looked at while they show too little work to be stored. */
  presyncHeight(peer: Peer): number | undefined {
    return this.#states.get(peer)?.presync?.sync.presyncHeight;
  }

  /** The greatest `presyncHeight` of all peers. */
  get bestPresyncHeight(): number | undefined {
    let best: number | undefined;
    for (const { presync } of this.#states.values()) {
      if (presync) best = Math.max(best ?? 0, presync.sync.presyncHeight);
    }
    return best;
  }

  /** Whether the peer has been asked for its chain. */
  hasRequestedChain(peer: Peer): boolean {
    return this.#states.get(peer)?.started ?? false;
  }

  /** Asks the peer for what follows `from`, unless an answer is due. */
  request(peer: Peer, from: BlockIndex): void {
    const state = this.#states.get(peer);
    if (state) this.#request(peer, state, from);
  }

  /** Replaces a source that does not answer, or has us busy for too long. */
  tick(): void {
    const source = this.#source;
    const state = source && this.#states.get(source);
    if (state && this.#waits(state) > SOURCE_PATIENCE_MS) {
      state.lapses++;
      state.started = false;
      this.#source = undefined;
      this.#logger.debug({ peer: source.id }, 'no headers in time; asking another peer');
    } else if (state && this.#clock.monotonic() > this.#sourceDeadline && this.#nextSource()) {
      source.disconnect('takes too long to send its headers');
    }
    this.#start();
  }

  /** Asks whoever is to be asked next. */
  #start(): void {
    const isRecent = this.#chain.bestHeader.time * 1000 > this.#clock.now() - RECENT_MS;
    if (isRecent) {
      for (const [peer, state] of this.#states)
        if (!state.started && canServeBlocks(peer.services)) this.#ask(peer, state);
    } else if (!this.#source) {
      this.#source = this.#nextSource();
      if (!this.#source) return;
      this.#sourceDeadline = this.#clock.monotonic() + this.#headersTimeoutMs();
      this.#ask(this.#source, this.#states.get(this.#source)!);
    }
  }

  #headersTimeoutMs(): number {
    const { bestHeader, params } = this.#chain;
    const expected = (unixSeconds(this.#clock) - bestHeader.time) / params.powTargetSpacing;
    return HEADERS_DOWNLOAD_TIMEOUT_MS + HEADERS_DOWNLOAD_TIMEOUT_PER_HEADER_MS * expected;
  }

  /** Of those not asked yet: who has lapsed least, then one that we called, then the longest connected. */
  #nextSource(): Peer | undefined {
    let best: Peer | undefined;
    let bestRank = Number.POSITIVE_INFINITY;
    for (const [peer, state] of this.#states) {
      if (state.started || this.#awaitsAnswer(state) || !canServeBlocks(peer.services)) continue;
      const rank = state.lapses * 2 + (peer.inbound ? 1 : 0);
      if (rank < bestRank) {
        best = peer;
        bestRank = rank;
      }
    }
    return best;
  }

  /** From the block before our best one, so that the answer has at least one header and shows what the peer has. */
  #ask(peer: Peer, state: HeaderSyncState): void {
    state.started = true;
    const best = this.#chain.bestHeader;
    this.#request(peer, state, best.prev ?? best);
  }

  /** Milliseconds for which an answer has been due; 0 if none is. */
  #waits({ requestedAt }: HeaderSyncState): number {
    return requestedAt === undefined ? 0 : this.#clock.monotonic() - requestedAt;
  }

  #awaitsAnswer(state: HeaderSyncState): boolean {
    return state.requestedAt !== undefined && this.#waits(state) <= HEADERS_RESPONSE_MS;
  }

  /** Asks for what follows `from`, or `last` if the peer has that, unless an answer is due. */
  #request(peer: Peer, state: HeaderSyncState, from: BlockIndex, last?: Uint8Array): void {
    if (this.#awaitsAnswer(state)) return;
    state.requestedAt = this.#clock.monotonic();
    const locator = this.#chain.locator(from);
    peer.send('getheaders', { locator: last ? [last, ...locator] : locator, stop: NO_STOP });
  }

  /** The peer announced a block by its hash only. */
  announced(peer: Peer, hash: Uint8Array): void {
    const state = this.#states.get(peer);
    if (!state) return;
    this.#chains.get(peer)?.learnHash(hash);
    if (this.#chain.getIndex(hash)) return;
    if (this.#source && !state.started) {
      if (state.askedByAnnouncement) return;
      state.askedByAnnouncement = true;
    }
    this.#request(peer, state, this.#chain.bestHeader);
  }

  /** Takes a `headers` message, an answer or an announcement. */
  received(peer: Peer, headers: readonly BlockHeader[]): void {
    const state = this.#states.get(peer);
    if (!state) return;
    if (headers.length === 0) {
      state.presync = undefined;
      this.#answered(peer, state);
      this.#onAnswer();
      return;
    }
    for (const header of headers) {
      const refusal = checkHeader(header, this.#chain.params);
      if (!refusal) continue;
      this.#refuse(peer, header, refusal);
      return;
    }
    if (!isContinuous(headers)) {
      peer.misbehaving('headers that do not follow each other');
      return;
    }
    const isFull = headers.length === MAX_HEADERS;
    if (state.presync && this.#continuePresync(peer, state, headers, isFull)) return;
    const parent = this.#chain.getIndex(headers[0]!.prevHash);
    if (parent) this.#connecting(peer, state, parent, headers, isFull);
    else this.#unconnecting(peer, state, headers);
  }

  /** Headers of a peer whose chain has yet to show its work. Returns false if they are none of that. */
  #continuePresync(peer: Peer, state: HeaderSyncState, headers: readonly BlockHeader[], isFull: boolean): boolean {
    const { sync, start } = state.presync!;
    const { success, requestMore, accepted } = sync.process(headers, isFull);
    if (!requestMore) state.presync = undefined;
    if (!success) {
      this.#logger.debug({ peer: peer.id, height: sync.presyncHeight }, 'gave up a chain before it showed its work');
      return false;
    }
    state.requestedAt = undefined;
    if (requestMore) this.#request(peer, state, start, sync.lastHash);
    if (accepted.length > 0) this.#store(peer, state, accepted, isFull);
    else if (!requestMore) this.#ignore(peer, state, sync.presyncHeight);
    return true;
  }

  #connecting(
    peer: Peer,
    state: HeaderSyncState,
    parent: BlockIndex,
    headers: readonly BlockHeader[],
    isFull: boolean,
  ): void {
    state.requestedAt = undefined;
    const isKnown = this.#chain.getIndex(headers.at(-1)!.hash) !== undefined;
    const minimumWork = antiDosWorkThreshold(this.#chain);
    if (isKnown || claimedHeadersWork(parent, headers) >= minimumWork) this.#store(peer, state, headers, isFull);
    else if (isFull) this.#startPresync(peer, state, parent, headers, minimumWork);
    else this.#ignore(peer, state, parent.height + headers.length);
  }

  /** There is more to come, which may have the work that these lack. */
  #startPresync(
    peer: Peer,
    state: HeaderSyncState,
    start: BlockIndex,
    headers: readonly BlockHeader[],
    minimumWork: bigint,
  ): void {
    const { params } = this.#chain;
    const sync = new HeadersPresync({
      ...{ params, start, minimumWork, now: unixSeconds(this.#clock), random: this.#random },
    });
    state.presync = { sync, start };
    if (!this.#continuePresync(peer, state, headers, true)) this.#answered(peer, state);
  }

  #ignore(peer: Peer, state: HeaderSyncState, height: number): void {
    this.#logger.debug({ peer: peer.id, height }, 'ignored a chain of low work');
    this.#answered(peer, state);
    this.#onAnswer();
  }

  /** An announcement on top of blocks that we lack: asks for these, at most once per HEADERS_RESPONSE_MS. */
  #unconnecting(peer: Peer, state: HeaderSyncState, headers: readonly BlockHeader[]): void {
    this.#chains.get(peer)?.learnHash(headers.at(-1)!.hash);
    this.#request(peer, state, this.#chain.bestHeader);
  }

  /** Adds headers that are worth it to the tree. */
  #store(peer: Peer, state: HeaderSyncState, headers: readonly BlockHeader[], isFull: boolean): void {
    const isKnown = this.#chain.getIndex(headers.at(-1)!.hash) !== undefined;
    const { last, reject } = this.#chain.acceptHeaders(headers);
    const peerChain = this.#chains.get(peer);
    if (last) peerChain?.learn(last);
    if (last && peerChain && !isKnown && last.chainwork > this.#chain.tip.chainwork) {
      peerChain.announcedAt = this.#clock.monotonic();
    }
    // While the presync goes on, it asks for what it needs.
    if (!state.presync) {
      if (isFull && last && !reject) this.#request(peer, state, last);
      else this.#answered(peer, state);
    }
    if (reject) this.#refuse(peer, firstAfter(last, headers), reject);
    this.#offerHeaders(peer, state);
    this.#onAnswer();
  }

  /** Headers cost their sender nothing, so they make no noise; the connection's end does. */
  #refuse(peer: Peer, header: BlockHeader, reject: BlockReject): void {
    const { reason, debug } = reject;
    this.#logger.debug({ peer: peer.id, block: header.hashHex, reason, debug }, 'refused a header');
    maybePunishNodeForBlock(peer, reject);
  }

  /** The peer has no more to tell for now. */
  #answered(peer: Peer, state: HeaderSyncState): void {
    state.requestedAt = undefined;
    if (this.#source !== peer) return;
    this.#source = undefined;
    this.#start();
  }

  /** BIP130, once the peer's chain is known: before, its announcements would be in the way. */
  #offerHeaders(peer: Peer, state: HeaderSyncState): void {
    const best = this.#chains.get(peer)?.bestKnown;
    if (state.sentSendHeaders || !best || best.chainwork <= this.#chain.params.minimumChainWork) return;
    if (peer.handshake.version < SENDHEADERS_VERSION) return;
    state.sentSendHeaders = true;
    peer.send('sendheaders', {});
  }
}

/** The header that was refused: the one behind the last that was not. */
function firstAfter(last: BlockIndex | undefined, headers: readonly BlockHeader[]): BlockHeader {
  return headers[last ? headers.findIndex(({ hash }) => equalBytes(hash, last.hash)) + 1 : 0]!;
}

/** Whether each header names the one before it as its parent. */
function isContinuous(headers: readonly BlockHeader[]): boolean {
  for (let i = 1; i < headers.length; i++) {
    if (!equalBytes(headers[i]!.prevHash, headers[i - 1]!.hash)) return false;
  }
  return true;
}
