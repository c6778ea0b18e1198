import { ByteReader } from '../../../bytes/reader.ts';
import { Transaction } from '../../../primitives/transaction.ts';
import type { MessageCodec } from './codec.ts';

/** One transaction, with its witness. */
export const tx: MessageCodec<'tx', Transaction> = {
  command: 'tx',
  encode: (message) => message.encode(),
  decode: (payload) => Transaction.read(new ByteReader(payload)),
};
