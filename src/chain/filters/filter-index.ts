import { equalBytes } from '../../bytes/compare.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import type { Coin } from '../../consensus/coins.ts';
import type { Block } from '../../primitives/block.ts';
import {
  basicFilterElementsInSteps,
  encodeFilterInSteps,
  filterHash,
  filterHeader,
  NO_FILTER_HEADER,
} from '../../proofs/block-filter.ts';
import type { Store, StoreOperation } from '../../store/store.ts';
import { checksum } from '../records/checksum.ts';
import { corrupt } from '../records/errors.ts';
import { blockKey, Prefix } from '../records/keys.ts';
import { PendingRecords } from '../records/pending-records.ts';
import type { ActiveChain } from '../tree/active-chain.ts';
import type { BlockIndex } from '../tree/block-index.ts';

/** The filter hash and filter header of a block (BIP157): 32 bytes each, internal byte order. */
export interface FilterCommitment {
  readonly hash: Uint8Array;
  /** Commits to this filter and to those of all ancestors. */
  readonly header: Uint8Array;
}

/** The read-only side of `FilterIndex`. */
export interface BlockFilters {
  /** The highest indexed block of the active chain: the tip if the index is complete, undefined if it is empty. */
  readonly best: BlockIndex | undefined;
  /** Returns a block's encoded filter; undefined if it is not indexed. Throws `ChainError` if it is damaged. */
  filter(index: BlockIndex): Uint8Array | undefined;
  /** Returns the filter hash and header of a block; undefined if it is not indexed. Throws `ChainError` if damaged. */
  commitment(index: BlockIndex): FilterCommitment | undefined;
}

/** Bytes: hash, header, checksum. */
const COMMITMENT_SIZE = 32 + 32 + 4;

/**
 * BIP158 basic filters of connected blocks (Core: BlockFilterIndex). Filters of stale branches are kept, as they never
 * change. A block is indexed only after its parent, so the index needs no separate record of its progress.
 */
export class FilterIndex implements BlockFilters {
  readonly #store: Store;
  readonly #active: ActiveChain;
  readonly #filters = new PendingRecords(Prefix.FILTER);
  readonly #commitments = new PendingRecords(Prefix.FILTER_HEADER);

  constructor(store: Store, active: ActiveChain) {
    this.#store = store;
    this.#active = active;
  }

  get best(): BlockIndex | undefined {
    const { tip } = this.#active;
    if (this.#has(tip)) return tip;
    let low = 0;
    let high = tip.height;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#has(this.#active.at(middle)!)) low = middle + 1;
      else high = middle;
    }
    return this.#active.at(low - 1);
  }

  filter(index: BlockIndex): Uint8Array | undefined {
    const commitment = this.commitment(index);
    if (!commitment) return undefined;
    const filter = this.#filters.get(index) ?? this.#store.get(blockKey(Prefix.FILTER, index));
    if (!filter || !equalBytes(filterHash(filter), commitment.hash)) throw damaged(index);
    return filter;
  }

  commitment(index: BlockIndex): FilterCommitment | undefined {
    const record = this.#commitments.get(index) ?? this.#store.get(blockKey(Prefix.FILTER_HEADER, index));
    if (!record) return undefined;
    const sum = new DataView(record.buffer, record.byteOffset, record.length);
    const isSound =
      record.length === COMMITMENT_SIZE &&
      sum.getUint32(64, true) === checksum(index.hash, record, COMMITMENT_SIZE - 4);
    if (!isSound) throw damaged(index);
    return { hash: record.subarray(0, 32), header: record.subarray(32, 64) };
  }

  /** Indexes a block with its undo data, in steps, unless it is indexed already or its parent is not (yet). */
  *addInSteps(index: BlockIndex, block: Block, undo: readonly (readonly Coin[])[]): Generator<void, void> {
    if (this.#has(index)) return;
    const previous = index.prev ? this.commitment(index.prev)?.header : NO_FILTER_HEADER;
    if (!previous) return;
    const filter = yield* encodeFilterInSteps(index.hash, yield* basicFilterElementsInSteps(block, spentScripts(undo)));
    const hash = filterHash(filter);
    const record = new ByteWriter(COMMITMENT_SIZE).bytes(hash).bytes(filterHeader(previous, hash));
    record.u32(checksum(index.hash, record.finish(), COMMITMENT_SIZE - 4));
    this.#filters.set(index, filter);
    this.#commitments.set(index, record.finish());
  }

  /** Bytes of memory that pending records take. */
  get pendingBytes(): number {
    return this.#filters.bytes + this.#commitments.bytes;
  }

  /** Adds the pending records to a batch; returns a function to call once the batch is written. */
  addToBatch(operations: StoreOperation[]): () => void {
    const filtersWritten = this.#filters.addToBatch(operations);
    const commitmentsWritten = this.#commitments.addToBatch(operations);
    return () => {
      filtersWritten();
      commitmentsWritten();
    };
  }

  #has(index: BlockIndex): boolean {
    return this.#commitments.get(index) !== undefined || this.#store.has(blockKey(Prefix.FILTER_HEADER, index));
  }
}

function* spentScripts(undo: readonly (readonly Coin[])[]): Generator<Uint8Array> {
  for (const coins of undo) for (const { output } of coins) yield output.scriptPubKey;
}

function damaged(index: BlockIndex) {
  return corrupt(`the filter of block ${index.hashHex} is damaged`);
}
