import { createECDH, createPrivateKey, sign as nodeSign } from 'node:crypto';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { isHighS, isStrictDer, normalizeS, parseDerLax } from '../../src/crypto/der.ts';
import type { Secp256k1Bindings } from '../../src/crypto/engines/bindings.ts';
import { orFalse } from '../../src/crypto/engines/engine.ts';
import { verifySchnorrEquation } from '../../src/crypto/engines/schnorr.ts';
import { sha256, taggedHash } from '../../src/crypto/hash.ts';
import { reduceScalar } from '../../src/crypto/scalar.ts';
import { useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { describeVectors, vectorBytes, vectorJson } from '../support/vectors.ts';

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

const engines = ['native', 'wasm'] as const;

describeVectors("BIP340's signatures", 'bips/bip340.csv', () => {
  const rows = new TextDecoder()
    .decode(vectorBytes('bips/bip340.csv'))
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));

  it.each(engines)('have the expected results in the %s engine', (name) => {
    const engine = useSecp256k1Engine(name);
    let count = 0;
    for (const [index, , publicKey, , message, signature, result] of rows) {
      const valid = engine.verifySchnorr(fromHex(signature!), fromHex(message!), fromHex(publicKey!));
      // Engines accept 32-byte messages only: consensus signs nothing else.
      expect(valid, `vector ${index}`).toBe(message!.length === 64 && result === 'TRUE');
      count += Number(message!.length === 64);
    }
    expect(count).toBe(15);
    expect(rows).toHaveLength(19);
  });

  it('over messages of any length have the expected results in the native equation', () => {
    const bindings = createRequire(import.meta.url)('secp256k1/bindings') as Secp256k1Bindings;
    const challenge = taggedHash('BIP0340/challenge');
    for (const [index, , publicKey, , message, signature, result] of rows) {
      const [r, s] = [fromHex(signature!).subarray(0, 32), fromHex(signature!).subarray(32)];
      const p = fromHex(publicKey!);
      const e = challenge(r, p, fromHex(message!));
      reduceScalar(e, 0);
      const holds = orFalse(() => verifySchnorrEquation(bindings, { r, s, e, p }));
      expect(holds(), `vector ${index}`).toBe(result === 'TRUE');
    }
    expect(rows.map((row) => row[4]!.length / 2).filter((length) => length !== 32)).toEqual([0, 1, 17, 100]);
  });
});

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: { readonly uncompressed: string };
    readonly tests: readonly {
      readonly tcId: number;
      readonly comment: string;
      readonly msg: string;
      readonly sig: string;
      readonly result: 'valid' | 'invalid';
    }[];
  }[];
}

const wycheproof = 'core/wycheproof_ecdsa_secp256k1_sha256_bitcoin.json';

describeVectors("Wycheproof's ECDSA signatures", wycheproof, () => {
  it.each(engines)('have the expected results under strict DER, low S and the %s engine', (name) => {
    const engine = useSecp256k1Engine(name);
    let count = 0;
    for (const { publicKey, tests } of vectorJson<Wycheproof>(wycheproof).testGroups) {
      const key = fromHex(publicKey.uncompressed);
      const hybrid = Uint8Array.from(key);
      hybrid[0] = 6 + (key[64]! & 1);
      const compressed = key.slice(0, 33);
      compressed[0] = 2 + (key[64]! & 1);
      for (const { tcId, comment, msg, sig, result } of tests) {
        const der = fromHex(sig);
        const signature = isStrictDer(der) ? parseDerLax(der) : undefined;
        const hash = sha256(fromHex(msg));
        for (const form of [key, compressed, hybrid]) {
          const valid = signature !== undefined && !isHighS(signature) && engine.verifyEcdsa(signature, hash, form);
          expect(valid, `${tcId} ${comment}`).toBe(result === 'valid');
        }
        count++;
      }
    }
    expect(count).toBe(463);
  });
});

