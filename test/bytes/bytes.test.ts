import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  binaryKey,
  compareBytes,
  concatBytes,
  equalBytes,
  fromBinaryKey,
  indexOfBytes,
} from '../../src/bytes/compare.ts';
import { DecodeError } from '../../src/bytes/errors.ts';
import { fromHex, fromReversedHex, toHex, toReversedHex } from '../../src/bytes/hex.ts';
import { ByteReader, MAX_SIZE } from '../../src/bytes/reader.ts';
import { ByteWriter, compactSizeLength } from '../../src/bytes/writer.ts';

/** Returns the code of the `DecodeError` that `call` throws; any other error fails the test. */
function failure(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return (error as DecodeError).code;
  }
}

/** A value of any kind that reader and writer support. */
const field = fc.oneof(
  fc.integer({ min: 0, max: 0xff }).map((value) => ({ kind: 'u8' as const, value })),
  fc.integer({ min: 0, max: 0xffff }).map((value) => ({ kind: 'u16' as const, value })),
  fc.integer({ min: 0, max: 0xffff }).map((value) => ({ kind: 'u16be' as const, value })),
  fc.integer({ min: 0, max: 0xffff_ffff }).map((value) => ({ kind: 'u32' as const, value })),
  fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }).map((value) => ({ kind: 'i32' as const, value })),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => ({ kind: 'u64' as const, value })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({ kind: 'i64' as const, value })),
  fc.nat(MAX_SIZE).map((value) => ({ kind: 'compactSize' as const, value })),
  fc.maxSafeNat().map((value) => ({ kind: 'compactNumber' as const, value })),
  fc.uint8Array({ maxLength: 300 }).map((value) => ({ kind: 'varBytes' as const, value })),
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((value) => ({ kind: 'hash' as const, value })),
  fc.array(fc.nat(0xffff), { maxLength: 20 }).map((value) => ({ kind: 'list' as const, value })),
);
type Field = typeof field extends fc.Arbitrary<infer T> ? T : never;

function write(writer: ByteWriter, { kind, value }: Field): void {
  switch (kind) {
    case 'u64':
    case 'i64':
      writer[kind](value);
      break;
    case 'varBytes':
      writer.varBytes(value);
      break;
    case 'hash':
      writer.bytes(value);
      break;
    case 'list':
      writer.list(value, (w, item) => w.u16(item));
      break;
    case 'compactNumber':
      writer.compactSize(value);
      break;
    default:
      writer[kind](value);
  }
}

function read(reader: ByteReader, { kind }: Field): unknown {
  return kind === 'list' ? reader.list((r) => r.u16()) : reader[kind]();
}

