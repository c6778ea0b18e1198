import { equalBytes } from '../../bytes/compare.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { PeerChains } from '../../p2p/blocks/peer-chain.ts';
import type { Peer } from '../../p2p/peer/peer.ts';
import type { CFCheckptMessage, CFHeadersMessage, CFilterMessage } from '../../p2p/wire/messages/block-filters.ts';
import { FILTER_CHECKPOINT_INTERVAL, MAX_FILTER_HASHES, ServiceFlag } from '../../p2p/wire/protocol.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { BASIC_FILTER, filterHeader, NO_FILTER_HEADER } from '../../proofs/block-filter.ts';
import type { BlockFetcher } from '../block-fetcher.ts';
import type { HeaderChain } from '../header-chain.ts';
import { type DisputeOutcome, type FilterClaim, FilterDispute } from './filter-dispute.ts';

/** Milliseconds a peer may take to send filter hashes; answers of other peers wait no longer than this. */
const ANSWER_MS = 10_000;
/** Undecided disputes after which a peer is disconnected. */
const MAX_UNSETTLED = 10;

/** Modules that a `FilterSync` uses. */
export interface FilterSyncModules {
  readonly chain: HeaderChain;
  readonly chains: PeerChains;
  readonly blocks: BlockFetcher;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Calls from a `FilterSync` to the scan. */
export interface FilterSyncHooks {
  /** Called when filter headers were added or a peer was checked. */
  agreed(): void;
  /** Called when peers disagree about a block's filter: the block must be fetched whether or not the filter matches. */
  disputed(index: BlockIndex): void;
  /** Called when the filter headers from this height on turn out to be wrong. */
  revoked(height: number): void;
}

/** A `getcfheaders` or `getcfcheckpt` request in flight. */
interface HeadersRequest {
  readonly kind: 'hashes' | 'checkpoints';
  readonly from: number;
  readonly stop: BlockIndex;
  /** Monotonic milliseconds. */
  readonly at: number;
  /** Set when the chain or the agreed filter headers change: the answer is ignored. */
  isVoid?: boolean;
}

/** State of a peer that serves filters. */
interface FilterPeer {
  /** Height up to which the peer's filter hashes are compared with the agreed ones; -1 if none is. */
  checked: number;
  /** The peer's filter header at `checked`. */
  header: Uint8Array;
  request: HeadersRequest | undefined;
  /** Whether the peer's checkpoints are compared. */
  isBeyondCheckpoints: boolean;
  /** Filter hashes after the agreed ones, to be compared with other peers' answers. */
  proposal: { readonly hashes: readonly Uint8Array[]; readonly at: number } | undefined;
  /** Number of disputes that ended without a proof. */
  unsettled: number;
}

/**
 * Syncs filter headers (BIP157). Requests filter hashes from every peer that serves filters. Where two peers disagree,
 * the block decides: one honest peer is enough. A peer that connects later is checked against the agreed filter
 * headers.
 */
export class FilterSync {
  readonly #chain: HeaderChain;
  readonly #chains: PeerChains;
  readonly #blocks: BlockFetcher;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #hooks: FilterSyncHooks;
  readonly #peers = new Map<Peer, FilterPeer>();
  /** Disputes decided without proof: the hash to follow, by height; undefined for the one agreed on before. */
  readonly #settled = new Map<number, Uint8Array | undefined>();
  #dispute: FilterDispute | undefined;

  constructor(modules: FilterSyncModules, hooks: FilterSyncHooks) {
    this.#chain = modules.chain;
    this.#chains = modules.chains;
    this.#blocks = modules.blocks;
    this.#clock = modules.clock;
    this.#logger = modules.logger;
    this.#hooks = hooks;
  }

