import { ByteReader } from '../../../bytes/reader.ts';
import { MerkleBlock } from '../../../proofs/merkle-block.ts';
import type { MessageCodec } from './codec.ts';

/** BIP37: answers `getdata` for a filtered block; the transactions that match follow as `tx`. */
export const merkleBlock: MessageCodec<'merkleblock', MerkleBlock> = {
  command: 'merkleblock',
  encode: (message) => message.encode(),
  decode: (payload) => MerkleBlock.read(new ByteReader(payload)),
};
