import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import { Transaction } from '../../../primitives/transaction.ts';
import type { MessageCodec } from './codec.ts';

export interface BlockTxnMessage {
  /** 32 bytes, internal order. */
  readonly blockHash: Uint8Array;
  /** With witnesses, in the order asked for. */
  readonly transactions: readonly Transaction[];
}

/** BIP152: answers `getblocktxn`. */
export const blockTxn: MessageCodec<'blocktxn', BlockTxnMessage> = {
  command: 'blocktxn',

  encode({ blockHash, transactions }) {
    return new ByteWriter(1_000)
      .bytes(blockHash)
      .list(transactions, (w, tx) => w.bytes(tx.encode()))
      .finish();
  },

  decode(payload) {
    const reader = new ByteReader(payload);
    return { blockHash: reader.hash(), transactions: reader.list((r) => Transaction.read(r)) };
  },
};
