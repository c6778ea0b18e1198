import { createECDH } from 'node:crypto';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/bytes/hex.ts';
import type { Secp256k1Bindings } from '../../src/crypto/engines/bindings.ts';
import {
  type SchnorrEquation,
  verifyByRecovery,
  verifyByTweaks,
  verifySchnorrEquation,
} from '../../src/crypto/engines/schnorr.ts';
import { modularInverse } from '../../src/crypto/modular-inverse.ts';

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const fieldPrime = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn;
const bindings = createRequire(import.meta.url)('secp256k1/bindings') as Secp256k1Bindings;

const bytes = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, '0'));

/** Returns the x of the point of `secret`, and the secret (negated if needed) whose point has that x and an even y. */
function evenSecret(secret: bigint): { x: Uint8Array; secret: bigint } {
  const ecdh = createECDH('secp256k1');
  ecdh.setPrivateKey(bytes(secret));
  const point = Uint8Array.from(ecdh.getPublicKey(null, 'compressed'));
  return { x: point.slice(1), secret: point[0] === 2 ? secret : order - secret };
}

function holds(verify: typeof verifyByTweaks, equation: SchnorrEquation): boolean {
  try {
    return verify(bindings, equation);
  } catch {
    return false;
  }
}

const scalar = fc.bigInt({ min: 1n, max: order - 1n });
const challenge = fc.oneof(scalar, fc.constantFrom(1n, 2n, order - 1n, order >> 1n, 1n << 53n));

describe("BIP340's equation", () => {
  it('holds for valid signatures, and not for modified ones', () => {
    fc.assert(
      fc.property(scalar, scalar, challenge, (secret, nonce, e) => {
        const key = evenSecret(secret);
        const commitment = evenSecret(nonce);
        const s = (commitment.secret + e * key.secret) % order;
        const good = { r: commitment.x, s: bytes(s), e: bytes(e), p: key.x };
        const oddNonce = (order - commitment.secret + e * key.secret) % order;
        const bad: SchnorrEquation[] = [
          { ...good, s: bytes(oddNonce) },
          { ...good, s: bytes((s + 1n) % order) },
          { ...good, e: bytes((e % (order - 1n)) + 1n) },
          { ...good, p: evenSecret((secret % 1_000_000n) + 2n ** 100n).x },
        ];
        for (const verify of [verifyByRecovery, verifyByTweaks, verifySchnorrEquation]) {
          expect(holds(verify, good)).toBe(true);
          for (const equation of bad) expect(holds(verify, equation)).toBe(false);
        }
      }),
      { numRuns: 40, seed: 340 },
    );
  });

  it('is independent of the public key if the challenge is zero, but still requires a point', () => {
    const { x, secret } = evenSecret(7n);
    const other = evenSecret(11n).x;
    const equation = { r: x, s: bytes(secret), e: bytes(0n), p: other };
    expect(holds(verifySchnorrEquation, equation)).toBe(true);
    expect(holds(verifySchnorrEquation, { ...equation, s: bytes(order - secret) })).toBe(false);
    // No point has an x of 5.
    expect(holds(verifySchnorrEquation, { ...equation, p: bytes(5n) })).toBe(false);
    expect(holds(verifySchnorrEquation, { ...equation, s: bytes(0n) })).toBe(false);
  });

  it('is checked with one point multiplication, unless r is out of range', () => {
    const { x, secret } = evenSecret(17n);
    const calls: string[] = [];
    const counting = new Proxy(bindings, {
      get: (target, name: keyof Secp256k1Bindings) => {
        calls.push(name);
        return target[name];
      },
    });
    const equation = { r: x, s: bytes((secret + 3n * secret) % order), e: bytes(3n), p: x };
    expect(verifySchnorrEquation(counting, equation)).toBe(true);
    expect(calls).toEqual(['ecdsaRecover']);
    expect(() => verifySchnorrEquation(counting, { ...equation, r: bytes(order) })).not.toThrow();
    expect(calls).toEqual(['ecdsaRecover', 'publicKeyTweakMul', 'publicKeyTweakAdd']);
  });

  it('is false for the point at infinity and for out-of-range numbers', () => {
    const { x, secret } = evenSecret(13n);
    const e = 1234567n;
    // s * G = e * P, so that R would be the point at infinity.
    const infinite = { r: x, s: bytes((e * secret) % order), e: bytes(e), p: x };
    const good = { r: x, s: bytes((secret + e * secret) % order), e: bytes(e), p: x };
    for (const verify of [verifyByRecovery, verifyByTweaks]) {
      expect(holds(verify, good)).toBe(true);
      expect(holds(verify, infinite)).toBe(false);
      expect(holds(verify, { ...good, s: bytes(order) })).toBe(false);
      expect(holds(verify, { ...good, r: bytes(5n) })).toBe(false);
      expect(holds(verify, { ...good, r: bytes(0n) })).toBe(false);
      expect(holds(verify, { ...good, p: bytes(5n) })).toBe(false);
      expect(holds(verify, { ...good, p: bytes(fieldPrime) })).toBe(false);
    }
    // R may have an x between the group order and the field prime, but no known point does.
    for (const r of [order, order + 1n, fieldPrime - 1n, fieldPrime]) {
      expect(holds(verifySchnorrEquation, { ...good, r: bytes(r) })).toBe(false);
    }
  });
});

describe('modularInverse', () => {
  it('returns the inverse modulo the group order', () => {
    const edges = [1n, 2n, 3n, order - 1n, order - 2n, order >> 1n, (1n << 52n) - 1n, 1n << 52n, 1n << 255n];
    for (const value of edges) expect((modularInverse(value, order) * value) % order).toBe(1n);
    fc.assert(
      fc.property(fc.oneof(scalar, fc.bigInt({ min: 1n, max: 1n << 130n })), (value) => {
        const inverse = modularInverse(value, order);
        expect((inverse * value) % order).toBe(1n);
        expect(inverse > 0n && inverse < order).toBe(true);
      }),
      { numRuns: 2000, seed: 52 },
    );
  });

  it('works for other primes', () => {
    for (const prime of [2n, 3n, 65537n, fieldPrime, (1n << 521n) - 1n]) {
      for (const value of [1n, prime - 1n, prime >> 1n || 1n]) {
        expect((modularInverse(value, prime) * value) % prime).toBe(1n);
      }
    }
  });
});