describe('secp256k1 engines', () => {
  const publicKey = fromHex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
  const hash = sha256(new Uint8Array(0));
  const ecdh = createECDH('secp256k1');
  ecdh.setPrivateKey('01'.padStart(64, '0'), 'hex');

  /** Returns a valid signature by private key 1. */
  function sign(): Uint8Array {
    const key = createPrivateKey({
      format: 'jwk',
      key: {
        kty: 'EC',
        crv: 'secp256k1',
        d: base64url(fromHex('01'.padStart(64, '0'))),
        x: base64url(ecdh.getPublicKey().subarray(1, 33)),
        y: base64url(ecdh.getPublicKey().subarray(33)),
      },
    });
    const signature = parseDerLax(Uint8Array.from(nodeSign('sha256', new Uint8Array(0), key)))!;
    normalizeS(signature);
    return signature;
  }
  const signature = sign();

  it.each(engines)('accept every public key format, but no hybrid key of the wrong parity: %s', (name) => {
    const engine = useSecp256k1Engine(name);
    const full = Uint8Array.from(ecdh.getPublicKey());
    const withFirst = (first: number): Uint8Array => Uint8Array.of(first, ...full.subarray(1));
    expect(full[64]! & 1).toBe(0);
    expect(engine.verifyEcdsa(signature, hash, publicKey)).toBe(true);
    expect(engine.verifyEcdsa(signature, hash, full)).toBe(true);
    expect(engine.verifyEcdsa(signature, hash, withFirst(6))).toBe(true);
    expect(engine.verifyEcdsa(signature, hash, withFirst(7))).toBe(false);
    expect(engine.verifyEcdsa(signature, hash, withFirst(2))).toBe(false);
    expect(engine.verifyEcdsa(signature, hash, withFirst(5))).toBe(false);
    expect(engine.verifyEcdsa(signature, hash, Uint8Array.of(3, ...publicKey.subarray(1)))).toBe(false);
    const high = Uint8Array.from(signature);
    high.set(fromHex((order - BigInt(`0x${toHex(signature.subarray(32))}`)).toString(16).padStart(64, '0')), 32);
    expect(engine.verifyEcdsa(high, hash, publicKey)).toBe(false);
  });

  it.each(engines)('still verify correctly after thousands of malformed inputs: %s', (name) => {
    const engine = useSecp256k1Engine(name);
    const xOnly = publicKey.subarray(1);
    const noPoint = new Uint8Array(32).fill(0xff);
    const noKey = Uint8Array.of(2, ...noPoint);
    const noFullKey = new Uint8Array(65).fill(4);
    // Without point checks, tiny-secp256k1 exhausts its stack after about 3,500 such calls.
    let accepted = 0;
    for (let i = 0; i < 1200; i++) {
      accepted += Number(engine.verifyEcdsa(signature, hash, noKey));
      accepted += Number(engine.verifyEcdsa(signature, hash, noFullKey));
      accepted += Number(engine.verifySchnorr(signature, hash, noPoint));
      accepted += Number(engine.xOnlyTweakAddCheck(noPoint, hash, xOnly, 0));
      accepted += Number(engine.xOnlyTweakAddCheck(xOnly, hash, noPoint, 1));
    }
    expect(accepted).toBe(0);
    expect(engine.verifyEcdsa(signature, hash, publicKey)).toBe(true);
  });

  it('agree on arguments of any content and length', () => {
    const native = useSecp256k1Engine('native');
    const wasm = useSecp256k1Engine('wasm');
    const some = (good: Uint8Array): fc.Arbitrary<Uint8Array> =>
      fc.oneof(
        fc.constant(good),
        fc.uint8Array({ maxLength: 70 }),
        fc.uint8Array({ minLength: good.length, maxLength: good.length }),
        fc.nat(good.length - 1).map((length) => good.subarray(0, length)),
        fc.nat(good.length * 8 - 1).map((bit) => {
          const flipped = Uint8Array.from(good);
          flipped[bit >> 3]! ^= 1 << (bit & 7);
          return flipped;
        }),
        fc.constant(new Uint8Array(good.length)),
        fc.constant(new Uint8Array(good.length).fill(0xff)),
      );
    const xOnly = publicKey.slice(1);
    fc.assert(
      fc.property(
        some(signature),
        some(hash),
        some(publicKey),
        some(xOnly),
        fc.constantFrom<0 | 1>(0, 1),
        (sig, message, key, x, parity) => {
          expect(wasm.verifyEcdsa(sig, message, key)).toBe(native.verifyEcdsa(sig, message, key));
          expect(wasm.verifySchnorr(sig, message, x)).toBe(native.verifySchnorr(sig, message, x));
          const tweaked = native.xOnlyTweakAddCheck(x, message, key, parity);
          expect(wasm.xOnlyTweakAddCheck(x, message, key, parity)).toBe(tweaked);
        },
      ),
      { numRuns: 500, seed: 2 },
    );
  });

  it('accept a zero tweak', () => {
    const xOnly = publicKey.slice(1);
    for (const name of engines) {
      const engine = useSecp256k1Engine(name);
      expect(engine.xOnlyTweakAddCheck(xOnly, new Uint8Array(32), xOnly, 0)).toBe(true);
      expect(engine.xOnlyTweakAddCheck(xOnly, new Uint8Array(32), xOnly, 1)).toBe(false);
      expect(engine.xOnlyTweakAddCheck(xOnly, fromHex(order.toString(16)), xOnly, 0)).toBe(false);
    }
  });
});
