import { sha256d } from '../crypto/hash.ts';
import { type Framing, FramingError, type RawMessage } from './framing.ts';
import { MAX_MESSAGE_LENGTH } from './protocol.ts';

/** Magic (4), command (12, padded with NUL), length (4, little-endian), checksum (4). */
const V1_HEADER_SIZE = 24;

/** As much is allocated on the word of a header; a longer payload gets its full room once this much has come. */
const TRUSTED_LENGTH = 256 * 1024;
/** Payloads up to this are sent in one piece with their header. */
const JOINED_LENGTH = 16 * 1024;

/** The command in bytes 4 to 15 of a header; undefined if it is not printable text with NULs behind it only. */
function readCommand(header: Uint8Array): string | undefined {
  let command = '';
  let end = 4;
  for (; end < 16; end++) {
    const code = header[end]!;
    if (code === 0) break;
    if (code < 0x20 || code > 0x7e) return undefined;
    command += String.fromCharCode(code);
  }
  for (; end < 16; end++) if (header[end] !== 0) return undefined;
  return command;
}

/** Bitcoin's original, unencrypted format. One per connection: it keeps the part of a message that has come. */
export class V1Framing implements Framing {
  readonly version = 'v1';
  readonly #magic: Uint8Array;
  readonly #header = new Uint8Array(V1_HEADER_SIZE);
  readonly #headerView = new DataView(this.#header.buffer);
  #headerFilled = 0;
  /** Present between a whole header and a whole payload; may be shorter than the payload will be. */
  #payload: Uint8Array | undefined;
  #payloadFilled = 0;
  #payloadLength = 0;

  constructor(magic: Uint8Array) {
    this.#magic = magic;
  }

  /** Bytes held for a message that is not complete. */
  get pendingBytes(): number {
    return this.#headerFilled + (this.#payload?.length ?? 0);
  }

  receive(chunk: Uint8Array, deliver: (message: RawMessage) => void): void {
    let at = 0;
    while (at < chunk.length) {
      at += this.#payload ? this.#takePayload(chunk, at) : this.#takeHeader(chunk, at);
      if (this.#payload && this.#payloadFilled === this.#payloadLength) {
        const payload = this.#payload;
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
      this.#payloadLength = this.#headerView.getUint32(16, true);
      if (this.#payloadLength > MAX_MESSAGE_LENGTH) {
        throw new FramingError('oversized-message', `a payload of ${this.#payloadLength} bytes is announced`);
      }
      this.#payload = new Uint8Array(Math.min(this.#payloadLength, TRUSTED_LENGTH));
      this.#payloadFilled = 0;
    }
    return taken;
  }

  /** Takes payload bytes from `at` on, and returns how many. They are copied once, out of the socket's larger buffer. */
  #takePayload(chunk: Uint8Array, at: number): number {
    let payload = this.#payload!;
    if (this.#payloadFilled === payload.length && payload.length < this.#payloadLength) {
      const whole = new Uint8Array(this.#payloadLength);
      whole.set(payload);
      this.#payload = payload = whole;
    }
    const taken = Math.min(payload.length - this.#payloadFilled, chunk.length - at);
    payload.set(chunk.subarray(at, at + taken), this.#payloadFilled);
    this.#payloadFilled += taken;
    return taken;
  }

  #message(payload: Uint8Array): RawMessage {
    const size = V1_HEADER_SIZE + payload.length;
    const command = readCommand(this.#header);
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
    for (let i = 0; i < command.length; i++) frame[4 + i] = command.charCodeAt(i);
    new DataView(frame.buffer).setUint32(16, payload.length, true);
    frame.set(sha256d(payload).subarray(0, 4), 20);
    if (!joined) return [frame, payload];
    frame.set(payload, V1_HEADER_SIZE);
    return [frame];
  }
}
