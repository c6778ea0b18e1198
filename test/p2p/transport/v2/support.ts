import { expect } from 'vitest';
import { concatBytes } from '../../../../src/bytes/compare.ts';
import { regtest } from '../../../../src/consensus/params.ts';
import { createEllswiftKey, ELLSWIFT_SIZE, ellswiftSharedSecret } from '../../../../src/crypto/ellswift.ts';
import { type Framing, FramingError, type RawMessage } from '../../../../src/p2p/transport/framing.ts';
import { V2KeyExchange } from '../../../../src/p2p/transport/v2/key-exchange.ts';
import { LENGTH_SIZE, PACKET_OVERHEAD, TERMINATOR_SIZE, V2Session } from '../../../../src/p2p/transport/v2/session.ts';
import { V2Framing } from '../../../../src/p2p/transport/v2/v2-framing.ts';
import { SeededRandom } from '../../../../src/testing/seeded-random.ts';

const { magic } = regtest;

export function v2Framing(seed: number, initiating: boolean): V2Framing {
  return new V2Framing({ magic, initiating }, new SeededRandom(seed));
}

/** Returns a seed whose greeting has at most `size` bytes, for tests that iterate over every byte. */
export function seedOfShortGreeting(size: number): number {
  for (let seed = 1; ; seed++) {
    if (new V2KeyExchange({ magic, initiating: true }, new SeededRandom(seed)).greeting.length <= size) return seed;
  }
}

/** A framing without a connection; records its messages, its replies and its error. */
export class FramingEnd {
  readonly framing: Framing;
  readonly messages: RawMessage[] = [];
  readonly replies: Uint8Array[] = [];
  error: FramingError['code'] | undefined;

  constructor(framing: Framing) {
    this.framing = framing;
    this.replies.push(...framing.start());
  }

  /** Passes chunks to the framing until it fails. */
  feed(...chunks: readonly Uint8Array[]): void {
    try {
      for (const chunk of chunks) {
        if (this.error) return;
        this.framing.receive(
          chunk,
          (message) => this.messages.push(message),
          (bytes) => this.replies.push(bytes),
        );
      }
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      this.error = error.code;
    }
  }

  /** Removes and returns the bytes to send. */
  drain(): Uint8Array[] {
    return this.replies.splice(0);
  }
}

/** Exchanges replies between two ends until neither has any. */
export function exchange(a: FramingEnd, b: FramingEnd): void {
  while (a.replies.length + b.replies.length > 0) {
    b.feed(...a.drain());
    a.feed(...b.drain());
  }
}

/**
 * Acts as the responder to `end`, the initiator: sends a key without garbage, and decrypts the version packet of `end`.
 * Returns the responder's session.
 */
export function respond(end: FramingEnd, seed = 99): V2Session {
  const [greeting] = end.drain();
  const [theirs, garbage] = [greeting!.subarray(0, ELLSWIFT_SIZE), greeting!.subarray(ELLSWIFT_SIZE)];
  const key = createEllswiftKey(new SeededRandom(seed));
  const sharedSecret = ellswiftSharedSecret(key, theirs, false);
  const session = new V2Session({ sharedSecret, magic, initiating: false });
  end.feed(key.encoded);
  const answer = concatBytes(...end.drain());
  expect(answer.subarray(0, TERMINATOR_SIZE)).toEqual(session.receiveTerminator);
  expect(openPacket(session, answer.subarray(TERMINATOR_SIZE), garbage)).toEqual(Uint8Array.of(0));
  return session;
}

/** Decrypts `bytes`, one whole packet received by `session`, to header byte and contents. */
export function openPacket(session: V2Session, bytes: Uint8Array, aad?: Uint8Array): Uint8Array | undefined {
  expect(session.openLength(bytes.slice(0, LENGTH_SIZE))).toBe(bytes.length - LENGTH_SIZE - PACKET_OVERHEAD);
  return session.open(bytes.subarray(LENGTH_SIZE), aad);
}
