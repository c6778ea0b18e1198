import { concatBytes } from '../../../src/bytes/compare.ts';
import { ByteWriter } from '../../../src/bytes/writer.ts';
import { regtest } from '../../../src/consensus/params.ts';
import { sha256d } from '../../../src/crypto/hash.ts';
import { type Command, encodeMessage, type MessageOf } from '../../../src/p2p/wire/messages/index.ts';

export interface FrameFaults {
  readonly magic?: Uint8Array;
  /** The header's length field. */
  readonly length?: number;
  readonly checksum?: Uint8Array;
  /** The 12 bytes of the command field. */
  readonly command?: Uint8Array;
}

/** Encodes a v1 message, with faults in its header if given. */
export function raw(command: string, payload: Uint8Array = new Uint8Array(0), faults: FrameFaults = {}): Uint8Array {
  const name = new Uint8Array(12);
  name.set(Buffer.from(command, 'latin1'));
  const length = new ByteWriter(4).u32(faults.length ?? payload.length).finish();
  return concatBytes(
    faults.magic ?? regtest.magic,
    faults.command ?? name,
    length,
    faults.checksum ?? sha256d(payload).subarray(0, 4),
    payload,
  );
}

/** Encodes a well-formed v1 message. */
export function wellFormed<C extends Command>(command: C, message: MessageOf<C>): Uint8Array {
  return raw(command, encodeMessage(command, message));
}

/** Encodes a list: the compact size `count`, then `entry` `times` times (default: `count` times). */
export function repeated(count: number, entry: Uint8Array, times = count): Uint8Array {
  const writer = new ByteWriter(9 + times * entry.length).compactSize(count);
  for (let i = 0; i < times; i++) writer.bytes(entry);
  return writer.finish();
}
