import { ByteReader } from '../../../bytes/reader.ts';
import { Block } from '../../../primitives/block.ts';
import type { MessageCodec } from './codec.ts';

/** One block, with witnesses. */
export const block: MessageCodec<'block', Block> = {
  command: 'block',
  encode: (message) => message.encode(),
  decode: (payload) => Block.read(new ByteReader(payload)),
};
