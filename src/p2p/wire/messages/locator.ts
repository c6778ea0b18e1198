import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import { MAX_LOCATOR_HASHES, PROTOCOL_VERSION } from '../protocol.ts';
import { type MessageCodec, readList } from './codec.ts';

/** Requests what follows the fork point of the sender's chain and the receiver's. */
export interface LocatorMessage {
  /** Block hashes of the sender's chain, from the tip down; at most MAX_LOCATOR_HASHES. */
  readonly locator: readonly Uint8Array[];
  /** Hash of the last requested block; `NO_STOP` for as many as an answer may have. */
  readonly stop: Uint8Array;
}

/** Requests without a last block. */
export const NO_STOP = new Uint8Array(32);

function locatorCodec<Command extends string>(command: Command): MessageCodec<Command, LocatorMessage> {
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

/** Requests block hashes, answered by `inv`; superseded by `getheaders`. */
export const getBlocks = locatorCodec('getblocks');

/** Requests headers, answered by `headers`. */
export const getHeaders = locatorCodec('getheaders');
