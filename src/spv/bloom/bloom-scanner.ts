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
import type { Scanner } from '../scanner.ts';
import type { ProvedTransaction, TransactionWatcher } from '../watcher.ts';
import { type BloomAnswer, BloomSession } from './bloom-session.ts';
import { PendingTransactions } from './pending-transactions.ts';
import { WatchedFilter } from './watched-filter.ts';

/** Peers that are asked about each block: what one leaves out the other brings. More would learn what we look for. */
const WITNESSES = 2;
/** Blocks in a round: few where new keys are found, since it then begins anew, and more the longer none is. */
const MIN_ROUND = 16;
const MAX_ROUND = 256;
/** Bytes of transactions that a peer may show in one round. */
const MAX_ROUND_BYTES = 16_000_000;
/** Transactions in one round that do not match the filter. A few do, by what a peer's mempool has added to it. */
const MAX_STRAYS = 100;
/** Milliseconds that a second peer has beyond the time that the first one took, to take as long again. */
const GRACE_MS = 10_000;
/** Milliseconds for which who has left a round unfinished is asked only if there is nobody else. */
const DISTRUST_MS = 10 * 60_000;
/** Milliseconds that any peer has for a round. */
const MAX_ROUND_MS = 120_000;

export interface BloomScannerModules {
  readonly chain: HeaderChain;
  readonly chains: PeerChains;
  readonly clock: Clock;
  readonly random: Random;
}

/** Blocks that some peers are asked about at the same time. */
interface Round {
  readonly indexes: readonly BlockIndex[];
  /** The filter as it was when it was loaded. */
  readonly filter: BloomFilter;
  readonly answers: Map<BloomSession, Answers>;
  /** They have been looked at before, by one peer only. */
  readonly isSecondLook: boolean;
  /** These by the monotonic clock. */
  readonly startedAt: number;
  firstAt: number | undefined;
}

interface Answers {
  readonly blocks: (readonly ProvedTransaction[])[];
  bytes: number;
  /** By the monotonic clock. */
  readonly askedAt: number;
}

/**
 * Looks for a watcher's transactions by Bloom filters (BIP37). Two peers are asked about each block where there are two,
 * and what both show is put together, so that a payment is missed only if both leave it out; who does is found out by the
 * proof that the other sends. What was looked at with one peer only is looked at again once there are two.
 */
export class BloomScanner implements Scanner {
  readonly counts = { filters: 0, merkleBlocks: 0, blocks: 0, falsePositives: 0 };
  readonly handlers: SpvHandlers;
  readonly #modules: BloomScannerModules;
  readonly #watcher: TransactionWatcher;
  readonly #filter: WatchedFilter;
  readonly #pending: PendingTransactions;
  readonly #sessions = new Map<Peer, BloomSession>();
  /** Where peers were that left a round unfinished, and until when that counts, by the monotonic clock. */
  readonly #unreliable = new Map<string, number>();
  #round: Round | undefined;
  /** What was found is being handed over, and nothing else may begin. */
  #isFinishing = false;
  #roundSize = MIN_ROUND;
  #scanned: BlockIndex;
  /** Heights between which there are blocks that only one peer was asked about, up to the last that was scanned. */
  #alone: { readonly from: number; readonly to: number } | undefined;

