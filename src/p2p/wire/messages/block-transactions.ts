import { DecodeError } from '../../../bytes/errors.ts';
import { listInSteps } from '../../../bytes/read-steps.ts';
import { ByteWriter, compactSizeLength } from '../../../bytes/writer.ts';
import { readTransactionsInSteps, type Transaction } from '../../../primitives/transaction.ts';
import { type MessageCodec, steppedDecoding } from './codec.ts';
import { MAX_TX_INDEX, readIndexStep, writeIndexStep } from './tx-index.ts';

/** The content of `getblocktxn`. */
export interface GetBlockTxnMessage {
  /** 32 bytes, internal order. */
  readonly blockHash: Uint8Array;
  /** Indexes in the block, ascending, below 65,536. */
  readonly indexes: readonly number[];
}

/** Requests the transactions that are missing to reconstruct a compact block (BIP152). */
export const getBlockTxn: MessageCodec<'getblocktxn', GetBlockTxnMessage> = {
  command: 'getblocktxn',

  encode({ blockHash, indexes }) {
    let before = -1;
    return new ByteWriter(35 + 3 * indexes.length)
      .bytes(blockHash)
      .list(indexes, (w, index) => {
        writeIndexStep(w, before, index);
        before = index;
      })
      .finish();
  },

  ...steppedDecoding(function* (reader) {
    const blockHash = reader.hash();
    let before = -1;
    const indexes = yield* listInSteps(reader, (r) => {
      before = readIndexStep(r, before);
      if (before > MAX_TX_INDEX) throw new DecodeError('invalid', r.offset, `transaction index ${before} out of range`);
      return before;
    });
    return { blockHash, indexes };
  }),
};

/** The content of `blocktxn`. */
export interface BlockTxnMessage {
  /** 32 bytes, internal order. */
  readonly blockHash: Uint8Array;
  /** With witnesses, in the order of the request. */
  readonly transactions: readonly Transaction[];
}

/** Returns the payload of `blocktxn` with encoded transactions. */
export function encodeBlockTxn(blockHash: Uint8Array, transactions: readonly Uint8Array[]): Uint8Array {
  let size = blockHash.length + compactSizeLength(transactions.length);
  for (const { length } of transactions) size += length;
  return new ByteWriter(size)
    .bytes(blockHash)
    .list(transactions, (w, tx) => w.bytes(tx))
    .finish();
}

/** Answers `getblocktxn` (BIP152). */
export const blockTxn: MessageCodec<'blocktxn', BlockTxnMessage> = {
  command: 'blocktxn',

  encode({ blockHash, transactions }) {
    return encodeBlockTxn(
      blockHash,
      transactions.map((tx) => tx.encode()),
    );
  },

  ...steppedDecoding(function* (reader) {
    return { blockHash: reader.hash(), transactions: yield* readTransactionsInSteps(reader) };
  }),
};
