import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import { MAX_USER_AGENT_LENGTH } from '../protocol.ts';
import type { MessageCodec } from './codec.ts';
import { type NetAddress, NO_ADDRESS, readNetAddress, writeNetAddress } from './net-address.ts';

/** The content of `version`, the first message of both peers. */
export interface VersionMessage {
  /** Protocol version, int32. */
  readonly version: number;
  /** Bits of `ServiceFlag`. */
  readonly services: bigint;
  /** Unix seconds, int64. */
  readonly time: bigint;
  /** The receiver's address as the sender sees it. */
  readonly receiver: NetAddress;
  /** The sender's listening address; Core sends the unspecified address. */
  readonly sender: NetAddress;
  /** uint64, random; detects connections of a node to itself. */
  readonly nonce: bigint;
  /** BIP14; Core: subver. */
  readonly userAgent: string;
  /** Height of the sender's tip, int32. */
  readonly startHeight: number;
  /** Whether the sender accepts transaction announcements (BIP37). */
  readonly relay: boolean;
}

const text = { encode: (value: string) => Uint8Array.from(value, (c) => c.charCodeAt(0) & 0xff) };

/** Starts the handshake. */
export const version: MessageCodec<'version', VersionMessage> = {
  command: 'version',

  encode(message) {
    const writer = new ByteWriter(86 + message.userAgent.length + 5);
    writer.i32(message.version).u64(message.services).i64(message.time);
    writer.u64(0n);
    writeNetAddress(writer, message.receiver);
    writer.u64(message.services);
    writeNetAddress(writer, message.sender);
    writer.u64(message.nonce).varBytes(text.encode(message.userAgent)).i32(message.startHeight);
    return writer.u8(message.relay ? 1 : 0).finish();
  },

  /** As in Core, all fields from `sender` on are optional. */
  decode(payload) {
    const reader = new ByteReader(payload);
    const base = { version: reader.i32(), services: reader.u64(), time: reader.i64() };
    reader.u64();
    const receiver = readNetAddress(reader);
    let sender = NO_ADDRESS;
    let nonce = 0n;
    let userAgent = '';
    let startHeight = -1;
    let relay = true;
    if (reader.remaining > 0) {
      reader.u64();
      sender = readNetAddress(reader);
      nonce = reader.u64();
    }
    if (reader.remaining > 0) userAgent = String.fromCharCode(...reader.varBytes(MAX_USER_AGENT_LENGTH));
    if (reader.remaining > 0) startHeight = reader.i32();
    if (reader.remaining > 0) relay = reader.u8() !== 0;
    return { ...base, receiver, sender, nonce, userAgent, startHeight, relay };
  },
};
