import { ByteReader } from '../../bytes/reader.ts';
import { type IncrementalHash, sha256, sha256d, startSha256 } from '../../crypto/hash.ts';
import { readCommand, writeCommand } from '../wire/command-field.ts';
import { isCommand, isTransient } from '../wire/messages/index.ts';
import { MAX_MESSAGE_LENGTH } from '../wire/protocol.ts';
import { type Framing, FramingError, type RawMessage } from './framing.ts';
import { PayloadBuffer } from './payload-buffer.ts';

/** Bytes of a header: magic (4), command (12, padded with NUL), length (4, little-endian), checksum (4). */
const V1_HEADER_SIZE = 24;
/** Offsets in the header. */
const COMMAND_OFFSET = 4;
const LENGTH_OFFSET = 16;
const CHECKSUM_OFFSET = 20;

/** Bytes from which a payload is hashed as it arrives. Below, one call at the end is faster. */
const HASHED_PIECEWISE = 64 * 1024;

/**
 * Bitcoin's original, unencrypted wire format (Core: V1Transport). One per connection: it holds an incomplete message.
 */
export class V1Framing implements Framing {
  readonly version = 'v1';
  readonly sessionId = undefined;
  readonly isOpen = true;
  readonly shouldReconnectV1 = false;
  readonly #magic: Uint8Array;
  readonly #header = new Uint8Array(V1_HEADER_SIZE);
  #headerFilled = 0;
  /** Defined from a complete header until the payload is complete. */
  #payload: PayloadBuffer | undefined;
  /** SHA-256 of the received part of a long payload. */
  #hash: IncrementalHash | undefined;

  constructor(magic: Uint8Array) {
    this.#magic = magic;
  }

  /** Bytes of memory held for an incomplete message. */
  get pendingBytes(): number {
    return this.#headerFilled + (this.#payload?.capacity ?? 0);
  }

  start(): readonly Uint8Array[] {
    return [];
  }

  receive(chunk: Uint8Array, deliver: (message: RawMessage) => void): void {
    let at = 0;
    while (at < chunk.length) {
      at += this.#payload ? this.#readPayload(this.#payload, chunk, at) : this.#readHeader(chunk, at);
      const payload = this.#payload?.payload;
      if (payload) {
        const buffer = this.#payload!;
        this.#payload = undefined;
        this.#headerFilled = 0;
        const message = this.#message(payload);
        deliver(buffer.isBlock ? { ...message, release: () => buffer.release() } : message);
      }
    }
  }

  /** Copies payload bytes from offset `at` of `chunk`. Returns how many it consumed. */
  #readPayload(payload: PayloadBuffer, chunk: Uint8Array, at: number): number {
    const taken = payload.append(chunk, at);
    this.#hash?.update(chunk.subarray(at, at + taken));
    return taken;
  }

  /** Copies header bytes from offset `at` of `chunk`. Returns how many it consumed. */
  #readHeader(chunk: Uint8Array, at: number): number {
    const taken = Math.min(V1_HEADER_SIZE - this.#headerFilled, chunk.length - at);
    this.#header.set(chunk.subarray(at, at + taken), this.#headerFilled);
    this.#headerFilled += taken;
    // Checks the magic byte by byte, so that a peer of another protocol is disconnected before it sends a whole header.
    for (let i = Math.min(4, this.#headerFilled) - 1; i >= 0; i--) {
      if (this.#header[i] !== this.#magic[i]) {
        throw new FramingError('bad-magic', 'wrong network magic');
      }
    }
    if (this.#headerFilled === V1_HEADER_SIZE) {
      const length = new ByteReader(this.#header, LENGTH_OFFSET).u32();
      if (length > MAX_MESSAGE_LENGTH) {
        throw new FramingError('oversized-message', `oversized message: ${length} bytes`);
      }
      this.#payload = new PayloadBuffer(length, this.#isTransient() ? 'transient' : 'kept');
      if (length >= HASHED_PIECEWISE) this.#hash = startSha256();
    }
    return taken;
  }

  /** Whether the payload is used only until the message is handled; unknown commands are not handled at all. */
  #isTransient(): boolean {
    const command = readCommand(this.#header, COMMAND_OFFSET);
    return command === undefined || !isCommand(command) || isTransient(command);
  }

  close(): void {
    this.#payload?.release();
    this.#payload = undefined;
  }

  #message(payload: Uint8Array): RawMessage {
    const size = V1_HEADER_SIZE + payload.length;
    const hash = this.#hash;
    this.#hash = undefined;
    const command = readCommand(this.#header, COMMAND_OFFSET);
    if (command === undefined) return { command: '', payload, size, fault: 'command' };
    const checksum = hash ? sha256(hash.digest()) : sha256d(payload);
    for (let i = 0; i < 4; i++) {
      if (checksum[i] !== this.#header[CHECKSUM_OFFSET + i]) return { command, payload, size, fault: 'checksum' };
    }
    return { command, payload, size };
  }

  frame(command: string, payload: Uint8Array): readonly Uint8Array[] {
    const header = new Uint8Array(V1_HEADER_SIZE);
    header.set(this.#magic);
    writeCommand(header, COMMAND_OFFSET, command);
    for (let i = 0; i < 4; i++) header[LENGTH_OFFSET + i] = payload.length >> (8 * i);
    const checksum = sha256d(payload);
    for (let i = 0; i < 4; i++) header[CHECKSUM_OFFSET + i] = checksum[i]!;
    return payload.length > 0 ? [header, payload] : [header];
  }
}
