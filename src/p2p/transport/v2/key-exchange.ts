import { concatBytes, equalBytes, indexOfBytes } from '../../../bytes/compare.ts';
import {
  createEllswiftKey,
  ELLSWIFT_SIZE,
  type EllswiftKeyPair,
  ellswiftSharedSecret,
} from '../../../crypto/ellswift.ts';
import { type Random, randomInt } from '../../../platform/random.ts';
import { FramingError } from '../framing.ts';
import { TERMINATOR_SIZE, V2Session } from './session.ts';
import { V1_VERSION_COMMAND } from './v1-prefix.ts';

/** Bytes of garbage that either side may send after its key (BIP324: MAX_GARBAGE_LEN). */
export const MAX_GARBAGE_SIZE = 4095;

/** Parameters of a v2 connection. */
export interface V2FramingOptions {
  readonly magic: Uint8Array;
  /** Whether this is the outbound end. */
  readonly initiating: boolean;
}

/**
 * BIP324's key exchange and version negotiation. Each side sends an ElligatorSwift key and garbage, both
 * indistinguishable from random bytes. Once it has the other's key, it sends the garbage terminator and an empty
 * version packet, which authenticates the garbage.
 */
export class V2KeyExchange {
  readonly #options: V2FramingOptions;
  readonly #key: EllswiftKeyPair;
  readonly #ourGarbage: Uint8Array;
  /** The peer's key; after that, its garbage and terminator. */
  #received = new Uint8Array(ELLSWIFT_SIZE);
  #filled = 0;
  #session: V2Session | undefined;
  #garbage: Uint8Array | undefined;

  constructor(options: V2FramingOptions, random: Random) {
    this.#options = options;
    this.#key = createEllswiftKey(random);
    this.#ourGarbage = random.bytes(randomInt(random, MAX_GARBAGE_SIZE + 1));
  }

  /** Our key and garbage, sent before anything is received. */
  get greeting(): Uint8Array {
    return concatBytes(this.#key.encoded, this.#ourGarbage);
  }

  /** Whether the peer has not sent a byte. */
  get isUnanswered(): boolean {
    return this.#filled === 0 && this.#session === undefined;
  }

  /** Defined once the peer's key is complete: packets can be sent. */
  get session(): V2Session | undefined {
    return this.#session;
  }

  /** The peer's garbage; defined once its terminator is complete: packets can be received. */
  get garbage(): Uint8Array | undefined {
    return this.#garbage;
  }

  /**
   * Reads `chunk` from offset `at`. Returns how many bytes it consumed. Passes our response to
   * `reply`. Throws `FramingError`.
   */
  receive(chunk: Uint8Array, at: number, reply: (bytes: Uint8Array) => void): number {
    return this.#session ? this.#readGarbage(this.#session, chunk, at) : this.#readKey(chunk, at, reply);
  }

  #append(chunk: Uint8Array, at: number): number {
    const taken = Math.min(this.#received.length - this.#filled, chunk.length - at);
    this.#received.set(chunk.subarray(at, at + taken), this.#filled);
    this.#filled += taken;
    return taken;
  }

  #readKey(chunk: Uint8Array, at: number, reply: (bytes: Uint8Array) => void): number {
    const taken = this.#append(chunk, at);
    if (!this.#options.initiating) this.#checkNotV1();
    if (this.#filled === ELLSWIFT_SIZE) {
      const { magic, initiating } = this.#options;
      const sharedSecret = ellswiftSharedSecret(this.#key, this.#received, initiating);
      const session = new V2Session({ sharedSecret, magic, initiating });
      this.#session = session;
      this.#received = new Uint8Array(MAX_GARBAGE_SIZE + TERMINATOR_SIZE);
      this.#filled = 0;
      // The version packet is empty; its contents are reserved for extensions.
      const versionPacket = session.seal(new Uint8Array(1), new Uint8Array(0), this.#ourGarbage);
      reply(concatBytes(session.sendTerminator, ...versionPacket));
    }
    return taken;
  }

  /** Rejects a v1 `version` message of another network (Core: ProcessReceivedKeyBytes). */
  #checkNotV1(): void {
    const { length } = this.#options.magic;
    const end = length + V1_VERSION_COMMAND.length;
    if (this.#filled >= end && equalBytes(this.#received.subarray(length, end), V1_VERSION_COMMAND)) {
      throw new FramingError('bad-magic', 'v1 version message with wrong network magic');
    }
  }

  #readGarbage(session: V2Session, chunk: Uint8Array, at: number): number {
    const before = this.#filled;
    const taken = this.#append(chunk, at);
    // The terminator may span two chunks.
    const received = this.#received.subarray(0, this.#filled);
    const found = indexOfBytes(received, session.receiveTerminator, Math.max(0, before - TERMINATOR_SIZE + 1));
    if (found >= 0) {
      this.#garbage = this.#received.subarray(0, found);
      return found + TERMINATOR_SIZE - before;
    }
    if (this.#filled === this.#received.length) {
      throw new FramingError('no-garbage-terminator', 'missing garbage terminator');
    }
    return taken;
  }
}
