import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import { MAX_LOCATOR_HASHES, PROTOCOL_VERSION } from '../protocol.ts';
import { type MessageCodec, readList } from './codec.ts';

/** Asks for what follows the first of the locator's blocks that the receiver has in its chain. */
export interface LocatorMessage {
  /** Hashes of blocks of the sender's chain, from the last to the first; at most MAX_LOCATOR_HASHES. */
  readonly locator: readonly Uint8Array[];
  /** The last block wanted; 32 zero bytes for as many as the answer may hold. */
  readonly stop: Uint8Array;
}

/** No last block. */
export const NO_STOP = new Uint8Array(32);

/** `getheaders` and `getblocks` differ in their command only. */
export function locatorCodec<Command extends string>(command: Command): MessageCodec<Command, LocatorMessage> {
  return {
    command,
    encode({ locator, stop }) {
      return new ByteWriter(4 + 1 + 32 * locator.length + 32)
        .u32(PROTOCOL_VERSION)
        .list(locator, (w, hash) => w.bytes(hash))
        .bytes(stop)
        .finish();
    },
    decode(payload) {
      const reader = new ByteReader(payload);
      reader.u32();
      return { locator: readList(reader, (r) => r.hash(), MAX_LOCATOR_HASHES), stop: reader.hash() };
    },
  };
}
