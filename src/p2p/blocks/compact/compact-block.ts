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

/** The key of a compact block's short ids: 16 bytes that nobody knows before the block is found. */
export function shortIdKey(header: BlockHeader, nonce: bigint): Uint8Array {
  return sha256(new ByteWriter(HEADER_SIZE + 8).bytes(header.encode()).u64(nonce).finish()).subarray(0, 16);
}

/** BIP152, version 2: the lowest 48 bits of a hash of the wtxid. */
export function shortId(key: Uint8Array, wtxid: Uint8Array): number {
  const { low, high } = sipHash(key, wtxid);
  return low + (high & 0xffff) * 2 ** 32;
}

/** A block as it is announced, with its coinbase, which nobody can have yet. `nonce` is a random uint64. */
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

/** A place of the block that is not prefilled. */
interface Slot {
  readonly place: number;
  tx: Transaction | undefined;
  /** Two transactions have this short id: neither is to be trusted, as a wrong one would cost the whole block. */
  isAmbiguous: boolean;
}

/**
 * A compact block on its way to become a block (Core: PartiallyDownloadedBlock). `'invalid'` means that its sender broke
 * the rules, `'failed'` that chance, or malice that cannot be proved, has made it useless.
 */
export class PartialBlock {
  readonly header: BlockHeader;
  readonly #key: Uint8Array;
  /** Short ids in ascending order, and the slot of each: what the sender chooses must not make look-ups slow. */
  readonly #sortedIds: Float64Array;
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

  /** Reads a compact block: 'invalid' if it breaks BIP152, 'failed' if two short ids are equal. */
  static create(message: CmpctBlockMessage): PartialBlock | 'invalid' | 'failed' {
    const { shortIds, prefilled } = message;
    if (shortIds.length + prefilled.length === 0) return 'invalid';
    const isPrefilled = new Set<number>();
    for (const [i, { index, tx }] of prefilled.entries()) {
      // Before it there can be no more than all short ids and the others that are prefilled.
      if (index > MAX_TX_INDEX || index > shortIds.length + i) return 'invalid';
      if (tx.inputs.length === 0 && tx.outputs.length === 0) return 'invalid';
      isPrefilled.add(index);
    }
    const sortedIds = Float64Array.from(shortIds).sort();
    for (let i = 1; i < sortedIds.length; i++) if (sortedIds[i] === sortedIds[i - 1]) return 'failed';
    const slots: Slot[] = new Array(shortIds.length);
    let place = 0;
    for (const id of shortIds) {
      while (isPrefilled.has(place)) place++;
      slots[find(sortedIds, id)] = { place: place++, tx: undefined, isAmbiguous: false };
    }
    return new PartialBlock(message, sortedIds, slots);
  }

  /** Takes those of `candidates` that the block seems to hold. */
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
      this.#transactions[slot.place] = slot.tx;
    }
  }

  /** The places of those that are missing, ascending. */
  missing(): number[] {
    const places: number[] = [];
    for (const [place, tx] of this.#transactions.entries()) if (!tx) places.push(place);
    return places;
  }

  /** The block, with `missing` in the places that are. */
  complete(missing: readonly Transaction[], segwitActive: boolean): Block | 'invalid' | 'failed' {
    let used = 0;
    const transactions = this.#transactions.map((tx) => tx ?? missing[used++]);
    if (used !== missing.length) return 'invalid';
    const block = new Block(this.header, transactions as Transaction[]);
    return isBlockMutated(block, segwitActive) ? 'failed' : block;
  }
}

/** Where `value` is in a sorted array; -1 if it is not. */
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
