import type { Random } from '../../../platform/random.ts';
import type { Framing, RawMessage } from '../framing.ts';
import { messageHead, readMessage } from './contents.ts';
import { type OpeningOptions, V2Opening } from './opening.ts';
import { PacketReader } from './packet-reader.ts';
import { IGNORE_FLAG, type V2Session } from './session.ts';

/** BIP324's encrypted format, at either end of a connection. */
export class V2Framing implements Framing {
  readonly #initiating: boolean;
  /** Until it is done. */
  #opening: V2Opening | undefined;
  /** Present once we have the peer's key. */
  #session: V2Session | undefined;
  /** Present once the peer's garbage is over. */
  #reader: PacketReader | undefined;
  /** Whether the peer's version packet has come, and so proved that it has our keys. */
  #isCertain = false;

  constructor(options: OpeningOptions, random: Random) {
    this.#initiating = options.initiating;
    this.#opening = new V2Opening(options, random);
  }

  get version(): 'v2' | 'detecting' {
    return this.#isCertain ? 'v2' : 'detecting';
  }

  get sessionId(): Uint8Array | undefined {
    return this.#isCertain ? this.#session?.id : undefined;
  }

  get isOpen(): boolean {
    return this.#session !== undefined;
  }

  get mayNeedV1(): boolean {
    return this.#initiating && this.#opening?.isUnanswered === true;
  }

  /** Bytes held for a packet that is not complete. */
  get pendingBytes(): number {
    return this.#reader?.pendingBytes ?? 0;
  }

  start(): readonly Uint8Array[] {
    return [this.#opening!.greeting];
  }

  receive(chunk: Uint8Array, deliver: (message: RawMessage) => void, reply: (bytes: Uint8Array) => void): void {
    let at = 0;
    while (this.#opening && at < chunk.length) {
      at += this.#opening.receive(chunk, at, reply);
      const { session, garbage } = this.#opening;
      this.#session = session;
      if (!session || !garbage) continue;
      this.#reader = new PacketReader(session, garbage);
      this.#opening = undefined;
    }
    this.#reader?.receive(chunk, at, (packet, size) => {
      if ((packet[0]! & IGNORE_FLAG) !== 0) return;
      if (this.#isCertain) deliver(readMessage(packet, size));
      else this.#isCertain = true;
    });
  }

  frame(command: string, payload: Uint8Array): readonly Uint8Array[] {
    if (!this.#session) throw new Error(`${command} was to be sent before the peer's key has come`);
    return this.#session.seal(messageHead(command), payload);
  }
}
