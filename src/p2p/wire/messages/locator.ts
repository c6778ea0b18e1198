import { ByteWriter } from '../../../bytes/writer.ts';
import { MAX_LOCATOR_HASHES, PROTOCOL_VERSION } from '../protocol.ts';
import { type MessageCodec, readListInSteps, steppedDecoding } from './codec.ts';

/** Requests the receiver's blocks or headers after the fork point with the sender's chain. */
export interface LocatorMessage {
  /** Block hashes of the sender's chain, from the tip down; at most MAX_LOCATOR_HASHES. */
  readonly locator: readonly Uint8Array[];
  /** Hash of the last requested block; `NO_STOP` requests as many as a response can hold. */
  readonly stop: Uint8Array;
}

/** The `stop` hash of a request without a last block: zeroes. */
export const NO_STOP = new Uint8Array(32);

function locatorCodec<Command extends string>(command: Command): MessageCodec<Command, LocatorMessage> {
  return {
    command,
    isTransient: true,
    encode({ locator, stop }) {
      return new ByteWriter(4 + 1 + 32 * locator.length + 32)
        .u32(PROTOCOL_VERSION)
        .list(locator, (w, hash) => w.bytes(hash))
        .bytes(stop)
        .finish();
    },
    ...steppedDecoding(function* (reader) {
      reader.u32();
      const locator = yield* readListInSteps(reader, (r) => r.hash(), MAX_LOCATOR_HASHES);
      return { locator, stop: reader.hash() };
    }),
  };
}

/** Requests block hashes, answered by `inv`; superseded by `getheaders`. */
export const getBlocks = locatorCodec('getblocks');

/** Requests headers, answered by `headers`. */
export const getHeaders = locatorCodec('getheaders');
