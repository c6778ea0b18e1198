import { AnnouncedBytes } from '../../wire/announced-bytes.ts';
import { COMMAND_SIZE } from '../../wire/command-field.ts';
import { MAX_MESSAGE_LENGTH } from '../../wire/protocol.ts';
import { FramingError } from '../framing.ts';
import { LENGTH_SIZE, PACKET_OVERHEAD, type V2Session } from './session.ts';

/** No packet's contents may be longer: the longest message under its long name (Core: MAX_CONTENTS_LEN). */
const MAX_CONTENTS_LENGTH = 1 + COMMAND_SIZE + MAX_MESSAGE_LENGTH;

/** Cuts the bytes behind the garbage into packets, and opens them. */
export class PacketReader {
  readonly #session: V2Session;
  /** What the first packet vouches for: all garbage that came before it. */
  #aad: Uint8Array | undefined;
  readonly #length = new Uint8Array(LENGTH_SIZE);
  #lengthFilled = 0;
  /** Bytes of the packet whose length has come, without the length; 0 for none. */
  #sealedSize = 0;
  /** The part of it that has come, where it did not come in one piece. */
  #partial: AnnouncedBytes | undefined;

  constructor(session: V2Session, garbage: Uint8Array) {
    this.#session = session;
    this.#aad = garbage;
  }

  /** Bytes held for a packet that is not complete. */
  get pendingBytes(): number {
    return this.#partial?.held ?? 0;
  }

  /**
   * Takes the bytes of `chunk` from `at` on, and hands over the packets that they complete, with the bytes that each took
   * on the wire. Throws `FramingError`.
   */
  receive(chunk: Uint8Array, at: number, take: (packet: Uint8Array, size: number) => void): void {
    let next = at;
    while (next < chunk.length) {
      if (this.#sealedSize === 0) {
        next += this.#takeLength(chunk, next);
        continue;
      }
      const size = this.#sealedSize;
      let sealed: Uint8Array | undefined;
      if (!this.#partial && chunk.length - next >= size) {
        sealed = chunk.subarray(next, next + size);
        next += size;
      } else {
        this.#partial ??= new AnnouncedBytes(size);
        next += this.#partial.take(chunk, next);
        sealed = this.#partial.whole;
      }
      if (!sealed) continue;
      this.#partial = undefined;
      this.#sealedSize = 0;
      take(this.#open(sealed), LENGTH_SIZE + size);
    }
  }

  /** Takes bytes of the length from `at` on, and returns how many. */
  #takeLength(chunk: Uint8Array, at: number): number {
    const taken = Math.min(LENGTH_SIZE - this.#lengthFilled, chunk.length - at);
    this.#length.set(chunk.subarray(at, at + taken), this.#lengthFilled);
    this.#lengthFilled += taken;
    if (this.#lengthFilled === LENGTH_SIZE) {
      this.#lengthFilled = 0;
      const contentsLength = this.#session.openLength(this.#length);
      if (contentsLength > MAX_CONTENTS_LENGTH) {
        throw new FramingError('oversized-message', `a packet of ${contentsLength} bytes is announced`);
      }
      this.#sealedSize = contentsLength + PACKET_OVERHEAD;
    }
    return taken;
  }

  #open(sealed: Uint8Array): Uint8Array {
    const packet = this.#session.open(sealed, this.#aad);
    if (!packet) throw new FramingError('bad-packet', 'a packet is not as its sender sealed it');
    this.#aad = undefined;
    return packet;
  }
}
