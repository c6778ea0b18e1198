import { equalBytes } from '../../bytes/compare.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { Peer } from '../../p2p/peer/peer.ts';
import type { CFilterMessage } from '../../p2p/wire/messages/block-filters.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Block } from '../../primitives/block.ts';
import { BASIC_FILTER, filterHash } from '../../proofs/block-filter.ts';
import { checkFilter, type FilterVerdict } from './filter-check.ts';

/** Milliseconds a peer may take to send a disputed filter. */
const FILTER_TIMEOUT_MS = 10_000;

/** A filter hash that some peers sent for a block. */
export interface FilterClaim {
  /** In order of connection. */
  readonly peers: Set<Peer>;
  /** 32 bytes; absent for the claim that the filter header agreed on before is right. */
  readonly hash?: Uint8Array;
  isHash(hash: Uint8Array): boolean;
}

interface ClaimState {
  readonly claim: FilterClaim;
  /** The peer that the filter is requested from, and the monotonic milliseconds of the request. */
  request?: { readonly peer: Peer; readonly at: number } | undefined;
  verdict?: FilterVerdict;
}

/** Result of a dispute. */
export interface DisputeOutcome {
  /** The claim to follow; undefined if none is left. */
  readonly winner: FilterClaim | undefined;
  /** Whether no other claim is as plausible as the winner. */
  readonly isCertain: boolean;
  /** The claims that the block proves wrong. */
  readonly refuted: readonly FilterClaim[];
}

/** Modules that a `FilterDispute` uses. */
export interface DisputeModules {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Resolves conflicting filter hashes for one block (BIP157): requests the filter of each hash and checks it against the
 * block. A peer that committed to a wrong filter is discouraged; a peer that does not send its filter is disconnected.
 */
export class FilterDispute {
  readonly index: BlockIndex;
  readonly #claims: ClaimState[];
  readonly #modules: DisputeModules;
  readonly #resolved: (outcome: DisputeOutcome) => void;
  #block: Block | undefined;
  #isOver = false;

  constructor(
    index: BlockIndex,
    claims: readonly FilterClaim[],
    modules: DisputeModules,
    resolved: (outcome: DisputeOutcome) => void,
  ) {
    this.index = index;
    this.#claims = claims.map((claim) => ({ claim }));
    this.#modules = modules;
    this.#resolved = resolved;
    modules.logger.warn({ height: index.height, claims: claims.length }, 'conflicting filter hashes');
  }

  /** Ends the dispute without a result. */
  abandon(): void {
    this.#isOver = true;
  }

  /** Supplies the disputed block. */
  blockArrived(block: Block): void {
    this.#block = block;
    this.proceed();
  }

  peerClosed(peer: Peer): void {
    for (const each of this.#claims) {
      each.claim.peers.delete(peer);
      if (each.request?.peer === peer) each.request = undefined;
    }
    this.proceed();
  }

  tick(): void {
    for (const { request, verdict } of this.#claims) {
      if (!request || verdict || this.#modules.clock.monotonic() - request.at <= FILTER_TIMEOUT_MS) continue;
      request.peer.disconnect('disputed filter timeout');
    }
  }

  /** Handles a `cfilter` message; ignores filters that this dispute did not request. */
  received(peer: Peer, { blockHash, filter }: CFilterMessage): void {
    const found = this.#claims.find(({ request, verdict }) => request?.peer === peer && !verdict);
    if (!found || !this.#block || this.#isOver || !equalBytes(blockHash, this.index.hash)) return;
    if (found.claim.isHash(filterHash(filter))) {
      found.verdict = checkFilter(filter, this.#block);
      this.proceed();
    } else {
      peer.misbehaving('mismatched hash of a disputed filter');
    }
  }

  /** Requests filters once the block has arrived, and decides when every claim is checked or has no peer left. */
  proceed(): void {
    if (!this.#block || this.#isOver) return;
    for (const each of this.#claims) {
      if (each.request || each.verdict) continue;
      const [peer] = each.claim.peers;
      if (!peer) continue;
      each.request = { peer, at: this.#modules.clock.monotonic() };
      const { height: startHeight, hash: stopHash } = this.index;
      peer.send('getcfilters', { filterType: BASIC_FILTER, startHeight, stopHash });
    }
    if (this.#claims.every(({ verdict, claim }) => verdict || claim.peers.size === 0)) this.#decide();
  }

  #decide(): void {
    this.#isOver = true;
    const unlikely = ({ verdict }: ClaimState) =>
      verdict && verdict.wrong === undefined ? verdict.unlikely : Infinity;
    const least = Math.min(...this.#claims.map(unlikely));
    const best = this.#claims.filter((each) => unlikely(each) === least && least < Infinity);
    best.sort((a, b) => b.claim.peers.size - a.claim.peers.size);
    for (const each of this.#claims) if (!best.includes(each)) this.#dropPeers(each);
    const refuted = this.#claims.filter(({ verdict }) => verdict?.wrong !== undefined).map(({ claim }) => claim);
    this.#resolved({ winner: best[0]?.claim, isCertain: best.length === 1, refuted });
  }

  #dropPeers({ claim, verdict }: ClaimState): void {
    const block = this.index.hashHex;
    for (const peer of [...claim.peers]) {
      if (verdict?.wrong === undefined) peer.disconnect(`less plausible filter for block ${block}`);
      else peer.misbehaving(`wrong filter for block ${block}: ${verdict.wrong}`);
    }
  }
}
