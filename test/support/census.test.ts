import { describe, expect, it } from 'vitest';
import { takeCensus } from './census.ts';

class Inner {
  readonly #cache = new Map<string, Uint8Array>();
  put(key: string, bytes: Uint8Array): this {
    this.#cache.set(key, bytes);
    return this;
  }
}

class Outer {
  readonly #inner = new Inner().put('a', new Uint8Array(1000)).put('b', new Uint8Array(500_000).subarray(0, 1));
  readonly list = [1, 2, 3];
  readonly #foreign = new Set([new Uint8Array(9_000_000)]);
  get inner(): Inner {
    return this.#inner;
  }
  get foreign(): Set<Uint8Array> {
    return this.#foreign;
  }
}

describe('a census', () => {
  it('counts private fields, and the whole buffer behind a view', () => {
    const outer = new Outer();
    const { bytes, entries } = takeCensus(outer, (held) => held === outer.foreign);
    expect(Object.fromEntries(entries)).toEqual({ '.#inner.#cache': 2, '.list': 3 });
    expect(bytes).toBeGreaterThan(501_000);
    expect(bytes).toBeLessThan(502_000);
  });
});
