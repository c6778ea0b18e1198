import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { isHighS, isStrictDer, normalizeS, parseDerLax } from '../../src/crypto/der.ts';

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const hex64 = (value: bigint): string => value.toString(16).padStart(64, '0');

/** Returns the content of a DER integer: minimal, behind `padding` zero bytes. */
function content(value: bigint, padding = 0): Uint8Array {
  let hex = value.toString(16);
  if (hex.length % 2) hex = `0${hex}`;
  if (Number.parseInt(hex.slice(0, 2), 16) >= 0x80) hex = `00${hex}`;
  return fromHex('00'.repeat(padding) + hex);
}

function integer(bytes: Uint8Array, lengthBytes: readonly number[] = [bytes.length]): Uint8Array {
  return concatBytes(Uint8Array.of(0x02, ...lengthBytes), bytes);
}

function sequence(body: Uint8Array, lengthBytes: readonly number[] = [body.length]): Uint8Array {
  return concatBytes(Uint8Array.of(0x30, ...lengthBytes), body);
}

const scalar = fc.bigInt({ min: 1n, max: order - 1n });

describe('parseDerLax', () => {
  it('decodes every strict DER signature', () => {
    fc.assert(
      fc.property(scalar, scalar, (r, s) => {
        const der = sequence(concatBytes(integer(content(r)), integer(content(s))));
        expect(isStrictDer(der)).toBe(true);
        expect(toHex(parseDerLax(der)!)).toBe(hex64(r) + hex64(s));
      }),
      { numRuns: 200, seed: 66 },
    );
  });

  it('decodes encodings that old OpenSSL accepted and BIP66 forbids', () => {
    const [r, s] = [0x123456n << 200n, 0xf1n];
    const body = concatBytes(integer(content(r)), integer(content(s)));
    const negative = fromHex('f1');
    const forms = [
      sequence(concatBytes(integer(content(r, 1)), integer(content(s)))),
      sequence(concatBytes(integer(content(r, 300), [0x82, 1, 72]), integer(content(s)))),
      sequence(concatBytes(integer(content(r)), integer(negative))),
      sequence(concatBytes(integer(content(r), [0x81, content(r).length]), integer(content(s)))),
      sequence(concatBytes(integer(content(r), [0x84, 0, 0, 0, content(r).length]), integer(content(s)))),
      sequence(body, [0x81, body.length]),
      sequence(body, [0]),
      sequence(body, [0x7f]),
      concatBytes(sequence(body), fromHex('deadbeef')),
    ];
    for (const der of forms) {
      expect(isStrictDer(der), toHex(der)).toBe(false);
      expect(parseDerLax(der) && toHex(parseDerLax(der)!), toHex(der)).toBe(hex64(r) + hex64(s));
    }
  });

  it('returns undefined for malformed or out-of-range signatures', () => {
    const fine = integer(content(5n));
    const wrong = [
      new Uint8Array(0),
      fromHex('30'),
      fromHex('3000'),
      fromHex('300202'),
      fromHex('30050201050201'),
      sequence(concatBytes(fine, integer(content(order)))),
      sequence(concatBytes(integer(content(order)), fine)),
      sequence(concatBytes(integer(content(1n << 256n)), fine)),
      sequence(concatBytes(integer(content(5n), [0x84, 1, 0, 0, 0]), fine)),
      sequence(concatBytes(fine, integer(content(5n), [0x85, 0, 0, 0, 0]))),
      concatBytes(Uint8Array.of(0x31, 6), fine, fine),
    ];
    for (const der of wrong) expect(parseDerLax(der), toHex(der)).toBeUndefined();
    expect(parseDerLax(sequence(concatBytes(fine, integer(content(order - 1n)))))).toBeDefined();
  });

  it('never throws, and decodes all strict DER with R and S in range', () => {
    const der = sequence(concatBytes(integer(content(order - 3n)), integer(content(77n))));
    const mutated = fc
      .array(fc.record({ at: fc.nat(der.length - 1), to: fc.nat(255) }), { maxLength: 4 })
      .map((changes) => {
        const bytes = Uint8Array.from(der);
        for (const { at, to } of changes) bytes[at] = to;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 80 })), (bytes) => {
        const parsed = parseDerLax(bytes);
        expect(parsed === undefined || parsed.length === 64).toBe(true);
        if (!isStrictDer(bytes) || parsed) return;
        // Strict DER, but R or S is out of range.
        const lengthR = bytes[3]!;
        const [r, s] = [bytes.subarray(4, 4 + lengthR), bytes.subarray(6 + lengthR)];
        const [rValue, sValue] = [r, s].map((part) => BigInt(`0x${toHex(part)}`));
        expect(rValue! >= order || sValue! >= order).toBe(true);
      }),
      { numRuns: 3000, seed: 1 },
    );
  });
});

describe('normalizeS', () => {
  it('keeps a low S and negates a high S', () => {
    const low = order >> 1n;
    for (const [s, expected] of [
      [1n, 1n],
      [low, low],
      [low + 1n, low],
      [order - 1n, 1n],
    ] as const) {
      const signature = fromHex(hex64(9n) + hex64(s));
      expect(isHighS(signature)).toBe(s !== expected);
      normalizeS(signature);
      expect(toHex(signature)).toBe(hex64(9n) + hex64(expected));
    }
  });
});