describe('ByteReader and ByteWriter', () => {
  it('round-trip, and the reader detects truncation at every position', () => {
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 12 }), fc.nat(), fc.nat(64), (fields, cut, hint) => {
        const writer = new ByteWriter(hint);
        for (const each of fields) write(writer, each);
        const bytes = writer.finish();
        expect(writer.length).toBe(bytes.length);

        // A view at a nonzero offset of its buffer.
        const reader = new ByteReader(concatBytes(Uint8Array.of(1, 2, 3), bytes).subarray(3));
        for (const each of fields) expect(read(reader, each)).toEqual(each.value);
        expect(reader.remaining).toBe(0);
        reader.end();

        const shorter = new ByteReader(bytes.subarray(0, cut % bytes.length));
        expect(failure(() => fields.map((each) => read(shorter, each)))).toBe('truncated');
        expect(failure(() => new ByteReader(bytes).end())).toBe('trailing-bytes');
      }),
      { numRuns: 500, seed: 5 },
    );
  });

  it('use little-endian integers', () => {
    const writer = new ByteWriter(0)
      .u16(0x0102)
      .u16be(0x0102)
      .u32(0x01020304)
      .i32(-2)
      .u64(0x0102030405060708n)
      .i64(-2n);
    expect(toHex(writer.finish())).toBe(
      '0201' + '0102' + '04030201' + 'feffffff' + '0807060504030201' + 'feffffffffffffff',
    );
  });

  it.each([
    [0, '00'],
    [252, 'fc'],
    [253, 'fdfd00'],
    [65535, 'fdffff'],
    [65536, 'fe00000100'],
    [0xffff_ffff, 'feffffffff'],
    [0x1_0000_0000, 'ff0000000001000000'],
    [Number.MAX_SAFE_INTEGER, 'ffffffffffffff1f00'],
  ])('encode %i as the compact size %s', (value, hex) => {
    expect(toHex(new ByteWriter(1).compactSize(value).finish())).toBe(hex);
    expect(compactSizeLength(value)).toBe(hex.length / 2);
    expect(new ByteReader(fromHex(hex)).compactNumber()).toBe(value);
  });

  it('reject non-minimal and oversized compact sizes', () => {
    const read = (hex: string) => failure(() => new ByteReader(fromHex(hex)).compactNumber());
    for (const hex of ['fd0000', 'fdfc00', 'fe00000000', 'feffff0000', 'ffffffffff00000000']) {
      expect(read(hex), hex).toBe('non-canonical');
    }
    expect(read('ff00000000000020ff')).toBe('oversized');
    const size = (hex: string, max?: number) => failure(() => new ByteReader(fromHex(hex)).compactSize(max));
    expect(size('fe00000002')).toBeUndefined();
    expect(size('fe01000002')).toBe('oversized');
    expect(size('05', 5)).toBeUndefined();
    expect(size('06', 5)).toBe('oversized');
    expect(failure(() => new ByteReader(fromHex('03010203')).varBytes(2))).toBe('oversized');
    expect(failure(() => new ByteReader(fromHex('03010203')).list((r) => r.u8(), 2))).toBe('oversized');
  });

  it('read byte strings as views, without copying', () => {
    const input = fromHex('0401020304');
    const view = new ByteReader(input).varBytes();
    expect(view.buffer).toBe(input.buffer);
    expect(toHex(view)).toBe('01020304');
  });

  it('read any input as values or throw DecodeError', () => {
    const kinds = fc.array(field, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), kinds, (bytes, fields) => {
        const reader = new ByteReader(bytes);
        const code = failure(() => fields.map((each) => read(reader, each)));
        expect([undefined, 'truncated', 'non-canonical', 'oversized']).toContain(code);
        expect(reader.offset).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 1000, seed: 6 },
    );
  });
});

describe('Hex', () => {
  it('round-trips, in both byte orders and both cases', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        const hex = toHex(bytes);
        expect(hex).toBe(Buffer.from(bytes).toString('hex'));
        expect(fromHex(hex)).toEqual(bytes);
        expect(fromHex(hex.toUpperCase())).toEqual(bytes);
        expect(fromReversedHex(toReversedHex(bytes))).toEqual(bytes);
        expect(toReversedHex(bytes)).toBe(Buffer.from(bytes).reverse().toString('hex'));
      }),
      { seed: 7 },
    );
  });

  it('throws DecodeError on any other text', () => {
    for (const text of ['0', '0g', 'g0', ' 0', '0x', '1 ', 'é0', '٠٠']) {
      expect(
        failure(() => fromHex(text)),
        text,
      ).toBe('invalid');
    }
  });
});

describe('Byte arrays', () => {
  it('are compared, concatenated and converted to map keys', () => {
    const bytes = fc.uint8Array({ maxLength: 6, max: 3 });
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(equalBytes(a, b)).toBe(Buffer.from(a).equals(b));
        expect(binaryKey(a) === binaryKey(b)).toBe(equalBytes(a, b));
        expect(concatBytes(a, b, a)).toEqual(Uint8Array.from([...a, ...b, ...a]));
      }),
      { numRuns: 500, seed: 8 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (a) => {
        expect(fromBinaryKey(binaryKey(a))).toEqual(a);
        expect(binaryKey(a)).toHaveLength(a.length);
      }),
      { seed: 9 },
    );
  });
});

it('indexOfBytes finds what Buffer finds', () => {
  const few = fc.uint8Array({ max: 2, maxLength: 12 });
  fc.assert(
    fc.property(few, fc.uint8Array({ max: 2, minLength: 1, maxLength: 3 }), fc.nat(12), (bytes, part, from) => {
      expect(indexOfBytes(bytes, part, from)).toBe(Buffer.from(bytes).indexOf(part, from));
    }),
    { numRuns: 500, seed: 10 },
  );
});
