import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import type { MessageCodec } from './codec.ts';

/** The content of `feefilter`. */
export interface FeeFilterMessage {
  /** Satoshis per 1,000 virtual bytes, int64. */
  readonly feeRate: bigint;
}

/** Requests that transactions below a fee rate are not announced to the sender (BIP133). */
export const feeFilter: MessageCodec<'feefilter', FeeFilterMessage> = {
  command: 'feefilter',
  encode: ({ feeRate }) => new ByteWriter(8).i64(feeRate).finish(),
  decode: (payload) => ({ feeRate: new ByteReader(payload).i64() }),
};
