import { binaryKey } from '../../bytes/compare.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { PeerChains } from '../../p2p/blocks/peer-chain.ts';
import { formatEndpoint } from '../../p2p/net/endpoint.ts';
import type { Peer } from '../../p2p/peer/peer.ts';
import { ServiceFlag } from '../../p2p/wire/protocol.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Random, randomInt } from '../../platform/random.ts';
import type { BloomFilter } from '../../proofs/bloom-filter.ts';
import type { HeaderChain } from '../header-chain.ts';
import type { SpvHandlers } from '../header-handlers.ts';
import { resumePoint, type Scanner } from '../scanner.ts';
import type { ProvedTransaction, TransactionWatcher } from '../watcher.ts';
import { type BloomAnswer, BloomSession } from './bloom-session.ts';
import { PendingTransactions } from './pending-transactions.ts';
import { WatchedFilter } from './watched-filter.ts';

/** Peers asked about each block: each exposes omissions of the other. A third peer would only learn our addresses. */
const FILTER_PEERS = 2;
/** Blocks in a round. The size doubles with every round and is reset by a new key, which ends its round early. */
const MIN_ROUND = 16;
const MAX_ROUND = 256;
/** Bytes of transactions that a peer may send in one round. */
const MAX_ROUND_BYTES = 16_000_000;
/** Non-matching transactions a peer may send in a round: its mempool adds outpoints to its copy of the filter. */
const MAX_STRAYS = 100;
/** Milliseconds the second peer may take longer than twice the time of the first one. */
const GRACE_MS = 10_000;
/** Milliseconds for which a peer that left a round unfinished is used only if there is no other. */
const DISTRUST_MS = 10 * 60_000;
/** Milliseconds a peer may take for a round. */
const MAX_ROUND_MS = 120_000;

/** Modules that a `BloomScanner` uses. */
export interface BloomScannerModules {
  readonly chain: HeaderChain;
  readonly chains: PeerChains;
  readonly clock: Clock;
  readonly random: Random;
}

/** Consecutive blocks requested from up to two peers at the same time. */
interface Round {
  readonly indexes: readonly BlockIndex[];
  /** The filter as loaded at the start of the round. */
  readonly filter: BloomFilter;
  readonly answers: Map<BloomSession, Answers>;
  /** Whether the blocks have been scanned before, with one peer only. */
  readonly isRecheck: boolean;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Monotonic milliseconds at which the first peer finished. */
  firstAt: number | undefined;
}

/** A peer's answers in a round. */
interface Answers {
  /** Matching transactions of each block, in the order of the round. */
  readonly blocks: (readonly ProvedTransaction[])[];
  bytes: number;
  /** Monotonic milliseconds. */
  readonly requestedAt: number;
}

/**
 * Scans for a watcher's transactions with Bloom filters (BIP37). Each block is requested from two peers if possible,
 * and their answers are merged: a payment is missed only if both omit it. The proof that one peer sends convicts the
 * other of the omission. Blocks scanned with one peer are checked again when a second peer is available.
 */
export class BloomScanner implements Scanner {
  readonly counts = { filters: 0, merkleBlocks: 0, blocks: 0, falsePositives: 0 };
  readonly handlers: SpvHandlers;
  readonly #modules: BloomScannerModules;
  readonly #watcher: TransactionWatcher;
  readonly #filter: WatchedFilter;
  readonly #pending: PendingTransactions;
  readonly #sessions = new Map<Peer, BloomSession>();
  /** Endpoints of peers that left a round unfinished, with the monotonic time until which they are avoided. */
  readonly #unreliable = new Map<string, number>();
  #round: Round | undefined;
  /** Set while a round's results are delivered; no other round may start. */
  #isFinishing = false;
  #roundSize = MIN_ROUND;
  #scanned: BlockIndex;
  /** Range of heights that includes all blocks scanned with one peer only. */
  #unchecked: { readonly from: number; readonly to: number } | undefined;

