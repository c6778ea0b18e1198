import { equalBytes } from '../bytes/compare.ts';
import type { BlockIndex } from '../chain/block-index.ts';
import type { Chain } from '../chain/chain.ts';
import type { BlockReject } from '../consensus/block-check.ts';
import { blockWork, checkProofOfWork } from '../consensus/pow.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { BlockHeader } from '../primitives/header.ts';
import { judgeSender } from './block-judgement.ts';
import { NO_STOP } from './messages/locator.ts';
import { worthwhileWork } from './near-tip.ts';
import type { Peer } from './peer.ts';
import type { PeerChains } from './peer-chain.ts';
import { canServeBlocks, MAX_HEADERS, SENDHEADERS_VERSION } from './protocol.ts';

/** Milliseconds within which `getheaders` is answered and not repeated (Core: HEADERS_RESPONSE_TIME). */
const HEADERS_RESPONSE_MS = 2 * 60_000;
/** With a best header younger than this, in milliseconds, all peers are asked at once. */
const RECENT_MS = 24 * 60 * 60_000;

export interface HeaderSyncModules {
  readonly chain: Chain;
  readonly chains: PeerChains;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface PeerState {
  /** It has been asked for its chain. */
  started: boolean;
  /** By the monotonic clock, of a `getheaders` that awaits its answer. */
  requestedAt: number | undefined;
  /** How often it left `getheaders` without an answer. */
  lapses: number;
  /** An announcement has made us ask it although another peer is being synchronised from. */
  askedByAnnouncement: boolean;
  sentSendHeaders: boolean;
}

/**
 * Headers first: learns each peer's chain, judged by its work. While far behind, from one peer at a time, as a long
 * chain need only be sent once; one that does not answer is replaced.
 */
export class HeaderSync {
  readonly #chain: Chain;
  readonly #chains: PeerChains;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onAnswer: () => void;
  readonly #states = new Map<Peer, PeerState>();
  /** The peer from which a chain is being fetched while we are far behind. */
  #source: Peer | undefined;

  /** `onAnswer` is called after every `headers` message that makes sense: a peer's chain may be better known. */
  constructor(modules: HeaderSyncModules, onAnswer: () => void) {
    this.#chain = modules.chain;
    this.#chains = modules.chains;
    this.#clock = modules.clock;
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
    });
    this.#start();
  }

  peerClosed(peer: Peer): void {
    this.#states.delete(peer);
    if (this.#source === peer) this.#source = undefined;
    this.#start();
  }

  /** Replaces a source that does not answer. */
  tick(): void {
    const source = this.#source;
    const state = source && this.#states.get(source);
    if (state && this.#isLate(state)) {
      state.lapses++;
      state.started = false;
      state.requestedAt = undefined;
      this.#source = undefined;
      this.#logger.debug({ peer: source.id }, 'no headers in time; asking another peer');
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
      if (this.#source) this.#ask(this.#source, this.#states.get(this.#source)!);
    }
  }

  /** Of those not asked yet: who has lapsed least, then one that we called, then the longest connected. */
  #nextSource(): Peer | undefined {
    let best: Peer | undefined;
    let bestRank = Number.POSITIVE_INFINITY;
    for (const [peer, state] of this.#states) {
      if (state.started || !canServeBlocks(peer.services)) continue;
      const rank = state.lapses * 2 + (peer.inbound ? 1 : 0);
      if (rank < bestRank) {
        best = peer;
        bestRank = rank;
      }
    }
    return best;
  }

  /** From the block before our best one, so that the answer has at least one header and shows what the peer has. */
  #ask(peer: Peer, state: PeerState): void {
    state.started = true;
    const best = this.#chain.bestHeader;
    this.#request(peer, state, best.prev ?? best);
  }

  #isLate(state: PeerState): boolean {
    return state.requestedAt !== undefined && this.#clock.monotonic() - state.requestedAt > HEADERS_RESPONSE_MS;
  }

  /** Asks for what follows `from`, unless an answer is due. */
  #request(peer: Peer, state: PeerState, from: BlockIndex): void {
    if (state.requestedAt !== undefined && !this.#isLate(state)) return;
    state.requestedAt = this.#clock.monotonic();
    peer.send('getheaders', { locator: this.#chain.locator(from), stop: NO_STOP });
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
    const first = headers[0];
    if (!first) {
      this.#answered(peer, state);
      this.#onAnswer();
    } else if (!headers.every(({ hash, bits }) => checkProofOfWork(hash, bits, this.#chain.params))) {
      peer.misbehaving('high-hash: a header with invalid proof of work');
    } else if (!isContinuous(headers)) {
      peer.misbehaving('headers that do not follow each other');
    } else {
      const parent = this.#chain.getIndex(first.prevHash);
      if (parent) this.#connecting(peer, state, parent, headers);
      else this.#unconnecting(peer, state, headers);
    }
  }

  /** An announcement on top of blocks that we lack: asks for these, at most once per HEADERS_RESPONSE_MS. */
  #unconnecting(peer: Peer, state: PeerState, headers: readonly BlockHeader[]): void {
    this.#chains.get(peer)?.learnHash(headers.at(-1)!.hash);
    this.#request(peer, state, this.#chain.bestHeader);
  }

  #connecting(peer: Peer, state: PeerState, parent: BlockIndex, headers: readonly BlockHeader[]): void {
    const isFull = headers.length === MAX_HEADERS;
    const isKnown = this.#chain.getIndex(headers.at(-1)!.hash) !== undefined;
    if (!isFull && !isKnown && this.#isWorthless(parent, headers)) {
      this.#logger.debug({ peer: peer.id, height: parent.height + headers.length }, 'ignored a chain of low work');
      this.#answered(peer, state);
      this.#onAnswer();
      return;
    }
    const { last, reject } = this.#chain.acceptHeaders(headers);
    if (last) this.#chains.get(peer)?.learn(last);
    if (isFull && last && !reject) {
      state.requestedAt = undefined;
      this.#request(peer, state, last);
    } else {
      this.#answered(peer, state);
    }
    if (reject) this.#refuse(peer, firstAfter(last, headers), reject);
    this.#offerHeaders(peer, state);
    this.#onAnswer();
  }

  /** Headers cost their sender nothing, so they make no noise; the connection's end does. */
  #refuse(peer: Peer, header: BlockHeader, reject: BlockReject): void {
    const { reason, debug } = reject;
    this.#logger.debug({ peer: peer.id, block: header.hashHex, reason, debug }, 'refused a header');
    judgeSender(peer, reject);
  }

  /** The peer has no more to tell for now. */
  #answered(peer: Peer, state: PeerState): void {
    state.requestedAt = undefined;
    if (this.#source !== peer) return;
    this.#source = undefined;
    this.#start();
  }

  #isWorthless(parent: BlockIndex, headers: readonly BlockHeader[]): boolean {
    let work = parent.chainwork;
    for (const header of headers) work += blockWork(header.bits);
    return work < worthwhileWork(this.#chain);
  }

  /** BIP130, once the peer's chain is known: before, its announcements would be in the way. */
  #offerHeaders(peer: Peer, state: PeerState): void {
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
