import type { Random } from '../../../platform/random.ts';
import type { Framing, RawMessage } from '../framing.ts';
import { type V2FramingOptions, V2KeyExchange } from './key-exchange.ts';
import { encodeHead, readMessage } from './packet-contents.ts';
import { PacketReader } from './packet-reader.ts';
import { IGNORE_FLAG, type V2Session } from './session.ts';

/** BIP324's encrypted wire format (Core: V2Transport). */
export class V2Framing implements Framing {
  readonly #initiating: boolean;
  /** Undefined once completed. */
  #keyExchange: V2KeyExchange | undefined;
  /** Defined once the peer's key is complete. */
  #session: V2Session | undefined;
  /** Defined once the peer's garbage terminator is complete. */
  #reader: PacketReader | undefined;
  /** Whether the peer's version packet was received, which proves that the peer has derived the same keys. */
  #isCertain = false;

  constructor(options: V2FramingOptions, random: Random) {
    this.#initiating = options.initiating;
    this.#keyExchange = new V2KeyExchange(options, random);
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

  get shouldReconnectV1(): boolean {
    return this.#initiating && this.#keyExchange?.isUnanswered === true;
  }

  /** Bytes of memory held for an incomplete packet. */
  get pendingBytes(): number {
    return this.#reader?.pendingBytes ?? 0;
  }

  start(): readonly Uint8Array[] {
    return [this.#keyExchange!.greeting];
  }

  receive(chunk: Uint8Array, deliver: (message: RawMessage) => void, reply: (bytes: Uint8Array) => void): void {
    let at = 0;
    while (this.#keyExchange && at < chunk.length) {
      at += this.#keyExchange.receive(chunk, at, reply);
      const { session, garbage } = this.#keyExchange;
      this.#session = session;
      if (!session || !garbage) continue;
      this.#reader = new PacketReader(session, garbage);
      this.#keyExchange = undefined;
    }
    this.#reader?.receive(chunk, at, (packet, size) => {
      if ((packet[0]! & IGNORE_FLAG) !== 0) return;
      if (this.#isCertain) deliver(readMessage(packet, size));
      else this.#isCertain = true;
    });
  }

  close(): void {
    this.#reader?.close();
  }

  frame(command: string, payload: Uint8Array): readonly Uint8Array[] {
    if (!this.#session) throw new Error(`cannot send ${command} before the peer's key`);
    return this.#session.seal(encodeHead(command), payload);
  }
}
