import type { Random } from '../../../platform/random.ts';
import type { Framing, RawMessage, TransportVersion } from '../framing.ts';
import { V1Framing } from '../v1-framing.ts';
import { v1Prefix } from './v1-prefix.ts';
import { V2Framing } from './v2-framing.ts';

/** Whatever the caller speaks: v1 begins with bytes that are known, and all others are v2's. Says nothing until then. */
export class DetectingFraming implements Framing {
  readonly mayNeedV1 = false;
  readonly #magic: Uint8Array;
  readonly #random: Random;
  readonly #prefix: Uint8Array;
  /** Bytes that have come and are as v1 begins. */
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

  frame(command: string, payload: Uint8Array): readonly Uint8Array[] {
    if (!this.#decided) throw new Error(`${command} was to be sent before the peer's first bytes have come`);
    return this.#decided.frame(command, payload);
  }
}
