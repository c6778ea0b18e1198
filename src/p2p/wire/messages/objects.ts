import { ByteReader } from '../../../bytes/reader.ts';
import { Block } from '../../../primitives/block.ts';
import { Transaction } from '../../../primitives/transaction.ts';
import { BloomFilter } from '../../../proofs/bloom-filter.ts';
import { MerkleBlock } from '../../../proofs/merkle-block.ts';
import { type MessageCodec, steppedDecoding } from './codec.ts';

/** Returns the codec of a command whose payload is one object, in the object's own encoding. */
function objectCodec<Command extends string, T extends { encode(): Uint8Array }>(
  command: Command,
  type: { readInSteps(reader: ByteReader): Generator<void, T, void> },
): MessageCodec<Command, T> {
  return {
    command,
    encode: (message) => message.encode(),
    ...steppedDecoding((reader) => type.readInSteps(reader)),
  };
}

/** A block with witnesses. */
export const block = objectCodec('block', Block);

/** Sets the sender's Bloom filter (BIP37). The filter may exceed the protocol's limits; the handler checks them. */
export const filterLoad: MessageCodec<'filterload', BloomFilter> = {
  command: 'filterload',
  encode: (message) => message.encode(),
  decode: (payload) => BloomFilter.read(new ByteReader(payload)),
};

/** Answers `getdata` for a filtered block (BIP37); the matching transactions follow in `tx` messages. */
export const merkleBlock = objectCodec('merkleblock', MerkleBlock);

/** A transaction with witnesses. */
export const tx = objectCodec('tx', Transaction);
