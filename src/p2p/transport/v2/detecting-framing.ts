import type { Random } from '../../../platform/random.ts';
import type { Framing, RawMessage, TransportVersion } from '../framing.ts';
import { V1Framing } from '../v1-framing.ts';
import { v1Prefix } from './v1-prefix.ts';
import { V2Framing } from './v2-framing.ts';

/**
 * The format of an inbound connection: v1 if it begins with the v1 prefix, otherwise v2 (BIP324). Sends nothing
 * until the format is known.
 */
export class DetectingFraming implements Framing {
  readonly shouldReconnectV1 = false;
  readonly #magic: Uint8Array;
  readonly #random: Random;
  readonly #prefix: Uint8Array;
  /** Received bytes that match the v1 prefix. */
  #matched = 0;
  #decided: Framing | undefined;

  constructor(magic: Uint8Array, random: Random) {
    this.#magic = magic;
    this.#random = random;
    this.#prefix = v1Prefix(magic);
  }

  get version(): TransportVersion | 'detecting' {
    return this.#decided?.version ?? 'detecting';
  }

  get sessionId(): Uint8Array | undefined {
    return this.#decided?.sessionId;
  }

  get isOpen(): boolean {
    return this.#decided?.isOpen ?? false;
  }

  start(): readonly Uint8Array[] {
    return [];
  }

  receive(chunk: Uint8Array, deliver: (message: RawMessage) => void, reply: (bytes: Uint8Array) => void): void {
    let at = 0;
    if (!this.#decided) {
      while (at < chunk.length && this.#isPrefix(chunk[at]!)) at++;
      if (at === chunk.length && this.#matched < this.#prefix.length) return;
      this.#decided = this.#decide(reply);
      this.#decided.receive(this.#prefix.subarray(0, this.#matched), deliver, reply);
    }
    this.#decided.receive(at === 0 ? chunk : chunk.subarray(at), deliver, reply);
  }

  #isPrefix(byte: number): boolean {
    if (byte !== this.#prefix[this.#matched]) return false;
    this.#matched++;
    return true;
  }

  #decide(reply: (bytes: Uint8Array) => void): Framing {
    if (this.#matched === this.#prefix.length) return new V1Framing(this.#magic);
    const v2 = new V2Framing({ magic: this.#magic, initiating: false }, this.#random);
    for (const part of v2.start()) reply(part);
    return v2;
  }

  close(): void {
    this.#decided?.close();
  }

  frame(command: string, payload: Uint8Array): readonly Uint8Array[] {
    if (!this.#decided) throw new Error(`cannot send ${command} before the peer's first bytes`);
    return this.#decided.frame(command, payload);
  }
}
