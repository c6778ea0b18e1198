import { COMMAND_SIZE } from '../../wire/command-field.ts';
import { MAX_MESSAGE_LENGTH } from '../../wire/protocol.ts';
import { FramingError } from '../framing.ts';
import { PayloadBuffer } from '../payload-buffer.ts';
import { LENGTH_SIZE, PACKET_OVERHEAD, type V2Session } from './session.ts';

/** Bytes a packet's contents may have: the longest payload with a long message type (Core: MAX_CONTENTS_LEN). */
const MAX_CONTENTS_LENGTH = 1 + COMMAND_SIZE + MAX_MESSAGE_LENGTH;

/** Splits the bytes after the garbage terminator into packets and decrypts them. */
export class PacketReader {
  readonly #session: V2Session;
  /** The garbage, which the first packet authenticates. */
  #aad: Uint8Array | undefined;
  readonly #length = new Uint8Array(LENGTH_SIZE);
  #lengthFilled = 0;
  /** Bytes of the packet after its length field; 0 while the length is incomplete. */
  #sealedSize = 0;
  /** A packet that spans several chunks. */
  #partial: PayloadBuffer | undefined;

  constructor(session: V2Session, garbage: Uint8Array) {
    this.#session = session;
    this.#aad = garbage;
  }

  /** Bytes of memory held for an incomplete packet. */
  get pendingBytes(): number {
    return this.#partial?.capacity ?? 0;
  }

  /**
   * Reads `chunk` from offset `at`. Calls `deliver` with each decrypted packet and its bytes on the
   * wire. Throws `FramingError`.
   */
  receive(chunk: Uint8Array, at: number, deliver: (packet: Uint8Array, size: number) => void): void {
    let next = at;
    while (next < chunk.length) {
      if (this.#sealedSize === 0) {
        next += this.#readLength(chunk, next);
        continue;
      }
      const size = this.#sealedSize;
      let sealed: Uint8Array | undefined;
      if (!this.#partial && chunk.length - next >= size) {
        sealed = chunk.subarray(next, next + size);
        next += size;
      } else {
        this.#partial ??= new PayloadBuffer(size, 'transient');
        next += this.#partial.append(chunk, next);
        sealed = this.#partial.payload;
      }
      if (!sealed) continue;
      this.#sealedSize = 0;
      const packet = this.#open(sealed);
      this.close();
      deliver(packet, LENGTH_SIZE + size);
    }
  }

  /** Drops an incomplete packet. */
  close(): void {
    this.#partial?.release();
    this.#partial = undefined;
  }

  /** Copies bytes of the length field from offset `at` of `chunk`. Returns how many it consumed. */
  #readLength(chunk: Uint8Array, at: number): number {
    const taken = Math.min(LENGTH_SIZE - this.#lengthFilled, chunk.length - at);
    this.#length.set(chunk.subarray(at, at + taken), this.#lengthFilled);
    this.#lengthFilled += taken;
    if (this.#lengthFilled === LENGTH_SIZE) {
      this.#lengthFilled = 0;
      const contentsLength = this.#session.openLength(this.#length);
      if (contentsLength > MAX_CONTENTS_LENGTH) {
        throw new FramingError('oversized-message', `oversized packet: ${contentsLength} bytes`);
      }
      this.#sealedSize = contentsLength + PACKET_OVERHEAD;
    }
    return taken;
  }

  #open(sealed: Uint8Array): Uint8Array {
    const packet = this.#session.open(sealed, this.#aad);
    if (!packet) throw new FramingError('bad-packet', 'packet authentication failure');
    this.#aad = undefined;
    return packet;
  }
}