  constructor(modules: BloomScannerModules, watcher: TransactionWatcher) {
    this.#modules = modules;
    this.#watcher = watcher;
    this.#scanned = watcher.start();
    this.#filter = new WatchedFilter(watcher, randomInt(modules.random, 2 ** 32));
    this.#pending = new PendingTransactions(modules.clock, watcher);
    this.handlers = {
      inv: (peer, { entries }) => {
        if (this.#sessions.get(peer)?.isLoaded) this.#pending.announced(peer, entries);
      },
      merkleblock: (peer, message) => {
        const session = this.#sessions.get(peer);
        if (session) session.merkleBlock(message);
        else peer.misbehaving('a merkleblock that was not asked for');
      },
      notfound: (peer, { entries }) => this.#pending.notFound(peer, entries),
      tx: (peer, transaction) => {
        if (!this.#sessions.get(peer)?.transaction(transaction)) this.#pending.received(peer, transaction);
      },
    };
  }

  get scanned(): BlockIndex {
    return this.#scanned;
  }

  /** Peers that know what we look for. */
  get witnesses(): number {
    return [...this.#sessions.values()].filter(({ isLoaded }) => isLoaded).length;
  }

  /** Heights of the blocks that a peer has been asked about. */
  inFlight(peer: Peer): number[] {
    return this.#sessions.get(peer)?.owedHeights ?? [];
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
    if (this.#round) this.#hurry(this.#round);
    this.#pending.tick();
    const now = this.#modules.clock.monotonic();
    for (const [endpoint, until] of this.#unreliable) if (until < now) this.#unreliable.delete(endpoint);
    this.step();
    this.#lookAgain();
  }

  /** A slow peer is not waited for much longer than another took. */
  #hurry({ answers, indexes, startedAt, firstAt }: Round): void {
    const now = this.#modules.clock.monotonic();
    for (const [{ peer }, { blocks, askedAt }] of [...answers]) {
      const deadline = firstAt === undefined ? Infinity : Math.max(firstAt, askedAt) + firstAt - startedAt + GRACE_MS;
      if (blocks.length < indexes.length && now > Math.min(deadline, askedAt + MAX_ROUND_MS)) {
        peer.disconnect('shows its blocks too slowly');
      }
    }
  }

  tipChanged(fork: BlockIndex): void {
    if (this.#scanned.height > fork.height) this.setBack(fork);
    else if (this.#round && this.#round.indexes.at(-1)!.height > fork.height) this.setBack(this.#scanned);
    else this.step();
  }

  setBack(index: BlockIndex): void {
    if (this.#round) for (const session of this.#round.answers.keys()) session.abandon();
    this.#round = undefined;
    this.#scanned = index;
    this.#clampAlone();
    this.step();
  }

  // Asking

  step(): void {
    if (this.#isFinishing) return;
    if (this.#round) {
      this.#fillUp(this.#round);
      return;
    }
    const skipped = this.#watcher.skip?.(this.#scanned) ?? this.#scanned;
    if (skipped !== this.#scanned) this.#settle(skipped);
    const { chain } = this.#modules;
    const next = chain.atHeight(this.#scanned.height + 1);
    if (next) this.#begin(next, chain.tip.height, this.#choose(next), false);
    else this.#listen();
  }

  /** All coins are known by now: two peers are to tell what waits for a block. */
  #listen(): void {
    this.#filter.refresh();
    for (const session of this.#able(this.#scanned)) {
      if (session.isLoaded || this.witnesses < WITNESSES) session.listen(this.#filter);
    }
  }

  /** Asks two peers about what only one was asked about, when nothing else is to be done. */
  #lookAgain(): void {
    if (this.#round || !this.#alone || this.#scanned !== this.#modules.chain.tip) return;
    const next = this.#modules.chain.atHeight(this.#alone.from)!;
    const able = this.#able(next).slice(0, WITNESSES);
    if (able.length === WITNESSES) this.#begin(next, this.#alone.to, able, true);
  }

  #begin(first: BlockIndex, last: number, sessions: readonly BloomSession[], isSecondLook: boolean): void {
    if (sessions.length === 0) return;
    const { chain, chains, clock } = this.#modules;
    this.#filter.refresh();
    const known = sessions.map(({ peer }) => chain.findFork(chains.get(peer)!.bestKnown!).height);
    const to = Math.min(last, first.height + this.#roundSize - 1, ...known);
    const indexes = Array.from({ length: to - first.height + 1 }, (_, i) => chain.atHeight(first.height + i)!);
    const round: Round = {
      ...{ indexes, isSecondLook, filter: this.#filter.copy(), answers: new Map() },
      ...{ startedAt: clock.monotonic(), firstAt: undefined },
    };
    this.#round = round;
    for (const session of sessions) this.#ask(round, session);
  }

  #ask({ answers, indexes }: Round, session: BloomSession): void {
    session.load(this.#filter);
    answers.set(session, { blocks: [], bytes: 0, askedAt: this.#modules.clock.monotonic() });
    session.ask(indexes);
  }

  /** Who can be asked about a block, without the unreliable; those first who know already what we look for. */
  #able(index: BlockIndex): BloomSession[] {
    const { chains } = this.#modules;
    const able = [...this.#sessions.values()].filter(
      (session) => session.isFree && chains.get(session.peer)?.hasBlock(index) === true,
    );
    const reliable = able.filter(({ peer }) => !this.#unreliable.has(formatEndpoint(peer.remote)));
    return (reliable.length > 0 ? reliable : able).sort((a, b) => Number(b.isLoaded) - Number(a.isLoaded));
  }

  /** Whom to ask about a block. Where one who knows what we look for is late, no third one is told of it. */
  #choose(index: BlockIndex): BloomSession[] {
    const able = this.#able(index);
    const loaded = able.filter(({ isLoaded }) => isLoaded);
    return (this.witnesses >= WITNESSES && loaded.length > 0 ? loaded : able).slice(0, WITNESSES);
  }

  /** Asks those as well who have come since, or take the place of one who is gone. */
  #fillUp(round: Round): void {
    for (const session of this.#choose(round.indexes.at(-1)!)) {
      if (round.answers.size < WITNESSES && !round.answers.has(session)) this.#ask(round, session);
    }
  }

  /** One of those who were asked is gone. */
  #proceed(round: Round): void {
    this.#fillUp(round);
    if (round.answers.size === 0) this.#round = undefined;
    else this.#finishIfDone(round);
  }

  // Answers

  #answered(session: BloomSession, { index, shown }: BloomAnswer): void {
    const round = this.#round;
    const answers = round?.answers.get(session);
    if (!round || !answers || round.indexes[answers.blocks.length] !== index) return;
    answers.blocks.push(shown);
    for (const { transaction } of shown) answers.bytes += transaction.strippedSize;
    if (answers.bytes > MAX_ROUND_BYTES) session.peer.disconnect('shows more than a wallet can have');
    else this.#finishIfDone(round);
  }

  #finishIfDone(round: Round): void {
    const sessions = [...round.answers.values()];
    const done = sessions.filter(({ blocks }) => blocks.length === round.indexes.length);
    if (done.length > 0) round.firstAt ??= this.#modules.clock.monotonic();
    if (done.length < sessions.length || this.#round !== round) return;
    this.#round = undefined;
    this.#isFinishing = true;
    const failings = this.#finish(round);
    this.#isFinishing = false;
    judge(failings);
    this.step();
  }

  /** Returns what was wrong with the peers' answers. */
  #finish({ indexes, filter, answers, isSecondLook }: Round): Map<BloomSession, Failings> {
    const failings = new Map<BloomSession, Failings>();
    for (const session of answers.keys()) failings.set(session, { omitted: undefined, strays: 0 });
    let last = indexes.at(-1)!;
    for (const [i, index] of indexes.entries()) {
      this.counts.merkleBlocks++;
      const matches = compare(
        filter,
        [...answers].map(([session, { blocks }]) => [failings.get(session)!, blocks[i]!]),
      );
      if (!this.#take(index, matches)) continue;
      // The filter lacked keys that this block has shown to be in use: from here on all is asked for again.
      last = index.prev!;
      this.#roundSize = MIN_ROUND / 2;
      break;
    }
    this.#roundSize = Math.min(2 * this.#roundSize, MAX_ROUND);
    const [from, to] = [indexes[0]!.height, this.#alone?.to ?? 0];
    if (answers.size < WITNESSES) this.#setAlone(Math.min(from, this.#alone?.from ?? from), Math.max(last.height, to));
    else if (isSecondLook) this.#setAlone(last.height + 1, to);
    if (!isSecondLook || last !== indexes.at(-1)) this.#settle(last);
    this.#clampAlone();
    return failings;
  }

  /** Hands over what was found; returns whether there is more to look for by now, in the same block already. */
  #take(index: BlockIndex, matches: readonly ProvedTransaction[]): boolean {
    const others = matches.filter(({ transaction }) => !transaction.isCoinbase).length;
    const count = matches.length === 0 ? 0 : this.#watcher.proved(index, matches);
    this.counts.falsePositives += Math.max(0, others - count);
    return count > 0 && this.#filter.refresh();
  }

  #settle(index: BlockIndex): void {
    this.#scanned = index;
    this.#watcher.scanned(index);
  }

  /** What has yet to be scanned has not been looked at with one peer only. */
  #clampAlone(): void {
    if (this.#alone) this.#setAlone(this.#alone.from, Math.min(this.#alone.to, this.#scanned.height));
  }

  #setAlone(from: number, to: number): void {
    this.#alone = from > to ? undefined : { from, to };
  }
}

interface Failings {
  /** The first transaction that the peer should have shown. */
  omitted: string | undefined;
  strays: number;
}

function judge(failings: ReadonlyMap<BloomSession, Failings>): void {
  for (const [{ peer }, { omitted, strays }] of failings) {
    if (omitted) peer.misbehaving(`leaves out transaction ${omitted}, which matches`);
    else if (strays > MAX_STRAYS) peer.disconnect('shows what does not match');
  }
}

/**
 * What peers show of one block, together, in the order of the block. The filter changes as a peer's does (BIP37), but by
 * what has been shown only: whatever matches it matches that of every peer, which holds at least as much.
 */
function compare(
  filter: BloomFilter,
  voices: readonly (readonly [Failings, readonly ProvedTransaction[]])[],
): ProvedTransaction[] {
  const all = new Map<string, { readonly match: ProvedTransaction; readonly by: Set<Failings> }>();
  for (const [failings, shown] of voices) {
    for (const match of shown) {
      const key = binaryKey(match.transaction.txid);
      const known = all.get(key);
      if (known) known.by.add(failings);
      else all.set(key, { match, by: new Set([failings]) });
    }
  }
  const inOrder = [...all.values()].sort((a, b) => a.match.proof.proof.position - b.match.proof.proof.position);
  return inOrder.flatMap(({ match, by }) => {
    const isMatch = filter.isRelevantAndUpdate(match.transaction);
    for (const [failings] of voices) {
      if (!isMatch && by.has(failings)) failings.strays++;
      else if (isMatch && !by.has(failings)) failings.omitted ??= match.transaction.txidHex;
    }
    return isMatch ? [match] : [];
  });
}