  /** Number of peers that agree on all filter headers. */
  get agreeingPeers(): number {
    const { filterHeight } = this.#chain;
    const agreed = this.#chain.filterHeader(filterHeight)!;
    const agrees = ({ checked, header }: FilterPeer) => checked === filterHeight && equalBytes(header, agreed);
    return filterHeight < 0 ? 0 : [...this.#peers.values()].filter(agrees).length;
  }

  /** Returns a peer that agrees on all filters up to a height, except for undecided disputes. */
  source(height: number): Peer | undefined {
    for (const [peer, { checked }] of this.#peers) if (checked >= height) return peer;
    return undefined;
  }

  peerReady(peer: Peer): void {
    if ((peer.services & ServiceFlag.COMPACT_FILTERS) === 0n) return;
    this.#peers.set(peer, {
      ...{ checked: -1, header: NO_FILTER_HEADER, unsettled: 0 },
      ...{ request: undefined, proposal: undefined, isBeyondCheckpoints: false },
    });
  }

  peerClosed(peer: Peer): void {
    this.#peers.delete(peer);
    this.#dispute?.peerClosed(peer);
    this.#agree();
    this.step();
  }

  tick(): void {
    for (const [peer, { request }] of this.#peers) {
      if (request && this.#age(request) > ANSWER_MS) peer.disconnect('filter headers timeout');
    }
    this.#dispute?.tick();
    this.#agree();
    this.step();
  }

  /** Handles a new tip. `fork` is the last block that the old and the new best chain share. */
  tipChanged(fork: BlockIndex, previous: BlockIndex): void {
    if (fork !== previous) this.#disconnectBlocks(fork);
    this.step();
  }

  #disconnectBlocks(fork: BlockIndex): void {
    for (const height of this.#settled.keys()) if (height > fork.height) this.#settled.delete(height);
    if (this.#dispute && this.#dispute.index.height > fork.height) {
      this.#dispute.abandon();
      this.#dispute = undefined;
    }
    this.#rewind(fork.height);
  }

  /** Requests the next filter hashes from every peer. */
  step(): void {
    if (this.#dispute) return;
    for (const [peer, state] of this.#peers) {
      if (!state.request && !state.proposal) this.#request(peer, state);
    }
  }

  #request(peer: Peer, state: FilterPeer): void {
    const known = this.#chains.get(peer)?.bestKnown;
    if (!known) return;
    const best = this.#chain.findFork(known).height;
    const { filterHeight } = this.#chain;
    const from = state.checked + 1;
    const goal = state.checked < filterHeight ? Math.min(best, filterHeight) : best;
    if (goal < from) return;
    const at = this.#clock.monotonic();
    const isFar = state.checked < 0 && goal <= filterHeight && goal - from >= MAX_FILTER_HASHES;
    if (isFar && !state.isBeyondCheckpoints) {
      const stop = this.#chain.atHeight(goal)!;
      state.request = { kind: 'checkpoints', from, stop, at };
      peer.send('getcfcheckpt', { filterType: BASIC_FILTER, stopHash: stop.hash });
    } else {
      const stop = this.#chain.atHeight(Math.min(goal, state.checked + MAX_FILTER_HASHES))!;
      state.request = { kind: 'hashes', from, stop, at };
      peer.send('getcfheaders', { filterType: BASIC_FILTER, startHeight: from, stopHash: stop.hash });
    }
  }

  /** Handles a `cfcheckpt` message: filter hashes are requested from the last equal checkpoint on. */
  checkpoints(peer: Peer, { stopHash, filterHeaders }: CFCheckptMessage): void {
    const answered = this.#answered(peer, 'checkpoints', stopHash);
    if (!answered) return;
    const [state, { stop }] = answered;
    state.isBeyondCheckpoints = true;
    if (filterHeaders.length !== Math.floor(stop.height / FILTER_CHECKPOINT_INTERVAL)) {
      peer.misbehaving('wrong number of filter checkpoints');
      return;
    }
    const isOurs = (header: Uint8Array, i: number) =>
      equalBytes(header, this.#chain.filterHeader((i + 1) * FILTER_CHECKPOINT_INTERVAL) ?? NO_FILTER_HEADER);
    const differs = filterHeaders.findIndex((header, i) => !isOurs(header, i));
    const same = differs < 0 ? filterHeaders.length : differs;
    if (same > 0) this.#advance(state, same * FILTER_CHECKPOINT_INTERVAL, filterHeaders[same - 1]!);
    this.step();
  }

  /** Handles a `cfheaders` message. */
  hashes(peer: Peer, { stopHash, previousHeader, filterHashes }: CFHeadersMessage): void {
    const answered = this.#answered(peer, 'hashes', stopHash);
    if (!answered) return;
    const [state, { from, stop }] = answered;
    if (filterHashes.length !== stop.height - from + 1) {
      peer.misbehaving('wrong number of filter hashes');
    } else if (!equalBytes(previousHeader, state.header)) {
      // The peer contradicts itself, or disagreed with us before a reorganisation: request all hashes again.
      if (from === 0) peer.misbehaving('nonzero filter header before genesis');
      else this.#advance(state, -1, NO_FILTER_HEADER);
      this.#noteUnsettled([peer]);
    } else if (from <= this.#chain.filterHeight) {
      this.#compare(peer, state, from, filterHashes);
    } else {
      state.proposal = { hashes: filterHashes, at: this.#clock.monotonic() };
      this.#agree();
    }
    this.step();
  }

  /** Handles a `cfilter` message; ignores filters that no dispute requested. */
  filter(peer: Peer, message: CFilterMessage): void {
    this.#dispute?.received(peer, message);
  }

  /** Returns the request that a message answers; undefined for an unrequested or void answer. */
  #answered(peer: Peer, kind: HeadersRequest['kind'], stopHash: Uint8Array): [FilterPeer, HeadersRequest] | undefined {
    const state = this.#peers.get(peer);
    const request = state?.request;
    if (!state || request?.kind !== kind || !equalBytes(request.stop.hash, stopHash)) return undefined;
    state.request = undefined;
    if (!request.isVoid) return [state, request];
    this.#agree();
    this.step();
    return undefined;
  }

  /** Compares a peer's filter hashes with filter headers that are already agreed on. */
  #compare(peer: Peer, state: FilterPeer, from: number, hashes: readonly Uint8Array[]): void {
    for (const [i, hash] of hashes.entries()) {
      const height = from + i;
      const agreed = this.#chain.filterHeader(height);
      // The agreed filter headers may have been truncated since the request.
      if (!agreed) return;
      const previous = this.#chain.filterHeader(height - 1)!;
      const isAgreed = (other: Uint8Array) => equalBytes(filterHeader(previous, other), agreed);
      if (!isAgreed(hash) && !this.#settled.has(height)) {
        // One dispute at a time: the hashes are requested again later.
        if (this.#dispute) return;
        const others = [...this.#peers].filter(([, { checked }]) => checked >= height).map(([other]) => other);
        this.#open(this.#chain.atHeight(height)!, [
          { peers: new Set(others), isHash: isAgreed },
          ...claimsOf([{ peer, hash }]),
        ]);
        return;
      }
      this.#advance(state, height, filterHeader(state.header, hash));
    }
    this.#hooks.agreed();
  }

  /** Appends the filter hashes that all peers agree on, once all have answered or timed out; or opens a dispute. */
  #agree(): void {
    const { filterHeight } = this.#chain;
    const next = [...this.#peers].filter(([, { checked }]) => checked === filterHeight);
    const proposals = next.flatMap(([peer, { proposal }]) => (proposal ? [{ peer, ...proposal }] : []));
    if (this.#dispute || proposals.length === 0) return;
    // The oldest proposal limits the wait, so that silent peers that connect one after another cannot stall the sync.
    const isLate = proposals.some((proposal) => this.#age(proposal) > ANSWER_MS);
    if (!isLate && next.some(([, { request }]) => request)) return;
    const length = Math.min(...proposals.map(({ hashes }) => hashes.length));
    const agreed: Uint8Array[] = [];
    let claims: FilterClaim[] = [];
    for (let i = 0; i < length; i++) {
      claims = claimsOf(proposals.map(({ peer, hashes }) => ({ peer, hash: hashes[i]! })));
      const settled = this.#settled.get(filterHeight + 1 + i);
      const followed =
        claims.length === 1 ? claims[0] : claims.find(({ hash }) => settled && equalBytes(hash!, settled));
      if (!followed) break;
      agreed.push(followed.hash!);
    }
    this.#chain.appendFilterHashes(agreed);
    for (const { peer, hashes } of proposals) {
      const state = this.#peers.get(peer)!;
      state.proposal = undefined;
      for (let i = 0; i < agreed.length; i++) {
        this.#advance(state, filterHeight + 1 + i, filterHeader(state.header, hashes[i]!));
      }
    }
    if (agreed.length > 0) this.#hooks.agreed();
    if (agreed.length < length) this.#open(this.#chain.atHeight(this.#chain.filterHeight + 1)!, claims);
  }

  #open(index: BlockIndex, claims: readonly FilterClaim[]): void {
    const modules = { clock: this.#clock, logger: this.#logger };
    const dispute = new FilterDispute(index, claims, modules, (outcome) => {
      this.#dispute = undefined;
      this.#resolve(index.height, claims, outcome);
    });
    this.#dispute = dispute;
    this.#hooks.disputed(index);
    void this.#blocks.fetch(index).then((block) => dispute.blockArrived(block));
  }

  #resolve(height: number, claims: readonly FilterClaim[], { winner, isCertain, refuted }: DisputeOutcome): void {
    // Peers proved wrong are discouraged. Otherwise remember the decision, or a peer could repeat the dispute.
    const isProved = claims.every((claim) => claim === winner || refuted.includes(claim));
    if (winner && !isProved) this.#settled.set(height, winner.hash);
    if (winner && !isCertain) {
      for (const claim of claims) if (claim !== winner) this.#noteUnsettled(claim.peers);
    }
    // Only the claim that the agreed filter header is right has no hash.
    const isRevoked = winner ? winner.hash : refuted.some(({ hash }) => !hash);
    if (isRevoked && height <= this.#chain.filterHeight) {
      this.#chain.truncateFilterHeaders(height - 1);
      this.#rewind(height - 1);
      this.#hooks.revoked(height);
    }
    // The disputing peers must propose again; no other peer's proposal may be accepted before that.
    for (const state of this.#peers.values()) state.proposal = undefined;
    this.step();
  }

  #noteUnsettled(peers: Iterable<Peer>): void {
    for (const peer of [...peers]) {
      const state = this.#peers.get(peer);
      if (state && ++state.unsettled > MAX_UNSETTLED) peer.disconnect('too many undecided filter disputes');
    }
  }

  #advance(state: FilterPeer, checked: number, header: Uint8Array): void {
    state.checked = checked;
    state.header = header;
  }

  /** Discards the peers' filter hashes above a height; they are requested again. */
  #rewind(height: number): void {
    for (const state of this.#peers.values()) {
      if (state.request) state.request.isVoid = true;
      state.proposal = undefined;
      if (state.checked > height) this.#advance(state, height, this.#chain.filterHeader(height) ?? NO_FILTER_HEADER);
    }
  }

  #age({ at }: { readonly at: number }): number {
    return this.#clock.monotonic() - at;
  }
}

/** Groups peers by the hash they sent, in the order of `answers`. */
function claimsOf(answers: readonly { readonly peer: Peer; readonly hash: Uint8Array }[]): FilterClaim[] {
  const claims: FilterClaim[] = [];
  for (const { peer, hash } of answers) {
    const same = claims.find((claim) => claim.isHash(hash));
    if (same) same.peers.add(peer);
    else claims.push({ peers: new Set([peer]), hash, isHash: (other) => equalBytes(other, hash) });
  }
  return claims;
}
