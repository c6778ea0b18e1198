import { binaryKey, equalBytes } from '../../bytes/compare.ts';
import { DecodeError } from '../../bytes/errors.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { PeerChains } from '../../p2p/blocks/peer-chain.ts';
import type { Peer } from '../../p2p/peer/peer.ts';
import type { CFilterMessage } from '../../p2p/wire/messages/cfilter.ts';
import { type InvEntry, InvType } from '../../p2p/wire/messages/inventory.ts';
import { ServiceFlag } from '../../p2p/wire/protocol.ts';
import type { Clock } from '../../platform/clock.ts';
import { PierError } from '../../platform/errors.ts';
import { type Random, randomInt } from '../../platform/random.ts';
import type { Block } from '../../primitives/block.ts';
import { BASIC_FILTER, matchAny } from '../../proofs/block-filter.ts';
import { BloomFilter, BloomUpdate } from '../../proofs/bloom-filter.ts';
import { ProofError } from '../../proofs/errors.ts';
import type { MerkleBlock } from '../../proofs/merkle-block.ts';
import type { BlockFetcher } from '../block-fetcher.ts';
import type { HeaderChain } from '../header-chain.ts';
import { type PaymentProof, paymentProofs } from '../payment-proof.ts';
import type { PaymentClaim } from './verify-payment.ts';

/** Blocks that a peer is asked about at a time. */
const BATCH = 100;
/** Milliseconds in which a peer has to tell of these blocks, or it is left. */
const ANSWER_TIMEOUT_MS = 60_000;
/** Milliseconds in which a block has to come from one of the peers. */
const BLOCK_TIMEOUT_MS = 60_000;
/** How often a block without the transaction seems to hold it. */
const FALSE_POSITIVE_RATE = 1e-6;

export interface BlockSearchModules {
  readonly chain: HeaderChain;
  readonly chains: PeerChains;
  readonly blocks: BlockFetcher;
  readonly clock: Clock;
  readonly random: Random;
}

/** Blocks that one peer is asked about, and what it has yet to say. */
interface Question {
  readonly peer: Peer;
  /** By `key`. */
  readonly open: Map<string, BlockIndex>;
  readonly hits: BlockIndex[];
  /** By the monotonic clock. */
  readonly askedAt: number;
  /** Ends it, be it that all has been said, or that the peer is gone. */
  readonly settle: () => void;
}

/**
 * Finds the block that holds a transaction, from the tip down, by what peers tell: by a Bloom filter (BIP37), which tells
 * them what is sought, or by block filters (BIP158), which do not, but need a script of the transaction. What is found
 * is fetched whole, and believed for its header. A peer may keep a block back; then the next one is asked.
 */
export class BlockSearch {
  readonly #modules: BlockSearchModules;
  readonly #txid: Uint8Array;
  readonly #peers = new Set<Peer>();
  readonly #reached: (height: number) => void;
  #scripts: readonly Uint8Array[] = [];
  #question: Question | undefined;

  /** `txid`: 32 bytes, internal order. `reached` is told the height down to which the search has come. */
  constructor(txid: Uint8Array, modules: BlockSearchModules, reached: (height: number) => void) {
    this.#txid = txid;
    this.#modules = modules;
    this.#reached = reached;
  }

  peerReady(peer: Peer): void {
    this.#peers.add(peer);
  }

