import { equalBytes } from '../../bytes/compare.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { PeerChains } from '../../p2p/blocks/peer-chain.ts';
import type { Peer } from '../../p2p/peer/peer.ts';
import type { CFCheckptMessage } from '../../p2p/wire/messages/cfcheckpt.ts';
import type { CFHeadersMessage } from '../../p2p/wire/messages/cfheaders.ts';
import type { CFilterMessage } from '../../p2p/wire/messages/cfilter.ts';
import { FILTER_CHECKPOINT_INTERVAL, MAX_FILTER_HASHES, ServiceFlag } from '../../p2p/wire/protocol.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { BASIC_FILTER, filterHeader, NO_FILTER_HEADER } from '../../proofs/block-filter.ts';
import type { BlockFetcher } from '../block-fetcher.ts';
import type { HeaderChain } from '../header-chain.ts';
import { type Claim, FilterDispute, type Outcome } from './filter-dispute.ts';

/** Milliseconds within which a peer tells filter hashes; the others are not kept waiting for longer. */
const ANSWER_MS = 10_000;
/** Disagreements that nothing could settle after which a peer's company is more trouble than it is worth. */
const MAX_UNSETTLED = 10;

export interface FilterSyncModules {
  readonly chain: HeaderChain;
  readonly chains: PeerChains;
  readonly blocks: BlockFetcher;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface FilterSyncHooks {
  /** There are more filter headers. */
  agreed(): void;
  /** The block is to be looked at whatever its filter says. */
  disputed(index: BlockIndex): void;
  /** Filters from this height on were believed that were wrong. */
  revoked(height: number): void;
}

interface Question {
  readonly kind: 'hashes' | 'checkpoints';
  readonly from: number;
  readonly stop: BlockIndex;
  /** By the monotonic clock. */
  readonly at: number;
  /** The chain, or what is agreed, has changed since: the answer is of no use any more. */
  isVoid?: boolean;
}

interface Teller {
  /** Height up to which its filter hashes have been compared with what is agreed; -1 if none has. */
  checked: number;
  /** Its own filter header there. */
  header: Uint8Array;
  question: Question | undefined;
  /** It has told its checkpoints, and been compared with them. */
  isBeyondCheckpoints: boolean;
  /** Hashes of filters beyond what is agreed, that wait for what others say. */
  proposal: { readonly hashes: readonly Uint8Array[]; readonly at: number } | undefined;
  unsettled: number;
}

/**
 * Learns which filter each block has (BIP157). Every peer that serves filters is asked for their hashes, and where two
 * differ the block decides: one honest peer among liars is enough. Who comes later is checked against what was agreed.
 */
export class FilterSync {
  readonly #chain: HeaderChain;
  readonly #chains: PeerChains;
  readonly #blocks: BlockFetcher;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #hooks: FilterSyncHooks;
  readonly #tellers = new Map<Peer, Teller>();
  /** What was decided without a proof: the hash to follow, by height; undefined for what was agreed before. */
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

  /** Peers that have told the same filters as is agreed. */
  get witnesses(): number {
    const { filterHeight } = this.#chain;
    const agreed = this.#chain.filterHeader(filterHeight)!;
    const agrees = ({ checked, header }: Teller) => checked === filterHeight && equalBytes(header, agreed);
    return filterHeight < 0 ? 0 : [...this.#tellers.values()].filter(agrees).length;
  }

  /** A peer that has told the same as is agreed about all filters up to a height, but for what nothing could settle. */
  source(height: number): Peer | undefined {
    for (const [peer, { checked }] of this.#tellers) if (checked >= height) return peer;
    return undefined;
  }

  peerReady(peer: Peer): void {
    if ((peer.services & ServiceFlag.COMPACT_FILTERS) === 0n) return;
    this.#tellers.set(peer, {
      ...{ checked: -1, header: NO_FILTER_HEADER, unsettled: 0 },
      ...{ question: undefined, proposal: undefined, isBeyondCheckpoints: false },
    });
  }

  peerClosed(peer: Peer): void {
    this.#tellers.delete(peer);
    this.#dispute?.peerClosed(peer);
    this.#agree();
    this.step();
  }

