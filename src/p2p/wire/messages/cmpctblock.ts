import { DecodeError } from '../../../bytes/errors.ts';
import { listInSteps, ReadSteps } from '../../../bytes/read-steps.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import { BlockHeader } from '../../../primitives/header.ts';
import { Transaction } from '../../../primitives/transaction.ts';
import { type MessageCodec, steppedDecoding } from './codec.ts';
import { MAX_TX_INDEX, readIndexStep, writeIndexStep } from './tx-index.ts';

/** A transaction that a compact block contains in full. */
export interface PrefilledTransaction {
  /** Index in the block. A peer can send indexes beyond the end of the block: each is encoded as a distance. */
  readonly index: number;
  readonly tx: Transaction;
}

/** The content of `cmpctblock` (Core: CBlockHeaderAndShortTxIDs). */
export interface CmpctBlockMessage {
  readonly header: BlockHeader;
  /** uint64; makes the short ids of each sender different. */
  readonly nonce: bigint;
  /** 48-bit ids of the transactions that are not prefilled, in block order. */
  readonly shortIds: readonly number[];
  /** Ascending by index. */
  readonly prefilled: readonly PrefilledTransaction[];
}

const SHORT_ID_SIZE = 6;
const TWO_32 = 2 ** 32;

/** A block as header, short ids and prefilled transactions (BIP152). */
export const cmpctBlock: MessageCodec<'cmpctblock', CmpctBlockMessage> = {
  command: 'cmpctblock',

  encode({ header, nonce, shortIds, prefilled }) {
    let before = -1;
    return new ByteWriter(1_000 + SHORT_ID_SIZE * shortIds.length)
      .bytes(header.encode())
      .u64(nonce)
      .list(shortIds, (w, id) => w.u32(id % TWO_32).u16(Math.floor(id / TWO_32)))
      .list(prefilled, (w, { index, tx }) => {
        writeIndexStep(w, before, index);
        before = index;
        w.bytes(tx.encode());
      })
      .finish();
  },

  ...steppedDecoding(function* (reader) {
    const header = BlockHeader.read(reader);
    const nonce = reader.u64();
    const shortIds = yield* listInSteps(reader, (r) => r.u32() + r.u16() * TWO_32);
    const prefilled: PrefilledTransaction[] = [];
    const prefilledCount = reader.compactSize();
    let index = -1;
    const steps = new ReadSteps(reader);
    for (let i = 0; i < prefilledCount; i++) {
      index = readIndexStep(reader, index);
      prefilled.push({ index, tx: yield* Transaction.readInSteps(reader) });
      if (steps.isOver()) yield;
    }
    if (shortIds.length + prefilled.length > MAX_TX_INDEX) {
      throw new DecodeError('invalid', reader.offset, 'more transactions than a block can hold');
    }
    return { header, nonce, shortIds, prefilled };
  }),
};
