import { expect, it } from 'vitest';
import { sipHash } from '../../src/crypto/siphash.ts';

const upTo = (length: number) => Uint8Array.from({ length }, (_, i) => i);

it("matches the vectors of the SipHash paper and of the authors' reference", () => {
  // https://www.aumasson.jp/siphash/siphash.pdf, appendix A, and vectors.h of the reference: key and data are 00 01 02 ...
  const known: [length: number, hash: string][] = [
    [0, '726fdb47dd0e0e31'],
    [1, '74f839c593dc67fd'],
    [2, '0d6c8009d9a94f5a'],
    [7, 'ab0200f58b01d137'],
    [8, '93f5f5799a932462'],
    [15, 'a129ca6149be45e5'],
    [16, '3f2acc7f57c29bdb'],
    // 32 bytes, the size of a wtxid: from Bitcoin Core's hash_tests.cpp.
    [32, '7127512f72f27cce'],
  ];
  const halves = known.map(([length]) => sipHash(upTo(16), upTo(length)));
  const hex = (half: number) => half.toString(16).padStart(8, '0');
  expect(halves.map(({ low, high }) => hex(high) + hex(low))).toEqual(known.map(([, hash]) => hash));
});
