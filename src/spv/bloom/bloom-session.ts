import { binaryKey, equalBytes } from '../../bytes/compare.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { Peer } from '../../p2p/peer/peer.ts';
import { InvType } from '../../p2p/wire/messages/inventory.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import { ProofError } from '../../proofs/errors.ts';
import type { MerkleBlock } from '../../proofs/merkle-block.ts';
import type { ExtractedTree } from '../../proofs/partial-merkle-tree.ts';
import { type TransactionProofFlaw, verifyTransactionProof } from '../../proofs/transaction-proof.ts';
import type { ProvedTransaction } from '../watcher.ts';
import type { WatchedFilter } from './watched-filter.ts';

/** Milliseconds without a merkle block or transaction after which a peer with blocks in flight is disconnected. */
const ANSWER_TIMEOUT_MS = 20_000;
/** Blocks after which the filter is loaded again: false positives have added outpoints to the peer's copy. */
const RELOAD_AFTER = 1_000;
/** Blocks in flight above which nothing more is requested from a peer. */
const MAX_IN_FLIGHT = 1_000;

/** A peer's answer about a block. */
export interface BloomAnswer {
  readonly index: BlockIndex;
  /** In block order; the coinbase is the first. */
  readonly matches: readonly ProvedTransaction[];
}

interface RequestedBlock {
  readonly index: BlockIndex;
  /** Whether the answer, which will still arrive, is to be ignored. */
  abandoned: boolean;
}

/** A merkle block some of whose transactions have not arrived. */
interface PartialAnswer {
  readonly requested: RequestedBlock;
  readonly tree: ExtractedTree;
  /** By txid; undefined until the transaction arrives. */
  readonly transactions: Map<string, Transaction | undefined>;
  missing: number;
}

/**
 * A peer with our Bloom filter (BIP37): tracks its blocks in flight and validates its answers. A peer answers in the
 * order of the requests; each `merkleblock` is followed by its matched transactions.
 */
export class BloomSession {
  readonly peer: Peer;
  readonly #clock: Clock;
  readonly #answered: (answer: BloomAnswer) => void;
  #inFlight: RequestedBlock[] = [];
  #partial: PartialAnswer | undefined;
  #loaded: { readonly version: number; blocks: number } | undefined;
  /** Version of the filter for which `mempool` (BIP35) was sent. */
  #mempoolVersion: number | undefined;
  /** Monotonic milliseconds of the last request or answer. */
  #since = 0;

  constructor(peer: Peer, clock: Clock, answered: (answer: BloomAnswer) => void) {
    this.peer = peer;
    this.#clock = clock;
    this.#answered = answered;
  }

  /** Whether the peer has our filter. */
  get isLoaded(): boolean {
    return this.#loaded !== undefined;
  }

  /** Whether more blocks can be requested. */
  get isFree(): boolean {
    return this.#inFlight.length < MAX_IN_FLIGHT;
  }

  /** Heights of the blocks in flight, without abandoned ones. */
  get heightsInFlight(): number[] {
    return this.#inFlight.filter(({ abandoned }) => !abandoned).map(({ index }) => index.height);
  }

