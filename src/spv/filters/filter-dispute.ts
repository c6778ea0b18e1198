import { equalBytes } from '../../bytes/compare.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { Peer } from '../../p2p/peer/peer.ts';
import type { CFilterMessage } from '../../p2p/wire/messages/cfilter.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Block } from '../../primitives/block.ts';
import { BASIC_FILTER, filterHash } from '../../proofs/block-filter.ts';
import { type FilterVerdict, judgeFilter } from './filter-judge.ts';

/** Milliseconds that a peer has to send the filter that it claims there is. */
const FILTER_TIMEOUT_MS = 10_000;

/** What some peers say that the hash of a block's filter is. */
export interface Claim {
  /** The longest known first. */
  readonly peers: Set<Peer>;
  /** Absent for the claim that what was agreed before is right. */
  readonly hash?: Uint8Array;
  isHash(hash: Uint8Array): boolean;
}

interface Case {
  readonly claim: Claim;
  /** Who is being asked for the filter, and since when by the monotonic clock. */
  asked?: { readonly peer: Peer; readonly at: number } | undefined;
  verdict?: FilterVerdict;
}

/** How a dispute has ended. */
export interface Outcome {
  /** The claim that is to be followed; absent if none is left. */
  readonly winner: Claim | undefined;
  /** Whether no other is as good as the winner. */
  readonly isCertain: boolean;
  /** What the block has proved wrong. */
  readonly refuted: readonly Claim[];
}

export interface DisputeModules {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Peers that tell different hashes of one block's filter (BIP157): all are asked for the filter itself, and the block
 * decides. Who has committed to a filter that the block proves wrong, or to one that it cannot show, is found out.
 */
export class FilterDispute {
  readonly index: BlockIndex;
  readonly #cases: Case[];
  readonly #modules: DisputeModules;
  readonly #resolved: (outcome: Outcome) => void;
  #block: Block | undefined;
  #isOver = false;

  constructor(
    index: BlockIndex,
    claims: readonly Claim[],
    modules: DisputeModules,
    resolved: (outcome: Outcome) => void,
  ) {
    this.index = index;
    this.#cases = claims.map((claim) => ({ claim }));
    this.#modules = modules;
    this.#resolved = resolved;
    modules.logger.warn({ height: index.height, claims: claims.length }, 'peers disagree about a filter');
  }

  /** Gives up without a result. */
  abandon(): void {
    this.#isOver = true;
  }

  blockArrived(block: Block): void {
    this.#block = block;
    this.proceed();
  }

  peerClosed(peer: Peer): void {
    for (const each of this.#cases) {
      each.claim.peers.delete(peer);
      if (each.asked?.peer === peer) each.asked = undefined;
    }
    this.proceed();
  }

  tick(): void {
    for (const { asked, verdict } of this.#cases) {
      if (!asked || verdict || this.#modules.clock.monotonic() - asked.at <= FILTER_TIMEOUT_MS) continue;
      asked.peer.disconnect('does not send the filter whose hash it has told');
    }
  }

  /** Takes a filter that was asked for here; ignores any other. */
  received(peer: Peer, { blockHash, filter }: CFilterMessage): void {
    const found = this.#cases.find(({ asked, verdict }) => asked?.peer === peer && !verdict);
    if (!found || !this.#block || this.#isOver || !equalBytes(blockHash, this.index.hash)) return;
    if (found.claim.isHash(filterHash(filter))) {
      found.verdict = judgeFilter(filter, this.#block);
      this.proceed();
    } else {
      peer.misbehaving('a filter with another hash than it has told');
    }
  }

  /** Asks for filters, once there is a block to judge them by, and judges when all have come. */
  proceed(): void {
    if (!this.#block || this.#isOver) return;
    for (const each of this.#cases) {
      if (each.asked || each.verdict) continue;
      const [peer] = each.claim.peers;
      if (!peer) continue;
      each.asked = { peer, at: this.#modules.clock.monotonic() };
      const { height: startHeight, hash: stopHash } = this.index;
      peer.send('getcfilters', { filterType: BASIC_FILTER, startHeight, stopHash });
    }
    if (this.#cases.every(({ verdict, claim }) => verdict || claim.peers.size === 0)) this.#judge();
  }

  #judge(): void {
    this.#isOver = true;
    const unlikely = ({ verdict }: Case) => (verdict && verdict.wrong === undefined ? verdict.unlikely : Infinity);
    const least = Math.min(...this.#cases.map(unlikely));
    const best = this.#cases.filter((each) => unlikely(each) === least && least < Infinity);
    best.sort((a, b) => b.claim.peers.size - a.claim.peers.size);
    for (const each of this.#cases) if (!best.includes(each)) this.#leave(each);
    const refuted = this.#cases.filter(({ verdict }) => verdict?.wrong !== undefined).map(({ claim }) => claim);
    this.#resolved({ winner: best[0]?.claim, isCertain: best.length === 1, refuted });
  }

  #leave({ claim, verdict }: Case): void {
    const block = this.index.hashHex;
    for (const peer of [...claim.peers]) {
      if (verdict?.wrong === undefined) peer.disconnect(`its filter of block ${block} fits worse than others'`);
      else peer.misbehaving(`its filter of block ${block} is wrong: ${verdict.wrong}`);
    }
  }
}
