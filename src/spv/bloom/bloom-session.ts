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

/** Milliseconds without a block, or a transaction of one, after which a peer that owes some is left. */
const ANSWER_TIMEOUT_MS = 20_000;
/** Blocks after which a filter is loaded afresh: it has grown by what matched without being meant. */
const RELOAD_AFTER = 1_000;
/** Blocks that a peer may owe before it is asked for more. */
const MAX_OWED = 1_000;

/** What a peer shows of a block. */
export interface BloomAnswer {
  readonly index: BlockIndex;
  /** In the order of the block; the coinbase is the first. */
  readonly shown: readonly ProvedTransaction[];
}

interface Owed {
  readonly index: BlockIndex;
  /** The answer is of no use any more, but it will come. */
  abandoned: boolean;
}

/** A merkle block whose transactions have yet to come. */
interface Open {
  readonly owed: Owed;
  readonly tree: ExtractedTree;
  /** By txid; undefined while it has not come. */
  readonly transactions: Map<string, Transaction | undefined>;
  missing: number;
}

/**
 * One peer that filters for us (BIP37): which blocks it owes, and whether what it shows of them is proved. Peers answer in
 * the order of the questions, each `merkleblock` followed by the transactions that it shows.
 */
export class BloomSession {
  readonly peer: Peer;
  readonly #clock: Clock;
  readonly #answered: (answer: BloomAnswer) => void;
  #owed: Owed[] = [];
  #open: Open | undefined;
  #loaded: { readonly version: number; blocks: number } | undefined;
  /** The version of the filter by which it has been asked for all that waits for a block. */
  #listensTo: number | undefined;
  /** By the monotonic clock: of the last question, or of what has last come. */
  #since = 0;

  constructor(peer: Peer, clock: Clock, answered: (answer: BloomAnswer) => void) {
    this.peer = peer;
    this.#clock = clock;
    this.#answered = answered;
  }

  /** Whether the peer knows what we look for. */
  get isLoaded(): boolean {
    return this.#loaded !== undefined;
  }

  /** Whether it can be asked for more. */
  get isFree(): boolean {
    return this.#owed.length < MAX_OWED;
  }

  get owedHeights(): number[] {
    return this.#owed.filter(({ abandoned }) => !abandoned).map(({ index }) => index.height);
  }