  constructor(modules: BloomScannerModules, watcher: TransactionWatcher) {
    this.#modules = modules;
    this.#watcher = watcher;
    this.#scanned = watcher.start();
    this.#filter = new WatchedFilter(watcher, randomInt(modules.random, 2 ** 32));
    this.#pending = new PendingTransactions(modules.clock, watcher);
    this.handlers = {
      inv: (peer, { entries }) => {
        if (this.#sessions.get(peer)?.isLoaded) this.#pending.announced(peer, [...entries]);
      },
      merkleblock: (peer, message) => {
        const session = this.#sessions.get(peer);
        if (session) session.merkleBlock(message);
        else peer.misbehaving('unrequested merkleblock');
      },
      notfound: (peer, { entries }) => this.#pending.notFound(peer, [...entries]),
      tx: (peer, transaction) => {
        if (!this.#sessions.get(peer)?.transaction(transaction)) this.#pending.received(peer, transaction);
      },
    };
  }

  get scanned(): BlockIndex {
    return this.#scanned;
  }

  /** Number of peers that have our filter. */
  get filterPeers(): number {
    return [...this.#sessions.values()].filter(({ isLoaded }) => isLoaded).length;
  }

  /** Returns the heights of the blocks requested from a peer. */
  inFlight(peer: Peer): number[] {
    return this.#sessions.get(peer)?.heightsInFlight ?? [];
  }

  peerReady(peer: Peer): void {
    if ((peer.services & ServiceFlag.BLOOM) === 0n) return;
    const session: BloomSession = new BloomSession(peer, this.#modules.clock, (answer) =>
      this.#answered(session, answer),
    );
    this.#sessions.set(peer, session);
    this.step();
  }

  peerClosed(peer: Peer): void {
    const session = this.#sessions.get(peer);
    if (!session) return;
    this.#sessions.delete(peer);
    this.#pending.peerClosed(peer);
    if (this.#round?.answers.delete(session)) {
      this.#unreliable.set(formatEndpoint(peer.remote), this.#modules.clock.monotonic() + DISTRUST_MS);
      this.#proceed(this.#round);
    }
    this.step();
  }

  tick(): void {
    for (const session of [...this.#sessions.values()]) session.tick();
    if (this.#round) this.#dropSlowPeers(this.#round);
    this.#pending.tick();
    const now = this.#modules.clock.monotonic();
    for (const [endpoint, until] of this.#unreliable) if (until < now) this.#unreliable.delete(endpoint);
    this.step();
    this.#recheck();
  }

  /** Disconnects a peer that takes much longer for the round than the first one did. */
  #dropSlowPeers({ answers, indexes, startedAt, firstAt }: Round): void {
    const now = this.#modules.clock.monotonic();
    for (const [{ peer }, { blocks, requestedAt }] of [...answers]) {
      const deadline =
        firstAt === undefined ? Infinity : Math.max(firstAt, requestedAt) + firstAt - startedAt + GRACE_MS;
      if (blocks.length < indexes.length && now > Math.min(deadline, requestedAt + MAX_ROUND_MS)) {
        peer.disconnect('slow merkleblock responses');
      }
    }
  }

  tipChanged(fork: BlockIndex): void {
    if (this.#unchecked) this.#setUnchecked(this.#unchecked.from, Math.min(this.#unchecked.to, fork.height));
    if (this.#scanned.height > fork.height) this.rewindTo(fork);
    else if (this.#round && this.#round.indexes.at(-1)!.height > fork.height) this.rewindTo(this.#scanned);
    else this.step();
  }

  rewindTo(index: BlockIndex): void {
    if (this.#round) for (const session of this.#round.answers.keys()) session.abandon();
    this.#round = undefined;
    if (index.height < this.#scanned.height) this.#scanned = index;
    this.step();
  }

  // Requests

  step(): void {
    if (this.#isFinishing) return;
    if (this.#round) {
      this.#fillUp(this.#round);
      return;
    }
    this.#scanned = resumePoint(this.#watcher, this.#scanned);
    const { chain } = this.#modules;
    const next = chain.atHeight(this.#scanned.height + 1);
    if (next) this.#begin(next, chain.tip.height, this.#choose(next), false);
    else this.#listen();
  }

  /** Has two peers announce unconfirmed transactions. Called at the tip, where all of the wallets' coins are known. */
  #listen(): void {
    this.#filter.refresh();
    for (const session of this.#able(this.#scanned)) {
      if (session.isLoaded || this.filterPeers < FILTER_PEERS) session.listen(this.#filter);
    }
  }

  /** Requests blocks that only one peer served from two peers, once the scan is at the tip. */
  #recheck(): void {
    if (this.#round || !this.#unchecked || this.#scanned !== this.#modules.chain.tip) return;
    const next = this.#modules.chain.atHeight(this.#unchecked.from)!;
    const able = this.#able(next).slice(0, FILTER_PEERS);
    if (able.length === FILTER_PEERS) this.#begin(next, this.#unchecked.to, able, true);
  }

  #begin(first: BlockIndex, last: number, sessions: readonly BloomSession[], isRecheck: boolean): void {
    if (sessions.length === 0) return;
    const { chain, chains, clock } = this.#modules;
    this.#filter.refresh();
    const known = sessions.map(({ peer }) => chain.findFork(chains.get(peer)!.bestKnown!).height);
    const to = Math.min(last, first.height + this.#roundSize - 1, ...known);
    const indexes = Array.from({ length: to - first.height + 1 }, (_, i) => chain.atHeight(first.height + i)!);
    const round: Round = {
      ...{ indexes, isRecheck, filter: this.#filter.copy(), answers: new Map() },
      ...{ startedAt: clock.monotonic(), firstAt: undefined },
    };
    this.#round = round;
    for (const session of sessions) this.#request(round, session);
  }

  #request({ answers, indexes }: Round, session: BloomSession): void {
    session.load(this.#filter);
    answers.set(session, { blocks: [], bytes: 0, requestedAt: this.#modules.clock.monotonic() });
    session.request(indexes);
  }

  /** Returns the peers that can serve a block, those with our filter first; unreliable ones only if all are. */
  #able(index: BlockIndex): BloomSession[] {
    const { chains } = this.#modules;
    const able = [...this.#sessions.values()].filter(
      (session) => session.isFree && chains.get(session.peer)?.hasBlock(index) === true,
    );
    const reliable = able.filter(({ peer }) => !this.#unreliable.has(formatEndpoint(peer.remote)));
    return (reliable.length > 0 ? reliable : able).sort((a, b) => Number(b.isLoaded) - Number(a.isLoaded));
  }

  /** Returns the peers to request a block from. Never reveals the filter to a third peer because one of two is late. */
  #choose(index: BlockIndex): BloomSession[] {
    const able = this.#able(index);
    const loaded = able.filter(({ isLoaded }) => isLoaded);
    return (this.filterPeers >= FILTER_PEERS && loaded.length > 0 ? loaded : able).slice(0, FILTER_PEERS);
  }

  /** Requests the round from peers that connected since, or that replace a disconnected one. */
  #fillUp(round: Round): void {
    for (const session of this.#choose(round.indexes.at(-1)!)) {
      if (round.answers.size < FILTER_PEERS && !round.answers.has(session)) this.#request(round, session);
    }
  }

  /** Continues a round after one of its peers disconnected. */
  #proceed(round: Round): void {
    this.#fillUp(round);
    if (round.answers.size === 0) this.#round = undefined;
    else this.#finishIfDone(round);
  }

  // Answers

  #answered(session: BloomSession, { index, matches }: BloomAnswer): void {
    const round = this.#round;
    const answers = round?.answers.get(session);
    if (!round || !answers || round.indexes[answers.blocks.length] !== index) return;
    answers.blocks.push(matches);
    for (const { transaction } of matches) answers.bytes += transaction.strippedSize;
    if (answers.bytes > MAX_ROUND_BYTES) session.peer.disconnect('too many transactions for the filter');
    else this.#finishIfDone(round);
  }

  #finishIfDone(round: Round): void {
    const sessions = [...round.answers.values()];
    const done = sessions.filter(({ blocks }) => blocks.length === round.indexes.length);
    if (done.length > 0) round.firstAt ??= this.#modules.clock.monotonic();
    if (done.length < sessions.length || this.#round !== round) return;
    this.#round = undefined;
    this.#isFinishing = true;
    const faults = this.#finish(round);
    this.#isFinishing = false;
    punish(faults);
    this.step();
  }

  /** Delivers a round's matches to the watcher. Returns the faults in the peers' answers. */
  #finish({ indexes, filter, answers, isRecheck }: Round): Map<BloomSession, Faults> {
    const faults = new Map<BloomSession, Faults>();
    for (const session of answers.keys()) faults.set(session, { omitted: undefined, strays: 0 });
    let last = indexes.at(-1)!;
    for (const [i, index] of indexes.entries()) {
      this.counts.merkleBlocks++;
      const matches = merge(
        filter,
        [...answers].map(([session, { blocks }]) => [faults.get(session)!, blocks[i]!]),
      );
      if (!this.#deliver(index, matches)) continue;
      // The block uses new keys, so the wallet watches keys that the filter lacks: request this and later blocks again.
      last = index.prev!;
      this.#roundSize = MIN_ROUND / 2;
      break;
    }
    this.#roundSize = Math.min(2 * this.#roundSize, MAX_ROUND);
    const [from, to] = [indexes[0]!.height, this.#unchecked?.to ?? 0];
    if (answers.size < FILTER_PEERS) {
      this.#setUnchecked(Math.min(from, this.#unchecked?.from ?? from), Math.max(last.height, to));
    } else if (from <= (this.#unchecked?.from ?? 0)) {
      this.#setUnchecked(Math.max(this.#unchecked!.from, last.height + 1), to);
    }
    // Blocks that have been scanned are scanned again for the new keys.
    if (isRecheck && last !== indexes.at(-1)) this.#watcher.rewindTo(last);
    if (!isRecheck || last !== indexes.at(-1)) this.#advance(last);
    return faults;
  }

  /** Delivers a block's matches to the watcher. Returns whether it now watches scripts that the filter lacks. */
  #deliver(index: BlockIndex, matches: readonly ProvedTransaction[]): boolean {
    const others = matches.filter(({ transaction }) => !transaction.isCoinbase).length;
    const count = matches.length === 0 ? 0 : this.#watcher.proved(index, matches);
    this.counts.falsePositives += Math.max(0, others - count);
    return count > 0 && this.#filter.refresh();
  }

  #advance(index: BlockIndex): void {
    this.#scanned = index;
    this.#watcher.scanned(index);
  }

  #setUnchecked(from: number, to: number): void {
    this.#unchecked = from > to ? undefined : { from, to };
  }
}

/** Faults of one peer in a round. */
interface Faults {
  /** Txid (hex) of the first matching transaction that the peer omitted. */
  omitted: string | undefined;
  /** Number of transactions that do not match. */
  strays: number;
}

function punish(faults: ReadonlyMap<BloomSession, Faults>): void {
  for (const [{ peer }, { omitted, strays }] of faults) {
    if (omitted) peer.misbehaving(`omitted matching transaction ${omitted}`);
    else if (strays > MAX_STRAYS) peer.disconnect('too many non-matching transactions');
  }
}

/**
 * Merges the peers' matches of one block, in block order, and counts the peers' faults. Updates `filter` as a peer
 * updates its copy (BIP37), but with the sent transactions only: every peer's copy contains at least as much, so that a
 * transaction that matches `filter` must match at every peer.
 */
function merge(
  filter: BloomFilter,
  responses: readonly (readonly [Faults, readonly ProvedTransaction[]])[],
): ProvedTransaction[] {
  const all = new Map<string, { readonly match: ProvedTransaction; readonly by: Set<Faults> }>();
  for (const [faults, matches] of responses) {
    for (const match of matches) {
      const key = binaryKey(match.transaction.txid);
      const known = all.get(key);
      if (known) known.by.add(faults);
      else all.set(key, { match, by: new Set([faults]) });
    }
  }
  const inOrder = [...all.values()].sort((a, b) => a.match.proof.proof.position - b.match.proof.proof.position);
  return inOrder.flatMap(({ match, by }) => {
    const isMatch = filter.isRelevantAndUpdate(match.transaction);
    for (const [faults] of responses) {
      if (!isMatch && by.has(faults)) faults.strays++;
      else if (isMatch && !by.has(faults)) faults.omitted ??= match.transaction.txidHex;
    }
    return isMatch ? [match] : [];
  });
}
