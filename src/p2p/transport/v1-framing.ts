import { sha256d } from '../../crypto/hash.ts';
import { AnnouncedBytes } from '../wire/announced-bytes.ts';
import { readCommand, writeCommand } from '../wire/command-field.ts';
import { MAX_MESSAGE_LENGTH } from '../wire/protocol.ts';
import { type Framing, FramingError, type RawMessage } from './framing.ts';

/** Magic (4), command (12, padded with NUL), length (4, little-endian), checksum (4). */
const V1_HEADER_SIZE = 24;
/** Where the command begins. */
const COMMAND_OFFSET = 4;

/** Payloads up to this are sent in one piece with their header. */
const JOINED_LENGTH = 16 * 1024;

/** Bitcoin's original, unencrypted format. One per connection: it keeps the part of a message that has come. */
export class V1Framing implements Framing {
  readonly version = 'v1';
  readonly sessionId = undefined;
  readonly isOpen = true;
  readonly mayNeedV1 = false;
  readonly #magic: Uint8Array;
  readonly #header = new Uint8Array(V1_HEADER_SIZE);
  readonly #headerView = new DataView(this.#header.buffer);
  #headerFilled = 0;
  /** Present between a whole header and a whole payload. */
  #payload: AnnouncedBytes | undefined;

  constructor(magic: Uint8Array) {
    this.#magic = magic;
  }

  /** Bytes held for a message that is not complete. */
  get pendingBytes(): number {
    return this.#headerFilled + (this.#payload?.held ?? 0);
  }

  start(): readonly Uint8Array[] {
    return [];
  }

  receive(chunk: Uint8Array, deliver: (message: RawMessage) => void): void {
    let at = 0;
    while (at < chunk.length) {
      at += this.#payload ? this.#payload.take(chunk, at) : this.#takeHeader(chunk, at);
      const payload = this.#payload?.whole;
      if (payload) {
        this.#payload = undefined;
        this.#headerFilled = 0;
        deliver(this.#message(payload));
      }
    }
  }

  /** Takes header bytes from `at` on, and returns how many. */
  #takeHeader(chunk: Uint8Array, at: number): number {
    const taken = Math.min(V1_HEADER_SIZE - this.#headerFilled, chunk.length - at);
    this.#header.set(chunk.subarray(at, at + taken), this.#headerFilled);
    this.#headerFilled += taken;
    // The magic is judged as it comes: whoever speaks another protocol need not send a whole header to hear of it.
    for (let i = Math.min(4, this.#headerFilled) - 1; i >= 0; i--) {
      if (this.#header[i] !== this.#magic[i]) {
        throw new FramingError('bad-magic', 'the bytes do not begin with the magic of this network');
      }
    }
    if (this.#headerFilled === V1_HEADER_SIZE) {
      const length = this.#headerView.getUint32(16, true);
      if (length > MAX_MESSAGE_LENGTH) {
        throw new FramingError('oversized-message', `a payload of ${length} bytes is announced`);
      }
      this.#payload = new AnnouncedBytes(length);
    }
    return taken;
  }

  #message(payload: Uint8Array): RawMessage {
    const size = V1_HEADER_SIZE + payload.length;
    const command = readCommand(this.#header, COMMAND_OFFSET);
    if (command === undefined) return { command: '', payload, size, fault: 'command' };
    const checksum = sha256d(payload);
    for (let i = 0; i < 4; i++) {
      if (checksum[i] !== this.#header[20 + i]) return { command, payload, size, fault: 'checksum' };
    }
    return { command, payload, size };
  }

  frame(command: string, payload: Uint8Array): readonly Uint8Array[] {
    const joined = payload.length <= JOINED_LENGTH;
    const frame = new Uint8Array(V1_HEADER_SIZE + (joined ? payload.length : 0));
    frame.set(this.#magic);
    writeCommand(frame, COMMAND_OFFSET, command);
    new DataView(frame.buffer).setUint32(16, payload.length, true);
    frame.set(sha256d(payload).subarray(0, 4), 20);
    if (!joined) return [frame, payload];
    frame.set(payload, V1_HEADER_SIZE);
    return [frame];
  }
}
