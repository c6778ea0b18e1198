import { equalBytes } from '../../bytes/compare.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import type { Coin } from '../../consensus/coins.ts';
import type { Block } from '../../primitives/block.ts';
import {
  basicFilterElements,
  encodeFilter,
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

/** What commits to a block's filter (BIP157): 32 bytes each, internal order. */
export interface FilterCommitment {
  readonly hash: Uint8Array;
  /** Commits to the filters of all blocks before, too. */
  readonly header: Uint8Array;
}

/** What readers see of the index of block filters. */
export type BlockFilters = Pick<FilterIndex, 'best' | 'filter' | 'commitment'>;

/** Hash, header, checksum. */
const COMMITMENT_SIZE = 32 + 32 + 4;

/**
 * BIP158's basic filters of blocks. A filter depends on its block and on nothing that comes later, so what is here stays,
 * also of branches that lost. A block is here only if all before it are: how far the index has come can be seen from
 * what it holds, and nothing that is kept beside it could say otherwise.
 */
export class FilterIndex {
  readonly #store: Store;
  readonly #active: ActiveChain;
  readonly #filters = new PendingRecords(Prefix.FILTER);
  readonly #commitments = new PendingRecords(Prefix.FILTER_HEADER);

  constructor(store: Store, active: ActiveChain) {
    this.#store = store;
    this.#active = active;
  }

  /** The last block of the active chain that is here: the tip once the index is complete. */
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

  /** The filter of a block, as it is sent; undefined if it is not here. Throws `ChainError` if it is damaged. */
  filter(index: BlockIndex): Uint8Array | undefined {
    const commitment = this.commitment(index);
    if (!commitment) return undefined;
    const filter = this.#filters.get(index) ?? this.#store.get(blockKey(Prefix.FILTER, index));
    if (!filter || !equalBytes(filterHash(filter), commitment.hash)) throw damaged(index);
    return filter;
  }

  /** What commits to the filter of a block; undefined if it is not here. Throws `ChainError` if it is damaged. */
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

  /**
   * Adds a block that spends `undo`, in the form of the chain's undo data, unless it is here, or the one before it is not:
   * then its turn comes later.
   */
  add(index: BlockIndex, block: Block, undo: readonly (readonly Coin[])[]): void {
    if (this.#has(index)) return;
    const previous = index.prev ? this.commitment(index.prev)?.header : NO_FILTER_HEADER;
    if (!previous) return;
    const filter = encodeFilter(index.hash, basicFilterElements(block, spentScripts(undo)));
    const hash = filterHash(filter);
    const record = new ByteWriter(COMMITMENT_SIZE).bytes(hash).bytes(filterHeader(previous, hash));
    record.u32(checksum(index.hash, record.finish(), COMMITMENT_SIZE - 4));
    this.#filters.set(index, filter);
    this.#commitments.set(index, record.finish());
  }

  /** Memory that unwritten changes take. */
  get pendingBytes(): number {
    return this.#filters.bytes + this.#commitments.bytes;
  }

  /** Adds what is to be written to a batch; returns what to do once the batch is written. */
  addTo(operations: StoreOperation[]): () => void {
    const filtersWritten = this.#filters.addTo(operations);
    const commitmentsWritten = this.#commitments.addTo(operations);
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
