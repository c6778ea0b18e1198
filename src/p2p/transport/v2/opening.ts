import { concatBytes, equalBytes } from '../../../bytes/compare.ts';
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

/** Either side may send up to so many random bytes behind its key (BIP324: MAX_GARBAGE_LEN). */
export const MAX_GARBAGE_SIZE = 4095;

export interface OpeningOptions {
  readonly magic: Uint8Array;
  /** Whether we called. */
  readonly initiating: boolean;
}

/**
 * How a connection begins: each side sends a key and garbage, so that no byte of it can be told from chance; and, once
 * it has the other's key, what ends the garbage, and a first packet, empty, that vouches for the garbage.
 */
export class V2Opening {
  readonly #options: OpeningOptions;
  readonly #key: EllswiftKeyPair;
  readonly #ourGarbage: Uint8Array;
  /** First the peer's key; then its garbage, and the terminator. */
  #received = new Uint8Array(ELLSWIFT_SIZE);
  #filled = 0;
  #session: V2Session | undefined;
  #garbage: Uint8Array | undefined;

  constructor(options: OpeningOptions, random: Random) {
    this.#options = options;
    this.#key = createEllswiftKey(random);
    this.#ourGarbage = random.bytes(randomInt(random, MAX_GARBAGE_SIZE + 1));
  }

  /** What we send before we know anything of the peer. */
  get greeting(): Uint8Array {
    return concatBytes(this.#key.encoded, this.#ourGarbage);
  }

  /** Whether not a byte has come. */
  get isUnanswered(): boolean {
    return this.#filled === 0 && this.#session === undefined;
  }

  /** Present once we have the peer's key: packets can be sent. */
  get session(): V2Session | undefined {
    return this.#session;
  }

  /** What the peer sent between its key and its terminator; present once that has come: packets can be received. */
  get garbage(): Uint8Array | undefined {
    return this.#garbage;
  }

  /** Takes bytes from `at` on, and returns how many. What is to be answered goes to `reply`. Throws `FramingError`. */
  receive(chunk: Uint8Array, at: number, reply: (bytes: Uint8Array) => void): number {
    return this.#session ? this.#takeGarbage(this.#session, chunk, at) : this.#takeKey(chunk, at, reply);
  }

  #append(chunk: Uint8Array, at: number): number {
    const taken = Math.min(this.#received.length - this.#filled, chunk.length - at);
    this.#received.set(chunk.subarray(at, at + taken), this.#filled);
    this.#filled += taken;
    return taken;
  }

  #takeKey(chunk: Uint8Array, at: number, reply: (bytes: Uint8Array) => void): number {
    const taken = this.#append(chunk, at);
    if (!this.#options.initiating) this.#refuseOtherNetwork();
    if (this.#filled === ELLSWIFT_SIZE) {
      const { magic, initiating } = this.#options;
      const sharedSecret = ellswiftSharedSecret(this.#key, this.#received, initiating);
      const session = new V2Session({ sharedSecret, magic, initiating });
      this.#session = session;
      this.#received = new Uint8Array(MAX_GARBAGE_SIZE + TERMINATOR_SIZE);
      this.#filled = 0;
      // The version packet: empty, so that later versions can put into it what this one ignores.
      const versionPacket = session.seal(new Uint8Array(1), new Uint8Array(0), this.#ourGarbage);
      reply(concatBytes(session.sendTerminator, ...versionPacket));
    }
    return taken;
  }

  /** Whoever begins as v1 does, but for the magic, waits for no key. */
  #refuseOtherNetwork(): void {
    const { length } = this.#options.magic;
    const end = length + V1_VERSION_COMMAND.length;
    if (this.#filled >= end && equalBytes(this.#received.subarray(length, end), V1_VERSION_COMMAND)) {
      throw new FramingError('bad-magic', 'a version message with the magic of another network');
    }
  }

  #takeGarbage(session: V2Session, chunk: Uint8Array, at: number): number {
    const before = this.#filled;
    const taken = this.#append(chunk, at);
    // The terminator may have begun in the chunk before.
    const found = Buffer.from(this.#received.buffer, 0, this.#filled).indexOf(
      session.receiveTerminator,
      Math.max(0, before - TERMINATOR_SIZE + 1),
    );
    if (found >= 0) {
      this.#garbage = this.#received.subarray(0, found);
      return found + TERMINATOR_SIZE - before;
    }
    if (this.#filled === this.#received.length) {
      throw new FramingError('no-garbage-terminator', `no end of the garbage after ${MAX_GARBAGE_SIZE} bytes`);
    }
    return taken;
  }
}
