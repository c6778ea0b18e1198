import { invert, mod } from '../field.ts';

/** Points of a table of libsecp256k1 (WINDOW_G = 15): half of the odd multiples that 15 bits can be. */
const POINTS = 1 << 13;
/** Bytes of a point: x and y, 32 bytes each, little-endian (secp256k1_ge_storage in memory). */
const POINT_SIZE = 64;

/** A point of the curve, not that at infinity. */
interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

const generator: Point = {
  x: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  y: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
};

/** Bytes of `ecmultTables`. */
export const ECMULT_TABLES_SIZE = 2 * POINTS * POINT_SIZE;

/**
 * Returns the tables that libsecp256k1 multiplies the generator with (secp256k1_pre_g and secp256k1_pre_g_128), as they
 * stand in its memory: the odd multiples of G, and those of 2^128 * G. They are a mebibyte of a WebAssembly file, and
 * cannot be compressed; to compute them takes about a tenth of a second.
 */
export function ecmultTables(): Uint8Array {
  const tables = new Uint8Array(ECMULT_TABLES_SIZE);
  let shifted = generator;
  for (let bit = 0; bit < 128; bit++) shifted = double(shifted);
  write(tables, 0, oddMultiples(generator));
  write(tables, POINTS, oddMultiples(shifted));
  return tables;
}

function write(tables: Uint8Array, index: number, points: readonly Point[]): void {
  const view = new DataView(tables.buffer);
  const writeNumber = (at: number, value: bigint) => {
    let rest = value;
    for (let i = 0; i < 32; i += 8) {
      view.setBigUint64(at + i, rest, true);
      rest >>= 64n;
    }
  };
  for (const [i, { x, y }] of points.entries()) {
    const at = (index + i) * POINT_SIZE;
    writeNumber(at, x);
    writeNumber(at + 32, y);
  }
}

/** Returns P, 3P, 5P and so on. None of the sums has equal or opposite terms: P's order is that of the group. */
function oddMultiples(point: Point): Point[] {
  const multiples = [point];
  // Each round adds to all multiples so far the even one that is twice their number.
  for (let even = double(point); multiples.length < POINTS; even = double(even)) {
    multiples.push(...addToAll(multiples, even));
  }
  return multiples;
}

/** Returns the sums of a point and each other one, by one inversion in all (Montgomery's trick). */
function addToAll(points: readonly Point[], added: Point): Point[] {
  const products: bigint[] = [];
  let product = 1n;
  for (const { x } of points) {
    products.push(product);
    product = mod(product * (added.x - x));
  }
  let inverse = invert(product);
  const sums: Point[] = new Array(points.length);
  for (let i = points.length - 1; i >= 0; i--) {
    const point = points[i]!;
    const slope = mod((added.y - point.y) * mod(inverse * products[i]!));
    inverse = mod(inverse * (added.x - point.x));
    sums[i] = third(slope, point, added);
  }
  return sums;
}

function double(point: Point): Point {
  return third(mod(3n * point.x * point.x * invert(2n * point.y)), point, point);
}

/** Returns the sum of two points on a line with this slope. */
function third(slope: bigint, a: Point, b: Point): Point {
  const x = mod(slope * slope - a.x - b.x);
  return { x, y: mod(slope * (a.x - x) - a.y) };
}
