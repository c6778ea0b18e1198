import { equalBytes } from '../../../bytes/compare.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import { isBlockMutated } from '../../../consensus/block-check.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { sipHash } from '../../../crypto/siphash.ts';
import { Block } from '../../../primitives/block.ts';
import { type BlockHeader, HEADER_SIZE } from '../../../primitives/header.ts';
import type { Transaction } from '../../../primitives/transaction.ts';
import type { CmpctBlockMessage } from '../../wire/messages/cmpctblock.ts';
import { MAX_TX_INDEX } from '../../wire/messages/tx-index.ts';

/** Returns the 16-byte SipHash key of a compact block's short ids (BIP152), unpredictable before the block is found. */
export function shortIdKey(header: BlockHeader, nonce: bigint): Uint8Array {
  return sha256(new ByteWriter(HEADER_SIZE + 8).bytes(header.encode()).u64(nonce).finish()).subarray(0, 16);
}

/** Returns a transaction's short id (BIP152, version 2): the lowest 48 bits of the SipHash of its wtxid. */
export function shortId(key: Uint8Array, wtxid: Uint8Array): number {
  const { low, high } = sipHash(key, wtxid);
  return low + (high & 0xffff) * 2 ** 32;
}

/**
 * Converts a block to a compact block with a prefilled coinbase, which no mempool holds. `nonce` is a random uint64.
 */
export function toCompactBlock({ header, transactions }: Block, nonce: bigint): CmpctBlockMessage {
  const key = shortIdKey(header, nonce);
  const [coinbase, ...others] = transactions;
  return {
    header,
    nonce,
    shortIds: others.map(({ wtxid }) => shortId(key, wtxid)),
    prefilled: coinbase ? [{ index: 0, tx: coinbase }] : [],
  };
}

/** A transaction of the block that is not prefilled. */
interface Slot {
  /** Its index in the block. */
  readonly at: number;
  tx: Transaction | undefined;
  /**
   * Whether two of our transactions have this short id; then the transaction is requested, since a
   * wrong guess costs the block.
   */
  isAmbiguous: boolean;
}

/**
 * A compact block under reconstruction (Core: PartiallyDownloadedBlock). `'invalid'` means that the sender
 * misbehaved (READ_STATUS_INVALID), `'failed'` that the reconstruction failed for a reason that may be a short id
 * collision (READ_STATUS_FAILED).
 */
export class PartialBlock {
  readonly header: BlockHeader;
  readonly #key: Uint8Array;
  /**
   * Short ids in ascending order, for a binary search, whose cost the sender cannot influence as that of a hash map.
   */
  readonly #sortedIds: Float64Array;
  /** The slot of each short id, in the same order. */
  readonly #slots: readonly Slot[];
  readonly #transactions: (Transaction | undefined)[];

  private constructor(message: CmpctBlockMessage, sortedIds: Float64Array, slots: readonly Slot[]) {
    this.header = message.header;
    this.#key = shortIdKey(message.header, message.nonce);
    this.#sortedIds = sortedIds;
    this.#slots = slots;
    this.#transactions = new Array(message.shortIds.length + message.prefilled.length).fill(undefined);
    for (const { index, tx } of message.prefilled) this.#transactions[index] = tx;
  }

  /** Creates a partial block (Core: InitData): 'invalid' if it violates BIP152, 'failed' if two short ids are equal. */
  static create(message: CmpctBlockMessage): PartialBlock | 'invalid' | 'failed' {
    const { shortIds, prefilled } = message;
    if (shortIds.length + prefilled.length === 0) return 'invalid';
    const isPrefilled = new Set<number>();
    for (const [i, { index, tx }] of prefilled.entries()) {
      // At most all short ids and the previous prefilled transactions can precede it.
      if (index > MAX_TX_INDEX || index > shortIds.length + i) return 'invalid';
      if (tx.inputs.length === 0 && tx.outputs.length === 0) return 'invalid';
      isPrefilled.add(index);
    }
    const sortedIds = Float64Array.from(shortIds).sort();
    for (let i = 1; i < sortedIds.length; i++) if (sortedIds[i] === sortedIds[i - 1]) return 'failed';
    const slots: Slot[] = new Array(shortIds.length);
    let at = 0;
    for (const id of shortIds) {
      while (isPrefilled.has(at)) at++;
      slots[find(sortedIds, id)] = { at: at++, tx: undefined, isAmbiguous: false };
    }
    return new PartialBlock(message, sortedIds, slots);
  }

  /** Fills in those of `candidates` whose short ids are in the block. */
  fill(candidates: Iterable<Transaction>): void {
    if (this.#slots.length === 0) return;
    for (const tx of candidates) {
      const slot = this.#slots[find(this.#sortedIds, shortId(this.#key, tx.wtxid))];
      if (!slot || slot.isAmbiguous) continue;
      if (slot.tx && !equalBytes(slot.tx.wtxid, tx.wtxid)) {
        slot.isAmbiguous = true;
        slot.tx = undefined;
      } else {
        slot.tx = tx;
      }
      this.#transactions[slot.at] = slot.tx;
    }
  }

  /** Returns the indexes of the missing transactions, ascending. */
  missing(): number[] {
    const indexes: number[] = [];
    for (const [at, tx] of this.#transactions.entries()) if (!tx) indexes.push(at);
    return indexes;
  }

  /** Completes the block with `missing`, the missing transactions in order (Core: FillBlock). */
  complete(missing: readonly Transaction[], segwitActive: boolean): Block | 'invalid' | 'failed' {
    let used = 0;
    const transactions = this.#transactions.map((tx) => tx ?? missing[used++]);
    if (used !== missing.length) return 'invalid';
    const block = new Block(this.header, transactions as Transaction[]);
    return isBlockMutated(block, segwitActive) ? 'failed' : block;
  }
}

/** Returns the index of `value` in a sorted array; -1 if it is not there. */
function find(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = sorted[middle]!;
    if (found === value) return middle;
    if (found < value) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