  /** Sends the filter unless the peer has this version of it. */
  load(filter: WatchedFilter): void {
    const { version } = filter;
    if (this.#loaded?.version === version && this.#loaded.blocks < RELOAD_AFTER) return;
    this.peer.send('filterload', filter.copy());
    this.#loaded = { version, blocks: 0 };
  }

  /** Requests matching transactions of the peer's mempool (BIP35). The peer announces later ones without a request. */
  listen(filter: WatchedFilter): void {
    this.load(filter);
    if (this.#mempoolVersion === filter.version) return;
    this.#mempoolVersion = filter.version;
    this.peer.send('mempool', {});
  }

  /** Requests the merkle blocks of these blocks. */
  request(indexes: readonly BlockIndex[]): void {
    this.#inFlight.push(...indexes.map((index) => ({ index, abandoned: false })));
    this.#loaded!.blocks += indexes.length;
    this.#since = this.#clock.monotonic();
    this.peer.send('getdata', { entries: indexes.map(({ hash }) => ({ type: InvType.FILTERED_BLOCK, hash })) });
  }

  /** Ignores the answers to all requests in flight. */
  abandon(): void {
    for (const requested of this.#inFlight) requested.abandoned = true;
    if (this.#partial) this.#partial.requested.abandoned = true;
  }

  tick(): void {
    if (this.#inFlight.length === 0 && !this.#partial) return;
    if (this.#clock.monotonic() - this.#since > ANSWER_TIMEOUT_MS) this.peer.disconnect('merkleblock timeout');
  }

  /** Handles a `merkleblock` message. */
  merkleBlock(message: MerkleBlock): void {
    if (this.#partial) this.peer.misbehaving('merkleblock without its matched transactions');
    const requested = this.peer.isClosed ? undefined : this.#takeRequest(message.header);
    const tree = requested && this.#extract(message);
    if (!tree) return;
    const transactions = new Map(tree.matches.map(({ txid }) => [binaryKey(txid), undefined]));
    // Our filter matches every coinbase. It fixes the tree's depth, so an inner node cannot pass as a transaction.
    if (tree.matches[0]?.position !== 0) {
      this.peer.misbehaving(`merkleblock without the coinbase of block ${requested.index.hashHex}`);
    } else if (transactions.size < tree.matches.length) {
      this.peer.misbehaving('duplicate transaction in merkleblock');
    } else {
      this.#partial = { requested, tree, transactions, missing: transactions.size };
    }
  }

  /** Removes a block from those in flight and returns it. Punishes the peer if the block is not the next one. */
  #takeRequest({ hash }: MerkleBlock['header']): RequestedBlock | undefined {
    const at = this.#inFlight.findIndex(({ index }) => equalBytes(index.hash, hash));
    if (at < 0) return this.#refuse('unrequested merkleblock');
    const passed = this.#inFlight.splice(0, at + 1);
    const requested = passed.pop();
    this.#since = this.#clock.monotonic();
    // A peer may have dropped the blocks of a stale branch.
    if (passed.every(({ abandoned }) => abandoned)) return requested;
    this.peer.disconnect('skipped merkleblock');
    return undefined;
  }

  #extract(message: MerkleBlock): ExtractedTree | undefined {
    try {
      return message.extract();
    } catch (error) {
      if (!(error instanceof ProofError)) throw error;
      return this.#refuse(`invalid merkleblock: ${error.message}`);
    }
  }

  /** Handles a `tx` message. Returns false for a transaction that is not one of the last merkle block. */
  transaction(transaction: Transaction): boolean {
    const partial = this.#partial;
    const key = binaryKey(transaction.txid);
    if (!partial?.transactions.has(key) || partial.transactions.get(key)) return false;
    partial.transactions.set(key, transaction);
    this.#since = this.#clock.monotonic();
    if (--partial.missing > 0) return true;
    this.#partial = undefined;
    if (partial.requested.abandoned) return true;
    const matches = this.#prove(partial);
    if (matches) this.#answered({ index: partial.requested.index, matches });
    return true;
  }

  /** Returns the transactions with their proofs. If a proof is invalid, punishes the peer and returns undefined. */
  #prove({ requested: { index }, tree, transactions }: PartialAnswer): ProvedTransaction[] | undefined {
    const [first, ...others] = tree.matches.map(({ txid, position }) => ({
      transaction: transactions.get(binaryKey(txid))!,
      proof: tree.proofOf(position)!,
    }));
    const { header } = index;
    const block = { blockHash: index.hash, height: index.height };
    const result = verifyTransactionProof({ header, ...first! });
    // A coinbase of 64 bytes could be an inner node itself and does not prove the tree's depth (CVE-2017-12842).
    const coinbase = result.valid ? { coinbase: first! } : {};
    if (!result.valid && result.flaw !== 'size-of-inner-node') {
      return this.#refuse(invalidProof(result.flaw));
    }
    const proved = [{ transaction: first!.transaction, proof: { ...block, proof: first!.proof, ...coinbase } }];
    for (const { transaction, proof } of others) {
      const verdict = verifyTransactionProof({ header, transaction, proof, ...coinbase });
      if (verdict.valid) proved.push({ transaction, proof: { ...block, proof, ...coinbase } });
      // A transaction of 64 bytes is valid in a block but cannot be proved; it is skipped.
      else if (verdict.flaw !== 'size-of-inner-node') return this.#refuse(invalidProof(verdict.flaw));
    }
    return proved;
  }

  #refuse(reason: string): undefined {
    this.peer.misbehaving(reason);
  }
}

function invalidProof(flaw: TransactionProofFlaw): string {
  return `invalid transaction proof in merkleblock: ${flaw}`;
}
