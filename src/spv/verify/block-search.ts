import { binaryKey, equalBytes } from '../../bytes/compare.ts';
import { DecodeError } from '../../bytes/errors.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { PeerChains } from '../../p2p/blocks/peer-chain.ts';
import type { Peer } from '../../p2p/peer/peer.ts';
import type { CFilterMessage } from '../../p2p/wire/messages/block-filters.ts';
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

/** Blocks per request. */
const BATCH = 100;
/** Milliseconds a peer may take to answer for all blocks of a batch. */
const ANSWER_TIMEOUT_MS = 60_000;
/** Milliseconds the peers may take, together, to send a block. */
const BLOCK_TIMEOUT_MS = 60_000;
/** False positives per element tested with the Bloom filter. */
const FALSE_POSITIVE_RATE = 1e-6;

/** Modules that a `BlockSearch` uses. */
export interface BlockSearchModules {
  readonly chain: HeaderChain;
  readonly chains: PeerChains;
  readonly blocks: BlockFetcher;
  readonly clock: Clock;
  readonly random: Random;
}

/** A batch of blocks requested from one peer. */
interface BatchRequest {
  readonly peer: Peer;
  /** Blocks without an answer, by `key`. */
  readonly open: Map<string, BlockIndex>;
  /** Blocks that may contain the transaction. */
  readonly hits: BlockIndex[];
  /** Monotonic milliseconds. */
  readonly sentAt: number;
  /** Called when all blocks are answered or the peer disconnects. */
  readonly finish: () => void;
}

/**
 * Searches for the block that contains a transaction, from the tip down. A Bloom filter (BIP37) reveals the txid to the
 * peer; block filters (BIP158) reveal nothing but need a script of the transaction. Fetches each matching block in full
 * and checks it against its header. A peer may omit a match: if one finds nothing, the next peer is asked.
 */
export class BlockSearch {
  readonly #modules: BlockSearchModules;
  readonly #txid: Uint8Array;
  readonly #peers = new Set<Peer>();
  readonly #reached: (height: number) => void;
  #scripts: readonly Uint8Array[] = [];
  #request: BatchRequest | undefined;

  /** `txid`: 32 bytes, internal order. `reached` is called with the lowest height searched so far. */
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
    if (this.#request?.peer === peer) this.#request.finish();
  }

  tick(): void {
    const request = this.#request;
    if (!request || this.#modules.clock.monotonic() - request.sentAt <= ANSWER_TIMEOUT_MS) return;
    request.peer.disconnect('block search timeout');
  }

  /** Returns whether any peer offers a service, a bit of `ServiceFlag`. */
  offers(service: bigint): boolean {
    return this.#offering(service).length > 0;
  }

  /** Returns the claim for this block; undefined if it lacks the transaction. Throws `PierError` 'block-timeout'. */
  async inBlock(index: BlockIndex): Promise<PaymentClaim | undefined> {
    const block = await this.#fetch(index);
    const position = block.transactions.findIndex(({ txid }) => equalBytes(txid, this.#txid));
    if (position < 0) return undefined;
    const [payment] = paymentProofs(block, index.height, [position]) as [PaymentProof];
    const { height, proof, coinbase } = payment;
    return { transaction: block.transactions[position]!, height, proof, ...(coinbase && { coinbase }) };
  }

  /** Searches with peers that serve Bloom filters. */
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

  /** Searches with peers that serve block filters. The transaction must pay to or spend from one of the scripts. */
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
    send: (peer: Peer, batch: readonly BlockIndex[]) => void,
  ): Promise<PaymentClaim | undefined> {
    for (const peer of this.#offering(service)) {
      begin(peer);
      const found = await this.#byPeer(peer, send);
      if (found) return found;
    }
    return undefined;
  }

  async #byPeer(
    peer: Peer,
    send: (peer: Peer, batch: readonly BlockIndex[]) => void,
  ): Promise<PaymentClaim | undefined> {
    const { chain, chains } = this.#modules;
    const best = chains.get(peer)?.bestKnown;
    let next: BlockIndex | undefined = best && chain.findFork(best);
    while (next && !peer.isClosed) {
      const batch: BlockIndex[] = [];
      for (; next && batch.length < BATCH; next = next.prev) batch.push(next);
      const hits = await this.#requestBatch(peer, batch, () => send(peer, batch));
      for (const hit of hits.sort((a, b) => b.height - a.height)) {
        const found = await this.inBlock(hit);
        if (found) return found;
      }
      this.#reached(batch.at(-1)!.height);
    }
    return undefined;
  }

  /** Returns the matching blocks of a batch, as far as the peer answered before it disconnected. */
  async #requestBatch(peer: Peer, batch: readonly BlockIndex[], send: () => void): Promise<BlockIndex[]> {
    const hits: BlockIndex[] = [];
    await new Promise<void>((finish) => {
      const open = new Map(batch.map((index) => [index.key, index]));
      this.#request = { peer, open, hits, sentAt: this.#modules.clock.monotonic(), finish };
      send();
    });
    this.#request = undefined;
    return hits;
  }

  /** Handles a `merkleblock` message (BIP37). */
  merkleBlock(peer: Peer, message: MerkleBlock): void {
    this.#answered(peer, message.header.hash, () => {
      try {
        return message.extract().matches.some(({ txid }) => equalBytes(txid, this.#txid));
      } catch (error) {
        if (!(error instanceof ProofError)) throw error;
        peer.misbehaving(`invalid merkleblock: ${error.message}`);
        return false;
      }
    });
  }

  /** Handles a `cfilter` message. The filter is not verified: a wrong one hides a block or causes one useless fetch. */
  filter(peer: Peer, { blockHash, filter }: CFilterMessage): void {
    this.#answered(peer, blockHash, () => {
      try {
        return matchAny(filter, blockHash, this.#scripts);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        peer.misbehaving(`malformed filter: ${error.message}`);
        return false;
      }
    });
  }

  /** Handles a `notfound` message. */
  notFound(peer: Peer, entries: readonly InvEntry[]): void {
    for (const { hash } of entries) this.#answered(peer, hash, () => false);
  }

  #answered(peer: Peer, hash: Uint8Array, mayMatch: () => boolean): void {
    const request = this.#request;
    if (request?.peer !== peer) return;
    const key = binaryKey(hash);
    const index = request.open.get(key);
    if (!index) return;
    request.open.delete(key);
    if (mayMatch()) request.hits.push(index);
    if (request.open.size === 0) request.finish();
  }

  #offering(service: bigint): Peer[] {
    return [...this.#peers].filter((peer) => (peer.services & service) !== 0n);
  }

  #fetch(index: BlockIndex): Promise<Block> {
    const { blocks, clock } = this.#modules;
    return new Promise((resolve, reject) => {
      const timer = clock.after(BLOCK_TIMEOUT_MS, () =>
        reject(
          new PierError('block-timeout', `no peer sent block ${index.hashHex} within ${BLOCK_TIMEOUT_MS / 1000} s`, {
            hint: 'Use --node HOST:PORT to name another node that stores all blocks.',
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
