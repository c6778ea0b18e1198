import { equalBytes } from '../../../bytes/compare.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import { isBlockMutatedInSteps } from '../../../consensus/block-check.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { sipHash } from '../../../crypto/siphash.ts';
import type { Random } from '../../../platform/random.ts';
import { Block } from '../../../primitives/block.ts';
import { type BlockHeader, HEADER_SIZE } from '../../../primitives/header.ts';
import { Transaction } from '../../../primitives/transaction.ts';
import type { Work } from '../../peer/work.ts';
import type { PackedTransaction } from '../../transport/packed-transaction.ts';
import type { CmpctBlockMessage } from '../../wire/messages/cmpctblock.ts';
import { MAX_TX_INDEX } from '../../wire/messages/tx-index.ts';
import { ShortIdTable } from './short-id-table.ts';

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

/** What is needed to find the places of our transactions. */
interface ShortIdSlots {
  /** 16 bytes. */
  readonly key: Uint8Array;
  readonly ids: ShortIdTable;
}

/** Transactions tried in one step. */
const STEP = 16;

/**
 * A compact block under reconstruction (Core: PartiallyDownloadedBlock). `'invalid'` means that the sender
 * misbehaved (READ_STATUS_INVALID), `'failed'` that the reconstruction failed for a reason that may be a short id
 * collision (READ_STATUS_FAILED).
 */
export class PartialBlock {
  readonly header: BlockHeader;
  readonly #txCount: number;
  /** The transactions that are there, by their indexes in the block. */
  readonly #found = new Map<number, Transaction>();
  /** Undefined once our transactions have been tried. */
  #slots: ShortIdSlots | undefined;

  private constructor({ header, shortIds, prefilled }: CmpctBlockMessage, slots: ShortIdSlots) {
    this.header = header;
    this.#txCount = shortIds.length + prefilled.length;
    this.#slots = slots;
    for (const { index, tx } of prefilled) this.#found.set(index, tx);
  }

  /**
   * Creates a partial block in steps (Core: InitData): 'invalid' if it violates BIP152, 'failed' if two short ids are
   * equal. The caller calls `fill` or `release`.
   */
  static *create(
    message: CmpctBlockMessage,
    random: Random,
  ): Generator<void, PartialBlock | 'invalid' | 'failed', void> {
    const { shortIds, prefilled } = message;
    if (shortIds.length + prefilled.length === 0) return 'invalid';
    const isPrefilled = new Set<number>();
    for (const [i, { index, tx }] of prefilled.entries()) {
      // At most all short ids and the previous prefilled transactions can precede it.
      if (index > MAX_TX_INDEX || index > shortIds.length + i) return 'invalid';
      if (tx.inputs.length === 0 && tx.outputs.length === 0) return 'invalid';
      isPrefilled.add(index);
    }
    yield;
    const ids = yield* ShortIdTable.of(shortIds, random);
    if (!ids) return 'failed';
    let at = 0;
    for (let i = 0; i < shortIds.length; i++) {
      while (isPrefilled.has(at)) at++;
      ids.indexes[i] = at++;
    }
    return new PartialBlock(message, { key: shortIdKey(message.header, message.nonce), ids });
  }

  /** Fills in those transactions of `pools` whose short ids are in the block. Called once. */
  *fill(...pools: readonly Iterable<Transaction | PackedTransaction>[]): Work {
    const slots = this.#slots;
    if (!slots) return;
    let tried = 0;
    try {
      for (const pool of slots.ids.length === 0 ? [] : pools) {
        for (const known of pool) {
          this.#tryFill(slots, known);
          if (++tried % STEP === 0) yield;
        }
      }
    } finally {
      this.release();
    }
  }

  /** Gives up what only `fill` needs. Idempotent. */
  release(): void {
    this.#slots?.ids.release();
    this.#slots = undefined;
  }

  #tryFill({ key, ids }: ShortIdSlots, known: Transaction | PackedTransaction): void {
    const i = ids.find(shortId(key, known.wtxid));
    if (i < 0 || ids.isAmbiguous[i]) return;
    const at = ids.indexes[i]!;
    const other = this.#found.get(at);
    if (!other) {
      this.#found.set(at, known instanceof Transaction ? known : known.decode());
    } else if (!equalBytes(other.wtxid, known.wtxid)) {
      ids.isAmbiguous[i] = 1;
      this.#found.delete(at);
    }
  }

  /** Returns the indexes of the missing transactions, ascending. */
  missing(): number[] {
    const indexes: number[] = [];
    for (let at = 0; at < this.#txCount; at++) if (!this.#found.has(at)) indexes.push(at);
    return indexes;
  }

  /** Completes the block with `missing`, the missing transactions in order, in steps (Core: FillBlock). */
  *complete(
    missing: readonly Transaction[],
    segwitActive: boolean,
  ): Generator<void, Block | 'invalid' | 'failed', void> {
    if (missing.length !== this.#txCount - this.#found.size) return 'invalid';
    let used = 0;
    const transactions: Transaction[] = [];
    for (let at = 0; at < this.#txCount; at++) transactions.push(this.#found.get(at) ?? missing[used++]!);
    const block = new Block(this.header, transactions);
    return (yield* isBlockMutatedInSteps(block, segwitActive)) ? 'failed' : block;
  }
}