  /** Gives the peer the filter, unless it has it. */
  load(filter: WatchedFilter): void {
    const { version } = filter;
    if (this.#loaded?.version === version && this.#loaded.blocks < RELOAD_AFTER) return;
    this.peer.send('filterload', filter.copy());
    this.#loaded = { version, blocks: 0 };
  }

  /** Has the peer tell of what waits for a block and matches: by BIP35 of what it has, for each new filter, then of more. */
  listen(filter: WatchedFilter): void {
    this.load(filter);
    if (this.#listensTo === filter.version) return;
    this.#listensTo = filter.version;
    this.peer.send('mempool', {});
  }

  /** Asks for what the filter shows of blocks. */
  ask(indexes: readonly BlockIndex[]): void {
    this.#owed.push(...indexes.map((index) => ({ index, abandoned: false })));
    this.#loaded!.blocks += indexes.length;
    this.#since = this.#clock.monotonic();
    this.peer.send('getdata', { entries: indexes.map(({ hash }) => ({ type: InvType.FILTERED_BLOCK, hash })) });
  }

  /** What the peer owes is of no use any more. */
  abandon(): void {
    for (const owed of this.#owed) owed.abandoned = true;
    if (this.#open) this.#open.owed.abandoned = true;
  }

  tick(): void {
    if (this.#owed.length === 0 && !this.#open) return;
    if (this.#clock.monotonic() - this.#since > ANSWER_TIMEOUT_MS) {
      this.peer.disconnect('does not show in time what its blocks hold');
    }
  }

  merkleBlock(message: MerkleBlock): void {
    if (this.#open) this.peer.misbehaving('a merkleblock without the transactions that it shows');
    const owed = this.peer.isClosed ? undefined : this.#settle(message.header);
    const tree = owed && this.#extract(message);
    if (!tree) return;
    const transactions = new Map(tree.matches.map(({ txid }) => [binaryKey(txid), undefined]));
    // Every filter of ours matches every coinbase. Who shows an inner node as a transaction cannot show one in its place.
    if (tree.matches[0]?.position !== 0) {
      this.peer.misbehaving(`does not show the coinbase of block ${owed.index.hashHex}, which matches`);
    } else if (transactions.size < tree.matches.length) {
      this.peer.misbehaving('a merkleblock that shows a transaction twice');
    } else {
      this.#open = { owed, tree, transactions, missing: transactions.size };
    }
  }

  /** Which of the blocks that the peer owes this is; undefined, and the peer is judged, if none can come now. */
  #settle({ hash }: MerkleBlock['header']): Owed | undefined {
    const at = this.#owed.findIndex(({ index }) => equalBytes(index.hash, hash));
    if (at < 0) return this.#refuse('a merkleblock that was not asked for');
    const passed = this.#owed.splice(0, at + 1);
    const owed = passed.pop();
    this.#since = this.#clock.monotonic();
    // A lost branch need not be kept.
    if (passed.every(({ abandoned }) => abandoned)) return owed;
    this.peer.disconnect('leaves out a block that it was asked for');
    return undefined;
  }

  #extract(message: MerkleBlock): ExtractedTree | undefined {
    try {
      return message.extract();
    } catch (error) {
      if (!(error instanceof ProofError)) throw error;
      return this.#refuse(`a merkleblock that proves nothing: ${error.message}`);
    }
  }

  /** Takes a transaction that a merkle block has shown; returns false for any other. */
  transaction(transaction: Transaction): boolean {
    const open = this.#open;
    const key = binaryKey(transaction.txid);
    if (!open?.transactions.has(key) || open.transactions.get(key)) return false;
    open.transactions.set(key, transaction);
    this.#since = this.#clock.monotonic();
    if (--open.missing > 0) return true;
    this.#open = undefined;
    if (open.owed.abandoned) return true;
    const shown = this.#prove(open);
    if (shown) this.#answered({ index: open.owed.index, shown });
    return true;
  }

  /** What has come with its proofs; undefined, and the peer is judged, if one of them is wrong. */
  #prove({ owed: { index }, tree, transactions }: Open): ProvedTransaction[] | undefined {
    const [first, ...others] = tree.matches.map(({ txid, position }) => ({
      transaction: transactions.get(binaryKey(txid))!,
      proof: tree.proofOf(position)!,
    }));
    const { header } = index;
    const block = { blockHash: index.hash, height: index.height };
    const result = verifyTransactionProof({ header, ...first! });
    // A coinbase of 64 bytes looks like an inner node itself, and so shows no depth.
    const coinbase = result.valid ? { coinbase: first! } : {};
    if (!result.valid && result.flaw !== 'size-of-inner-node') {
      return this.#refuse(noProof(result.flaw));
    }
    const shown = [{ transaction: first!.transaction, proof: { ...block, proof: first!.proof, ...coinbase } }];
    for (const { transaction, proof } of others) {
      const verdict = verifyTransactionProof({ header, transaction, proof, ...coinbase });
      if (verdict.valid) shown.push({ transaction, proof: { ...block, proof, ...coinbase } });
      // A block may hold one of 64 bytes, but no payment that could be proved.
      else if (verdict.flaw !== 'size-of-inner-node') return this.#refuse(noProof(verdict.flaw));
    }
    return shown;
  }

  #refuse(reason: string): undefined {
    this.peer.misbehaving(reason);
  }
}

function noProof(flaw: TransactionProofFlaw): string {
  return `a merkleblock that proves no transaction: ${flaw}`;
}
