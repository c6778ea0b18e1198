import { ByteReader } from '../../../bytes/reader.ts';
import { BloomFilter } from '../../../proofs/bloom-filter.ts';
import type { MessageCodec } from './codec.ts';

/** BIP37: what the sender wants to hear of. The filter may be larger than the protocol allows. */
export const filterLoad: MessageCodec<'filterload', BloomFilter> = {
  command: 'filterload',
  encode: (filter) => filter.encode(),
  decode: (payload) => BloomFilter.read(new ByteReader(payload)),
};