  peerClosed(peer: Peer): void {
    this.#peers.delete(peer);
    if (this.#question?.peer === peer) this.#question.settle();
  }

  tick(): void {
    const question = this.#question;
    if (!question || this.#modules.clock.monotonic() - question.askedAt <= ANSWER_TIMEOUT_MS) return;
    question.peer.disconnect('does not answer about its blocks in time');
  }

  /** Whether a peer offers a service, a bit of `ServiceFlag`. */
  offers(service: bigint): boolean {
    return this.#offering(service).length > 0;
  }

  /** The claim that this block holds the transaction; undefined if it does not. Throws `PierError` 'block-timeout'. */
  async inBlock(index: BlockIndex): Promise<PaymentClaim | undefined> {
    const block = await this.#fetch(index);
    const position = block.transactions.findIndex(({ txid }) => equalBytes(txid, this.#txid));
    if (position < 0) return undefined;
    const [shown] = paymentProofs(block, index.height, [position]) as [PaymentProof];
    const { height, proof, coinbase } = shown;
    return { transaction: block.transactions[position]!, height, proof, ...(coinbase && { coinbase }) };
  }

  /** Asks peers that filter by Bloom filters. */
  async byBloomFilter(): Promise<PaymentClaim | undefined> {
    const tweak = randomInt(this.#modules.random, 2 ** 32);
    const filter = BloomFilter.forElements(1, FALSE_POSITIVE_RATE, tweak, BloomUpdate.NONE);
    filter.insert(this.#txid);
    return this.#byPeers(
      ServiceFlag.BLOOM,
      (peer) => peer.send('filterload', filter),
      (peer, batch) => {
        const entries = batch.map(({ hash }) => ({ type: InvType.FILTERED_BLOCK, hash }));
        peer.send('getdata', { entries });
      },
    );
  }

  /** Asks peers that serve block filters; the transaction has to pay to, or spend from, one of the scripts. */
  async byBlockFilters(scripts: readonly Uint8Array[]): Promise<PaymentClaim | undefined> {
    this.#scripts = scripts;
    return this.#byPeers(
      ServiceFlag.COMPACT_FILTERS,
      () => {},
      (peer, batch) => {
        const [stop, start] = [batch[0]!, batch.at(-1)!];
        peer.send('getcfilters', { filterType: BASIC_FILTER, startHeight: start.height, stopHash: stop.hash });
      },
    );
  }

  async #byPeers(
    service: bigint,
    begin: (peer: Peer) => void,
    ask: (peer: Peer, batch: readonly BlockIndex[]) => void,
  ): Promise<PaymentClaim | undefined> {
    for (const peer of this.#offering(service)) {
      begin(peer);
      const found = await this.#byPeer(peer, ask);
      if (found) return found;
    }
    return undefined;
  }

  async #byPeer(
    peer: Peer,
    ask: (peer: Peer, batch: readonly BlockIndex[]) => void,
  ): Promise<PaymentClaim | undefined> {
    const { chain, chains } = this.#modules;
    const best = chains.get(peer)?.bestKnown;
    let next: BlockIndex | undefined = best && chain.findFork(best);
    while (next && !peer.isClosed) {
      const batch: BlockIndex[] = [];
      for (; next && batch.length < BATCH; next = next.prev) batch.push(next);
      const hits = await this.#ask(peer, batch, () => ask(peer, batch));
      for (const hit of hits.sort((a, b) => b.height - a.height)) {
        const found = await this.inBlock(hit);
        if (found) return found;
      }
      this.#reached(batch.at(-1)!.height);
    }
    return undefined;
  }

  /** The blocks of the batch that may hold the transaction, as far as the peer has told before it was left. */
  async #ask(peer: Peer, batch: readonly BlockIndex[], send: () => void): Promise<BlockIndex[]> {
    const hits: BlockIndex[] = [];
    await new Promise<void>((settle) => {
      const open = new Map(batch.map((index) => [index.key, index]));
      this.#question = { peer, open, hits, askedAt: this.#modules.clock.monotonic(), settle };
      send();
    });
    this.#question = undefined;
    return hits;
  }

  /** BIP37's answer about a block. */
  merkleBlock(peer: Peer, message: MerkleBlock): void {
    this.#answered(peer, message.header.hash, () => {
      try {
        return message.extract().matches.some(({ txid }) => equalBytes(txid, this.#txid));
      } catch (error) {
        if (!(error instanceof ProofError)) throw error;
        peer.misbehaving(`a merkle block that proves nothing: ${error.message}`);
        return false;
      }
    });
  }

  /** A block's filter. It is not compared with others': a false one only hides a block, or makes us fetch one. */
  filter(peer: Peer, { blockHash, filter }: CFilterMessage): void {
    this.#answered(peer, blockHash, () => {
      try {
        return matchAny(filter, blockHash, this.#scripts);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        peer.misbehaving(`a filter that is none: ${error.message}`);
        return false;
      }
    });
  }

  /** Blocks that the peer does not have, or keeps to itself. */
  notFound(peer: Peer, entries: readonly InvEntry[]): void {
    for (const { hash } of entries) this.#answered(peer, hash, () => false);
  }

  #answered(peer: Peer, hash: Uint8Array, mayHold: () => boolean): void {
    const question = this.#question;
    if (question?.peer !== peer) return;
    const key = binaryKey(hash);
    const index = question.open.get(key);
    if (!index) return;
    question.open.delete(key);
    if (mayHold()) question.hits.push(index);
    if (question.open.size === 0) question.settle();
  }

  #offering(service: bigint): Peer[] {
    return [...this.#peers].filter((peer) => (peer.services & service) !== 0n);
  }

  #fetch(index: BlockIndex): Promise<Block> {
    const { blocks, clock } = this.#modules;
    return new Promise((resolve, reject) => {
      const timer = clock.after(BLOCK_TIMEOUT_MS, () =>
        reject(
          new PierError('block-timeout', `no peer has sent block ${index.hashHex} in ${BLOCK_TIMEOUT_MS / 1000} s`, {
            hint: 'Name another node that has all blocks with --node HOST:PORT.',
          }),
        ),
      );
      void blocks.fetch(index).then((block) => {
        timer.cancel();
        resolve(block);
      });
    });
  }
}
