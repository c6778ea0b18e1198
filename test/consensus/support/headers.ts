import { type HeaderContext, medianTimePast } from '../../../src/consensus/header-context.ts';
import { sha256 } from '../../../src/crypto/hash.ts';

/** A header in a block tree, without a block. */
export class TestHeader implements HeaderContext {
  readonly hash: Uint8Array;
  readonly height: number;
  readonly time: number;
  readonly bits: number;
  readonly version: number;
  readonly prev: TestHeader | undefined;

  constructor(fields: { height?: number; time: number; bits: number; version?: number }, prev?: TestHeader) {
    this.prev = prev;
    this.height = fields.height ?? (prev ? prev.height + 1 : 0);
    this.time = fields.time;
    this.bits = fields.bits;
    this.version = fields.version ?? 4;
    this.hash = sha256(new TextEncoder().encode(`${this.height} ${this.time} ${this.bits}`));
  }

  ancestor(height: number): TestHeader | undefined {
    let at: TestHeader | undefined = this;
    while (at && at.height > height) at = at.prev;
    return at?.height === height ? at : undefined;
  }

  medianTimePast(): number {
    return medianTimePast(this);
  }
}

/** Extends `prev` by `count` headers, `spacing` seconds apart, with the bits of `prev` by default; returns the tip. */
export function extendHeaders(prev: TestHeader, count: number, spacing: number, bits = prev.bits): TestHeader {
  let at = prev;
  for (let i = 0; i < count; i++) at = new TestHeader({ time: at.time + spacing, bits }, at);
  return at;
}
