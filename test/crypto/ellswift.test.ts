import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { toBigInt } from '../../src/crypto/big-endian.ts';
import {
  createEllswiftKey,
  decodeEllswift,
  ellswiftSharedSecret,
  encodeEllswift,
  xSwiftEc,
  xSwiftEcInv,
} from '../../src/crypto/ellswift.ts';
import { FIELD_PRIME } from '../../src/crypto/field.ts';
import { useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

import { csvRows, describeVectors } from '../support/vectors.ts';

const decoding = 'bips/bip324-ellswift_decode_test_vectors.csv';
const inverses = 'bips/bip324-xswiftec_inv_test_vectors.csv';

describeVectors("BIP324's encoded public keys", decoding, () => {
  it('decode to the expected x', () => {
    const rows = csvRows(decoding);
    for (const { ellswift, x, comment } of rows) {
      expect(toHex(decodeEllswift(fromHex(ellswift!))), comment).toBe(x);
    }
    expect(rows).toHaveLength(76);
  });
});

describeVectors("BIP324's vectors of XSwiftECInv", inverses, () => {
  it('have the expected t, or none, in each of eight cases', () => {
    const rows = csvRows(inverses);
    let present = 0;
    for (const row of rows) {
      const [u, x] = [toBigInt(fromHex(row.u!)), toBigInt(fromHex(row.x!))];
      for (let which = 0; which < 8; which++) {
        const t = xSwiftEcInv(x, u, which);
        const expected = row[`case${which}_t`]!;
        expect(t?.toString(16).padStart(64, '0') ?? '', `${row.comment} case ${which}`).toBe(expected);
        if (t === undefined) continue;
        expect(xSwiftEc(u, t)).toBe(x);
        present++;
      }
    }
    expect([rows.length, present]).toEqual([32, 98]);
  });
});

describe.each(['native', 'wasm'] as const)('With the %s engine', (name) => {
  it('both ends of a connection, and no third key, derive the same secret', () => {
    useSecp256k1Engine(name);
    const random = new SeededRandom(324);
    for (let i = 0; i < 20; i++) {
      const [a, b, c] = [createEllswiftKey(random), createEllswiftKey(random), createEllswiftKey(random)];
      const secret = toHex(ellswiftSharedSecret(a, b.encoded, true));
      expect(toHex(ellswiftSharedSecret(b, a.encoded, false))).toBe(secret);
      expect(toHex(ellswiftSharedSecret(b, a.encoded, true))).not.toBe(secret);
      expect(toHex(ellswiftSharedSecret(c, a.encoded, false))).not.toBe(secret);
    }
  });

  it('point multiplication matches OpenSSL and rejects invalid secret keys and points', async () => {
    const { createECDH } = await import('node:crypto');
    const engine = useSecp256k1Engine(name);
    const random = new SeededRandom(5);
    for (let i = 0; i < 10; i++) {
      const [ours, theirs] = [createECDH('secp256k1'), createECDH('secp256k1')];
      ours.setPrivateKey(random.bytes(32));
      theirs.setPrivateKey(random.bytes(32));
      const x = theirs.getPublicKey(null, 'compressed').subarray(1);
      const secretKey = ours.getPrivateKey();
      expect(toHex(engine.xOnlyPublicKey(theirs.getPrivateKey())!)).toBe(toHex(x));
      expect(toHex(engine.xOnlyMultiply(x, secretKey)!)).toBe(toHex(ours.computeSecret(theirs.getPublicKey())));
    }
    const one = fromHex('01'.padStart(64, '0'));
    // y^2 = 5^3 + 7 has no solution.
    const noPoint = fromHex('05'.padStart(64, '0'));
    const order = fromHex('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141');
    expect(engine.xOnlyMultiply(noPoint, one)).toBeUndefined();
    for (const bad of [new Uint8Array(32), order]) {
      expect(engine.xOnlyPublicKey(bad)).toBeUndefined();
      expect(engine.xOnlyMultiply(engine.xOnlyPublicKey(one)!, bad)).toBeUndefined();
    }
  });
});

describe('encodeEllswift', () => {
  it('returns a different encoding of the same key each time, spread over the whole field', () => {
    const random = new SeededRandom(7);
    const x = fromHex('79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
    let largeU = 0;
    let largeT = 0;
    const seen = new Set<string>();
    for (let i = 0; i < 100; i++) {
      const encoded = encodeEllswift(x, random);
      expect(toHex(decodeEllswift(encoded))).toBe(toHex(x));
      seen.add(toHex(encoded));
      if (toBigInt(encoded, 0) > FIELD_PRIME / 2n) largeU++;
      if (toBigInt(encoded, 32) > FIELD_PRIME / 2n) largeT++;
    }
    expect(seen.size).toBe(100);
    for (const large of [largeU, largeT]) {
      expect(large).toBeGreaterThan(30);
      expect(large).toBeLessThan(70);
    }
  });
});