  tick(): void {
    for (const [peer, { question }] of this.#tellers) {
      if (question && this.#age(question) > ANSWER_MS) peer.disconnect('does not tell of its filters in time');
    }
    this.#dispute?.tick();
    this.#agree();
    this.step();
  }

  /** The best chain has moved; `fork` is the last block that it shares with the one before. */
  tipChanged(fork: BlockIndex, previous: BlockIndex): void {
    if (fork !== previous) this.#forget(fork);
    this.step();
  }

  #forget(fork: BlockIndex): void {
    for (const height of this.#settled.keys()) if (height > fork.height) this.#settled.delete(height);
    if (this.#dispute && this.#dispute.index.height > fork.height) {
      this.#dispute.abandon();
      this.#dispute = undefined;
    }
    this.#rewind(fork.height);
  }

  /** Asks every peer for what it has yet to tell. */
  step(): void {
    if (this.#dispute) return;
    for (const [peer, teller] of this.#tellers) {
      if (!teller.question && !teller.proposal) this.#ask(peer, teller);
    }
  }

  #ask(peer: Peer, teller: Teller): void {
    const known = this.#chains.get(peer)?.bestKnown;
    if (!known) return;
    const best = this.#chain.findFork(known).height;
    const { filterHeight } = this.#chain;
    const from = teller.checked + 1;
    const goal = teller.checked < filterHeight ? Math.min(best, filterHeight) : best;
    if (goal < from) return;
    const at = this.#clock.monotonic();
    const isFar = teller.checked < 0 && goal <= filterHeight && goal - from >= MAX_FILTER_HASHES;
    if (isFar && !teller.isBeyondCheckpoints) {
      const stop = this.#chain.atHeight(goal)!;
      teller.question = { kind: 'checkpoints', from, stop, at };
      peer.send('getcfcheckpt', { filterType: BASIC_FILTER, stopHash: stop.hash });
    } else {
      const stop = this.#chain.atHeight(Math.min(goal, teller.checked + MAX_FILTER_HASHES))!;
      teller.question = { kind: 'hashes', from, stop, at };
      peer.send('getcfheaders', { filterType: BASIC_FILTER, startHeight: from, stopHash: stop.hash });
    }
  }

  /** Finds by every thousandth filter header from where on a newcomer is to be asked for all. */
  checkpoints(peer: Peer, { stopHash, filterHeaders }: CFCheckptMessage): void {
    const answered = this.#answered(peer, 'checkpoints', stopHash);
    if (!answered) return;
    const [teller, { stop }] = answered;
    teller.isBeyondCheckpoints = true;
    if (filterHeaders.length !== Math.floor(stop.height / FILTER_CHECKPOINT_INTERVAL)) {
      peer.misbehaving('another number of filter checkpoints than there are');
      return;
    }
    const isOurs = (header: Uint8Array, i: number) =>
      equalBytes(header, this.#chain.filterHeader((i + 1) * FILTER_CHECKPOINT_INTERVAL) ?? NO_FILTER_HEADER);
    const differs = filterHeaders.findIndex((header, i) => !isOurs(header, i));
    const same = differs < 0 ? filterHeaders.length : differs;
    if (same > 0) this.#advance(teller, same * FILTER_CHECKPOINT_INTERVAL, filterHeaders[same - 1]!);
    this.step();
  }

  hashes(peer: Peer, { stopHash, previousHeader, filterHashes }: CFHeadersMessage): void {
    const answered = this.#answered(peer, 'hashes', stopHash);
    if (!answered) return;
    const [teller, { from, stop }] = answered;
    if (filterHashes.length !== stop.height - from + 1) {
      peer.misbehaving('another number of filter hashes than was asked for');
    } else if (!equalBytes(previousHeader, teller.header)) {
      // It tells something else than before, or had its own opinion before a reorganisation: all of it is asked for again.
      if (from === 0) peer.misbehaving('filter headers that do not begin with zeroes');
      else this.#advance(teller, -1, NO_FILTER_HEADER);
      this.#noteUnsettled([peer]);
    } else if (from <= this.#chain.filterHeight) {
      this.#compare(peer, teller, from, filterHashes);
    } else {
      teller.proposal = { hashes: filterHashes, at: this.#clock.monotonic() };
      this.#agree();
    }
    this.step();
  }

  /** Takes a filter that a dispute is about; ignores any other. */
  filter(peer: Peer, message: CFilterMessage): void {
    this.#dispute?.received(peer, message);
  }

  /** What the peer was asked, if this may be the answer; whatever was not asked for is ignored. */
  #answered(peer: Peer, kind: Question['kind'], stopHash: Uint8Array): [Teller, Question] | undefined {
    const teller = this.#tellers.get(peer);
    const question = teller?.question;
    if (!teller || question?.kind !== kind || !equalBytes(question.stop.hash, stopHash)) return undefined;
    teller.question = undefined;
    if (!question.isVoid) return [teller, question];
    this.#agree();
    this.step();
    return undefined;
  }

  /** A newcomer's hashes of filters that are agreed upon already. */
  #compare(peer: Peer, teller: Teller, from: number, hashes: readonly Uint8Array[]): void {
    for (const [i, hash] of hashes.entries()) {
      const height = from + i;
      const agreed = this.#chain.filterHeader(height);
      // What was agreed may have been taken back meanwhile.
      if (!agreed) return;
      const previous = this.#chain.filterHeader(height - 1)!;
      const isAgreed = (other: Uint8Array) => equalBytes(filterHeader(previous, other), agreed);
      if (!isAgreed(hash) && !this.#settled.has(height)) {
        // One after the other: this peer is asked again.
        if (this.#dispute) return;
        const others = [...this.#tellers].filter(([, { checked }]) => checked >= height).map(([other]) => other);
        this.#open(this.#chain.atHeight(height)!, [
          { peers: new Set(others), isHash: isAgreed },
          ...claimsOf([{ peer, hash }]),
        ]);
        return;
      }
      this.#advance(teller, height, filterHeader(teller.header, hash));
    }
    this.#hooks.agreed();
  }

  /** Takes what all peers say of the filters that come next, once all have told or had the time to. */
  #agree(): void {
    const { filterHeight } = this.#chain;
    const next = [...this.#tellers].filter(([, { checked }]) => checked === filterHeight);
    const voices = next.flatMap(([peer, { proposal }]) => (proposal ? [{ peer, ...proposal }] : []));
    if (this.#dispute || voices.length === 0) return;
    // Each has its time, but silent ones that take turns must not keep the others waiting.
    const isLate = voices.some((voice) => this.#age(voice) > ANSWER_MS);
    if (!isLate && next.some(([, { question }]) => question)) return;
    const length = Math.min(...voices.map(({ hashes }) => hashes.length));
    const agreed: Uint8Array[] = [];
    let claims: Claim[] = [];
    for (let i = 0; i < length; i++) {
      claims = claimsOf(voices.map(({ peer, hashes }) => ({ peer, hash: hashes[i]! })));
      const settled = this.#settled.get(filterHeight + 1 + i);
      const followed =
        claims.length === 1 ? claims[0] : claims.find(({ hash }) => settled && equalBytes(hash!, settled));
      if (!followed) break;
      agreed.push(followed.hash!);
    }
    this.#chain.appendFilterHashes(agreed);
    for (const { peer, hashes } of voices) {
      const teller = this.#tellers.get(peer)!;
      teller.proposal = undefined;
      for (let i = 0; i < agreed.length; i++) {
        this.#advance(teller, filterHeight + 1 + i, filterHeader(teller.header, hashes[i]!));
      }
    }
    if (agreed.length > 0) this.#hooks.agreed();
    if (agreed.length < length) this.#open(this.#chain.atHeight(this.#chain.filterHeight + 1)!, claims);
  }

  #open(index: BlockIndex, claims: readonly Claim[]): void {
    const modules = { clock: this.#clock, logger: this.#logger };
    const dispute = new FilterDispute(index, claims, modules, (outcome) => {
      this.#dispute = undefined;
      this.#resolve(index.height, claims, outcome);
    });
    this.#dispute = dispute;
    this.#hooks.disputed(index);
    void this.#blocks.fetch(index).then((block) => dispute.blockArrived(block));
  }

  #resolve(height: number, claims: readonly Claim[], { winner, isCertain, refuted }: Outcome): void {
    // Who is proved wrong does not come back. Anybody else could, and dispute the same again and again.
    const isProved = claims.every((claim) => claim === winner || refuted.includes(claim));
    if (winner && !isProved) this.#settled.set(height, winner.hash);
    if (winner && !isCertain) {
      for (const claim of claims) if (claim !== winner) this.#noteUnsettled(claim.peers);
    }
    // Only the claim that what was agreed is right has no hash.
    const isRevoked = winner ? winner.hash : refuted.some(({ hash }) => !hash);
    if (isRevoked && height <= this.#chain.filterHeight) {
      this.#chain.truncateFilterHeaders(height - 1);
      this.#rewind(height - 1);
      this.#hooks.revoked(height);
    }
    // Those who were parties have not told theirs again: nothing is to be agreed without them.
    for (const teller of this.#tellers.values()) teller.proposal = undefined;
    this.step();
  }

  #noteUnsettled(peers: Iterable<Peer>): void {
    for (const peer of [...peers]) {
      const teller = this.#tellers.get(peer);
      if (teller && ++teller.unsettled > MAX_UNSETTLED) peer.disconnect('disagrees with others about many filters');
    }
  }

  #advance(teller: Teller, checked: number, header: Uint8Array): void {
    teller.checked = checked;
    teller.header = header;
  }

  /** What peers have told of filters above a height is to be told again. */
  #rewind(height: number): void {
    for (const teller of this.#tellers.values()) {
      if (teller.question) teller.question.isVoid = true;
      teller.proposal = undefined;
      if (teller.checked > height) this.#advance(teller, height, this.#chain.filterHeader(height) ?? NO_FILTER_HEADER);
    }
  }

  #age({ at }: { readonly at: number }): number {
    return this.#clock.monotonic() - at;
  }
}

/** Who tells the same, together; the first voice's claim first. */
function claimsOf(voices: readonly { readonly peer: Peer; readonly hash: Uint8Array }[]): Claim[] {
  const claims: Claim[] = [];
  for (const { peer, hash } of voices) {
    const same = claims.find((claim) => claim.isHash(hash));
    if (same) same.peers.add(peer);
    else claims.push({ peers: new Set([peer]), hash, isHash: (other) => equalBytes(other, hash) });
  }
  return claims;
}
