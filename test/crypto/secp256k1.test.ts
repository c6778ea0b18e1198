import { expect, it } from 'vitest';
import { fromHex } from '../../src/bytes/hex.ts';
import { isHighS, isStrictDer, parseDerLax } from '../../src/crypto/der.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { describeVectors, vectorBytes, vectorJson } from '../support/vectors.ts';

const engines = ['native', 'wasm'] as const;

describeVectors("BIP340's signatures", 'bips/bip340.csv', () => {
  const rows = new TextDecoder()
    .decode(vectorBytes('bips/bip340.csv'))
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));

  it.each(engines)('are judged rightly by the %s engine', (name) => {
    const engine = useSecp256k1Engine(name);
    let count = 0;
    for (const [index, , publicKey, , message, signature, result] of rows) {
      // Consensus signs 32-byte hashes only.
      if (message!.length !== 64) continue;
      const valid = engine.verifySchnorr(fromHex(signature!), fromHex(message!), fromHex(publicKey!));
      expect(valid, `vector ${index}`).toBe(result === 'TRUE');
      count++;
    }
    expect(count).toBe(15);
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
  it.each(engines)('are judged rightly by strict DER, low S and the %s engine', (name) => {
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
