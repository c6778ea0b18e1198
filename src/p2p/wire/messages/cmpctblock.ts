import { EncodedList, type List } from '../../../bytes/encoded-list.ts';
import { DecodeError } from '../../../bytes/errors.ts';
import { ReadSteps } from '../../../bytes/read-steps.ts';
import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import { BlockHeader, HEADER_SIZE } from '../../../primitives/header.ts';
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
  /**
   * 48-bit ids of the transactions that are not prefilled, in block order. A decoded message's are read from its
   * payload, again each time.
   */
  readonly shortIds: List<number>;
  /** Ascending by index. */
  readonly prefilled: readonly PrefilledTransaction[];
}

const SHORT_ID_SIZE = 6;
const TWO_32 = 2 ** 32;

function readShortId(reader: ByteReader): number {
  return reader.u32() + reader.u16() * TWO_32;
}

/** A block as header, short ids and prefilled transactions (BIP152). */
export const cmpctBlock: MessageCodec<'cmpctblock', CmpctBlockMessage> = {
  command: 'cmpctblock',
  isTransient: true,

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
    const header = BlockHeader.decode(reader.bytes(HEADER_SIZE).slice());
    const nonce = reader.u64();
    const shortIds = new EncodedList(reader, reader.compactSize(), SHORT_ID_SIZE, readShortId);
    const prefilled: PrefilledTransaction[] = [];
    // What is kept of the message must not keep the payload.
    const rest = new ByteReader(reader.bytes(reader.remaining).slice());
    const prefilledCount = rest.compactSize();
    let index = -1;
    const steps = new ReadSteps(rest);
    for (let i = 0; i < prefilledCount; i++) {
      index = readIndexStep(rest, index);
      prefilled.push({ index, tx: yield* Transaction.readInSteps(rest) });
      if (steps.isOver()) yield;
    }
    if (shortIds.length + prefilled.length > MAX_TX_INDEX) {
      throw new DecodeError('invalid', reader.offset, 'more transactions than a block can hold');
    }
    return { header, nonce, shortIds, prefilled };
  }),
};
