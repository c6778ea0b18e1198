import { DecodeError } from '../../../bytes/errors.ts';
import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import type { MessageCodec } from './codec.ts';
import { MAX_TX_INDEX, readIndexStep, writeIndexStep } from './tx-index.ts';

export interface GetBlockTxnMessage {
  /** 32 bytes, internal order. */
  readonly blockHash: Uint8Array;
  /** Places in the block, ascending, below 65,536. */
  readonly indexes: readonly number[];
}

/** BIP152: asks for the transactions of a compact block that the receiver lacks. */
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

  decode(payload) {
    const reader = new ByteReader(payload);
    const blockHash = reader.hash();
    let before = -1;
    const indexes = reader.list((r) => {
      before = readIndexStep(r, before);
      if (before > MAX_TX_INDEX) throw new DecodeError('invalid', r.offset, `${before} is no index of a transaction`);
      return before;
    });
    return { blockHash, indexes };
  },
};
