import { equalBytes } from '../../../bytes/compare.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import type { AcceptHeadersResult, HeaderView } from '../../../chain/tree/header-view.ts';
import { type BlockReject, checkHeader } from '../../../consensus/block-check.ts';
import { type Clock, unixSeconds } from '../../../platform/clock.ts';
import type { Logger } from '../../../platform/logger.ts';
import type { Random } from '../../../platform/random.ts';
import type { BlockHeader } from '../../../primitives/header.ts';
import type { Peer } from '../../peer/peer.ts';
import type { Work } from '../../peer/work.ts';
import { NO_STOP } from '../../wire/messages/locator.ts';
import { canServeBlocks, MAX_HEADERS, SENDHEADERS_VERSION } from '../../wire/protocol.ts';
import { maybePunishNodeForBlock } from '../maybe-punish-node-for-block.ts';
import type { PeerChains } from '../peer-chain.ts';
import { antiDosWorkThreshold, claimedHeadersWork } from './anti-dos-work-threshold.ts';
import { HeadersPresync } from './headers-presync.ts';

/** Milliseconds a peer may take to answer `getheaders` before it is repeated (Core: HEADERS_RESPONSE_TIME). */
export const HEADERS_RESPONSE_MS = 2 * 60_000;
/** Milliseconds the sync peer may take to answer before another one is selected. */
const SYNC_PEER_TIMEOUT_MS = 10_000;
/** Milliseconds of the best header's age up to which headers are requested from all peers at once, as in Core. */
const RECENT_MS = 24 * 60 * 60_000;
/** Milliseconds a header sync from one peer may take (Core: HEADERS_DOWNLOAD_TIMEOUT_BASE). */
const HEADERS_DOWNLOAD_TIMEOUT_MS = 15 * 60_000;
/** Milliseconds added per header expected (Core: HEADERS_DOWNLOAD_TIMEOUT_PER_HEADER). */
const HEADERS_DOWNLOAD_TIMEOUT_PER_HEADER_MS = 1;

/** Headers added in one step, before other peers may have their turn. */
const HEADERS_STEP = 250;

/** Modules that a `HeaderSync` uses. */
export interface HeaderSyncModules {
  readonly chain: HeaderView;
  readonly chains: PeerChains;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

interface HeaderSyncState {
  /** Whether the peer's chain was requested (Core: fSyncStarted). */
  isChainRequested: boolean;
  /** Monotonic milliseconds of the unanswered `getheaders` (Core: m_last_getheaders_timestamp). */
  requestedAt: number | undefined;
  /** Times the peer, as sync peer, did not answer. */
  timeouts: number;
  /**
   * Whether an `inv` led to `getheaders` while another sync peer was active (Core:
   * m_inv_triggered_getheaders_before_sync).
   */
  requestedByInv: boolean;
  sentSendHeaders: boolean;
  /** The header pre-sync of a chain that has not proved enough work yet. */
  presync: { readonly sync: HeadersPresync; readonly start: BlockIndex } | undefined;
}

/**
 * Headers-first sync: requests each peer's headers and stores those with enough work. While the best
 * header is old, syncs from one peer at a time, since every peer has the same long chain, and replaces a
 * sync peer that does not answer.
 */
export class HeaderSync {
  readonly #chain: HeaderView;
  readonly #chains: PeerChains;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #headersProcessed: () => void;
  readonly #states = new Map<Peer, HeaderSyncState>();
  /** The peer we sync headers from while the best header is old. */
  #syncPeer: Peer | undefined;
  /** Monotonic milliseconds after which the sync peer is disconnected if another one is available. */
  #syncDeadline = 0;

  /**
   * `headersProcessed` is called after every valid `headers` message, which may have changed a peer's best known block.
   */
  constructor(modules: HeaderSyncModules, headersProcessed: () => void) {
    this.#chain = modules.chain;
    this.#chains = modules.chains;
    this.#clock = modules.clock;
    this.#random = modules.random;
    this.#logger = modules.logger;
    this.#headersProcessed = headersProcessed;
  }

  /** Whether headers are being synced from a sync peer. */
  get isActive(): boolean {
    return this.#syncPeer !== undefined;
  }

  peerReady(peer: Peer): void {
    this.#states.set(peer, {
      isChainRequested: false,
      requestedAt: undefined,
      timeouts: 0,
      requestedByInv: false,
      sentSendHeaders: false,
      presync: undefined,
    });
    this.#requestChains();
  }

  peerClosed(peer: Peer): void {
    this.#states.delete(peer);
    if (this.#syncPeer === peer) this.#syncPeer = undefined;
    this.#requestChains();
  }

  /** Height that a peer's header pre-sync has reached; undefined without a pre-sync. */
  presyncHeight(peer: Peer): number | undefined {
    return this.#states.get(peer)?.presync?.sync.presyncHeight;
  }

  /** The highest `presyncHeight` of all peers. */
  get bestPresyncHeight(): number | undefined {
    let best: number | undefined;
    for (const { presync } of this.#states.values()) {
      if (presync) best = Math.max(best ?? 0, presync.sync.presyncHeight);
    }
    return best;
  }

  /** Returns whether a peer's chain was requested. */
  hasRequestedChain(peer: Peer): boolean {
    return this.#states.get(peer)?.isChainRequested ?? false;
  }

  /** Requests the headers after `from`, unless a request is outstanding. */
  request(peer: Peer, from: BlockIndex): void {
    const state = this.#states.get(peer);
    if (state) this.#request(peer, state, from);
  }

  /** Replaces a sync peer that does not answer, and disconnects one whose sync takes too long. */
  tick(): void {
    const peer = this.#syncPeer;
    const state = peer && this.#states.get(peer);
    if (state && this.#waitingMs(state) > SYNC_PEER_TIMEOUT_MS) {
      state.timeouts++;
      state.isChainRequested = false;
      this.#syncPeer = undefined;
      this.#logger.debug({ peer: peer.id }, 'headers response timeout, replaced sync peer');
    } else if (state && this.#clock.monotonic() > this.#syncDeadline && this.#selectSyncPeer()) {
      peer.disconnect('headers timeout');
    }
    this.#requestChains();
  }

  /** Requests headers from all peers if the best header is recent, otherwise from a sync peer. */
  #requestChains(): void {
    const isRecent = this.#chain.bestHeader.time * 1000 > this.#clock.now() - RECENT_MS;
    if (isRecent) {
      for (const [peer, state] of this.#states)
        if (!state.isChainRequested && canServeBlocks(peer.services)) this.#requestChain(peer, state);
    } else if (!this.#syncPeer) {
      this.#syncPeer = this.#selectSyncPeer();
      if (!this.#syncPeer) return;
      this.#syncDeadline = this.#clock.monotonic() + this.#headersTimeoutMs();
      this.#requestChain(this.#syncPeer, this.#states.get(this.#syncPeer)!);
    }
  }

  #headersTimeoutMs(): number {
    const { bestHeader, params } = this.#chain;
    const expected = (unixSeconds(this.#clock) - bestHeader.time) / params.powTargetSpacing;
    return HEADERS_DOWNLOAD_TIMEOUT_MS + HEADERS_DOWNLOAD_TIMEOUT_PER_HEADER_MS * expected;
  }

  /**
   * Selects a peer not requested from yet: by fewest timeouts, then outbound before inbound, then by connection time.
   */
  #selectSyncPeer(): Peer | undefined {
    let best: Peer | undefined;
    let bestRank = Number.POSITIVE_INFINITY;
    for (const [peer, state] of this.#states) {
      if (state.isChainRequested || this.#isAwaitingHeaders(state) || !canServeBlocks(peer.services)) continue;
      const rank = state.timeouts * 2 + (peer.inbound ? 1 : 0);
      if (rank < bestRank) {
        best = peer;
        bestRank = rank;
      }
    }
    return best;
  }

  /** Requests from the best header's parent on, as Core does: a peer level with us then answers with one header. */
  #requestChain(peer: Peer, state: HeaderSyncState): void {
    state.isChainRequested = true;
    const best = this.#chain.bestHeader;
    this.#request(peer, state, best.prev ?? best);
  }

  /** Milliseconds since the outstanding request; 0 if there is none. */
  #waitingMs({ requestedAt }: HeaderSyncState): number {
    return requestedAt === undefined ? 0 : this.#clock.monotonic() - requestedAt;
  }

  #isAwaitingHeaders(state: HeaderSyncState): boolean {
    return state.requestedAt !== undefined && this.#waitingMs(state) <= HEADERS_RESPONSE_MS;
  }

  /** Requests the headers after `last`, or after `from` if the peer lacks `last`, unless a request is outstanding. */
  #request(peer: Peer, state: HeaderSyncState, from: BlockIndex, last?: Uint8Array): void {
    if (this.#isAwaitingHeaders(state)) return;
    state.requestedAt = this.#clock.monotonic();
    const locator = this.#chain.locator(from);
    peer.send('getheaders', { locator: last ? [last, ...locator] : locator, stop: NO_STOP });
  }

  /** Handles a block announced by `inv`: requests headers if the block is unknown. */
  announced(peer: Peer, hash: Uint8Array): void {
    const state = this.#states.get(peer);
    if (!state) return;
    this.#chains.get(peer)?.learnHash(hash);
    if (this.#chain.getIndex(hash)) return;
    if (this.#syncPeer && !state.isChainRequested) {
      if (state.requestedByInv) return;
      state.requestedByInv = true;
    }
    this.#request(peer, state, this.#chain.bestHeader);
  }

  /** Handles a `headers` message, a response or an announcement (Core: ProcessHeadersMessage). */
  *received(peer: Peer, headers: readonly BlockHeader[]): Work {
    const state = this.#states.get(peer);
    if (!state) return;
    if (headers.length === 0) {
      state.presync = undefined;
      this.#finishRequest(peer, state);
      this.#headersProcessed();
      return;
    }
    for (const header of headers) {
      const reject = checkHeader(header, this.#chain.params);
      yield;
      if (!reject) continue;
      this.#reject(peer, header, reject);
      return;
    }
    if (!isContinuous(headers)) {
      peer.misbehaving('non-continuous headers');
      return;
    }
    const isFull = headers.length === MAX_HEADERS;
    if (state.presync && (yield* this.#continuePresync(peer, state, headers, isFull))) return;
    const parent = this.#chain.getIndex(headers[0]!.prevHash);
    if (parent) yield* this.#handleConnecting(peer, state, parent, headers, isFull);
    else this.#handleUnconnecting(peer, state, headers);
  }

  /** Passes headers to the peer's pre-sync. Returns false if they do not belong to it, which ends the pre-sync. */
  *#continuePresync(
    peer: Peer,
    state: HeaderSyncState,
    headers: readonly BlockHeader[],
    isFull: boolean,
  ): Generator<void, boolean, void> {
    const { sync, start } = state.presync!;
    const { success, requestMore, accepted } = sync.process(headers, isFull);
    if (!requestMore) state.presync = undefined;
    if (!success) {
      this.#logger.debug({ peer: peer.id, height: sync.presyncHeight }, 'header pre-sync failed');
      return false;
    }
    state.requestedAt = undefined;
    if (requestMore) this.#request(peer, state, start, sync.lastHash);
    if (accepted.length > 0) yield* this.#store(peer, state, accepted, isFull);
    else if (!requestMore) this.#ignoreLowWork(peer, state, sync.presyncHeight);
    return true;
  }

  *#handleConnecting(
    peer: Peer,
    state: HeaderSyncState,
    parent: BlockIndex,
    headers: readonly BlockHeader[],
    isFull: boolean,
  ): Generator<void, void, void> {
    state.requestedAt = undefined;
    const isKnown = this.#chain.getIndex(headers.at(-1)!.hash) !== undefined;
    const minimumWork = antiDosWorkThreshold(this.#chain);
    if (isKnown || claimedHeadersWork(parent, headers) >= minimumWork) yield* this.#store(peer, state, headers, isFull);
    else if (isFull) yield* this.#startPresync(peer, state, parent, headers, minimumWork);
    else this.#ignoreLowWork(peer, state, parent.height + headers.length);
  }

  /** Starts a pre-sync: the peer has more headers, which may add up to enough work (Core: TryLowWorkHeadersSync). */
  *#startPresync(
    peer: Peer,
    state: HeaderSyncState,
    start: BlockIndex,
    headers: readonly BlockHeader[],
    minimumWork: bigint,
  ): Generator<void, void, void> {
    const { params } = this.#chain;
    const sync = new HeadersPresync({
      ...{ params, start, minimumWork, now: unixSeconds(this.#clock), random: this.#random },
    });
    state.presync = { sync, start };
    if (!(yield* this.#continuePresync(peer, state, headers, true))) this.#finishRequest(peer, state);
  }

  #ignoreLowWork(peer: Peer, state: HeaderSyncState, height: number): void {
    this.#logger.debug({ peer: peer.id, height }, 'ignored low-work chain');
    this.#finishRequest(peer, state);
    this.#headersProcessed();
  }

  /**
   * Requests the missing parents of an announced header, at most once per `HEADERS_RESPONSE_MS` (Core:
   * HandleUnconnectingHeaders).
   */
  #handleUnconnecting(peer: Peer, state: HeaderSyncState, headers: readonly BlockHeader[]): void {
    this.#chains.get(peer)?.learnHash(headers.at(-1)!.hash);
    this.#request(peer, state, this.#chain.bestHeader);
  }

  /** Adds headers with enough work to the block tree, and requests more after a full message. */
  *#store(
    peer: Peer,
    state: HeaderSyncState,
    headers: readonly BlockHeader[],
    isFull: boolean,
  ): Generator<void, void, void> {
    const isKnown = this.#chain.getIndex(headers.at(-1)!.hash) !== undefined;
    const { last, reject } = yield* this.#accept(headers);
    const peerChain = this.#chains.get(peer);
    if (last) peerChain?.learn(last);
    if (last && peerChain && !isKnown && last.chainwork > this.#chain.tip.chainwork) {
      peerChain.announcedAt = this.#clock.monotonic();
    }
    // An ongoing pre-sync has requested its next headers already.
    if (!state.presync) {
      if (isFull && last && !reject) this.#request(peer, state, last);
      else this.#finishRequest(peer, state);
    }
    if (reject) this.#reject(peer, firstAfter(last, headers), reject);
    this.#sendSendHeaders(peer, state);
    this.#headersProcessed();
  }

  /** Adds headers to the block tree, `HEADERS_STEP` in each step. */
  *#accept(headers: readonly BlockHeader[]): Generator<void, Pick<AcceptHeadersResult, 'last' | 'reject'>, void> {
    let last: BlockIndex | undefined;
    for (let at = 0; at < headers.length; at += HEADERS_STEP) {
      if (at > 0) yield;
      const result = this.#chain.acceptHeaders(headers.slice(at, at + HEADERS_STEP));
      last = result.last ?? last;
      if (result.reject) return { ...(last && { last }), reject: result.reject };
    }
    return { ...(last && { last }) };
  }

  /**
   * Logged at debug level, since a peer can repeat invalid headers at no cost; a disconnect is logged at info level.
   */
  #reject(peer: Peer, header: BlockHeader, reject: BlockReject): void {
    const { reason, debug } = reject;
    this.#logger.debug({ peer: peer.id, block: header.hashHex, reason, debug }, 'rejected header');
    maybePunishNodeForBlock(peer, reject);
  }

  /** Records that the peer has sent all its headers. */
  #finishRequest(peer: Peer, state: HeaderSyncState): void {
    state.requestedAt = undefined;
    if (this.#syncPeer !== peer) return;
    this.#syncPeer = undefined;
    this.#requestChains();
  }

  /**
   * Sends `sendheaders` (BIP130) once the peer's chain is known to have the minimum work; before, announcements by
   * `headers` would disturb the header sync.
   */
  #sendSendHeaders(peer: Peer, state: HeaderSyncState): void {
    const best = this.#chains.get(peer)?.bestKnown;
    if (state.sentSendHeaders || !best || best.chainwork <= this.#chain.params.minimumChainWork) return;
    if (peer.handshake.version < SENDHEADERS_VERSION) return;
    state.sentSendHeaders = true;
    peer.send('sendheaders', {});
  }
}

/** Returns the rejected header, which follows `last`, the last accepted one. */
function firstAfter(last: BlockIndex | undefined, headers: readonly BlockHeader[]): BlockHeader {
  return headers[last ? headers.findIndex(({ hash }) => equalBytes(hash, last.hash)) + 1 : 0]!;
}

/** Returns whether each header is a child of the previous one (Core: CheckHeadersAreContinuous). */
function isContinuous(headers: readonly BlockHeader[]): boolean {
  for (let i = 1; i < headers.length; i++) {
    if (!equalBytes(headers[i]!.prevHash, headers[i - 1]!.hash)) return false;
  }
  return true;
}
