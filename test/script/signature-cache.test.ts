import { pubECDSA, pubSchnorr, signECDSA, signSchnorr } from '@scure/btc-signer/utils.js';
import { describe, expect, it } from 'vitest';
import { parseDerLax } from '../../src/crypto/der.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { MANDATORY_SCRIPT_VERIFY_FLAGS, ScriptFlag, STANDARD_SCRIPT_VERIFY_FLAGS } from '../../src/script/flags.ts';
import { SighashCache } from '../../src/script/sighash/index.ts';
import { SignatureCache, SignatureRecorder, type SignatureVerifier } from '../../src/script/signature-cache.ts';
import { verifyInput } from '../../src/script/verify.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { Choice } from '../support/choice.ts';
import { countVerifications } from '../support/count-verifications.ts';
import { RandomSpends, spendRandomly } from '../support/random-spends.ts';

const secret = Uint8Array.from(sha256(Uint8Array.of(1)));
const hash = sha256(Uint8Array.of(2));

type Triple = readonly [signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array];
const ecdsa = (compressed = true): Triple => [
  parseDerLax(signECDSA(hash, secret))!,
  hash,
  pubECDSA(secret, compressed),
];
const schnorr: Triple = [signSchnorr(hash, secret, new Uint8Array(32)), hash, pubSchnorr(secret)];

const kinds: readonly [string, keyof SignatureVerifier, Triple][] = [
  ['ECDSA', 'verifyEcdsa', ecdsa()],
  ['ECDSA with an uncompressed key', 'verifyEcdsa', ecdsa(false)],
  ['Schnorr', 'verifySchnorr', schnorr],
];

/** Returns the triple with one bit flipped. */
function flipped(triple: Triple, part: number, bit: number): Triple {
  const bytes = triple.map((one) => Uint8Array.from(one)) as [Uint8Array, Uint8Array, Uint8Array];
  bytes[part]![bit >> 3]! ^= 1 << (bit & 7);
  return bytes;
}

describe('The signature recorder', () => {
  it('returns each valid signature once, and then records new ones', () => {
    const recorder = new SignatureRecorder();
    const [, , first] = kinds[0]!;
    expect(recorder.verifyEcdsa(...first)).toBe(true);
    expect(recorder.verifyEcdsa(...flipped(first, 1, 0))).toBe(false);
    const one = recorder.take();
    expect(recorder.take()).toHaveLength(0);
    expect(recorder.verifySchnorr(...schnorr)).toBe(true);
    const other = recorder.take();
    expect([one.length, other.length]).toEqual([one.length, one.length]);
    expect(other).not.toEqual(one);
  });
});

describe('The signature cache', () => {
  it.each(kinds)('verifies a valid signature only once: %s', async (_, verify, triple) => {
    const cache = new SignatureCache();
    const ask = () => expect(cache[verify](...triple)).toBe(true);
    expect(await countVerifications(ask)).toBe(1);
    expect(await countVerifications(ask)).toBe(0);
    expect(await countVerifications(() => expect(cache.reader[verify](...triple)).toBe(true))).toBe(0);
  });

  it.each(kinds)('misses if any bit of signature, hash or key is flipped: %s', async (_, verify, triple) => {
    const cache = new SignatureCache();
    cache[verify](...triple);
    let asked = 0;
    const count = await countVerifications(() => {
      for (const part of [0, 1, 2]) {
        for (let bit = 0; bit < triple[part]!.length * 8; bit++, asked++) {
          const changed = flipped(triple, part, bit);
          const isKeyParity = verify === 'verifyEcdsa' && part === 2 && changed[2][0]! >> 1 === 3;
          // A flipped first byte may give a hybrid form (6 or 7) of the same uncompressed key, which may be valid.
          if (!isKeyParity) expect(cache[verify](...changed)).toBe(false);
          else cache[verify](...changed);
        }
      }
    });
    expect(count).toBe(asked);
    expect(asked).toBeGreaterThanOrEqual(1024);
  });

  it('does not cache invalid signatures, and separates ECDSA from Schnorr', async () => {
    const cache = new SignatureCache();
    const wrong = flipped(ecdsa(), 0, 300);
    const ask = () => expect(cache.verifyEcdsa(...wrong)).toBe(false);
    expect([await countVerifications(ask), await countVerifications(ask)]).toEqual([1, 1]);
    cache.verifySchnorr(...schnorr);
    expect(await countVerifications(() => expect(cache.verifyEcdsa(...schnorr)).toBe(false))).toBe(1);
  });

  it('does not match prefixes of an entry', async () => {
    const cache = new SignatureCache();
    const [signature, , key] = ecdsa(false);
    cache.verifyEcdsa(signature, hash, key);
    const cut: Triple[] = [
      [signature.subarray(0, 63), hash, key],
      [signature, hash.subarray(0, 31), key],
      [signature, hash, key.subarray(0, 64)],
      [signature, hash, key.subarray(0, 33)],
      [signature, hash, key.subarray(0, 0)],
    ];
    for (const triple of cut) expect(cache.verifyEcdsa(...triple)).toBe(false);
  });

  it('adds nothing through its reader', async () => {
    const cache = new SignatureCache();
    const read = () => expect(cache.reader.verifyEcdsa(...ecdsa())).toBe(true);
    expect([await countVerifications(read), await countVerifications(read)]).toEqual([1, 1]);
  });

  it('fills most of its capacity, and never exceeds it', async () => {
    const capacity = 16;
    const cache = new SignatureCache(capacity);
    const triples = Array.from({ length: 4 * capacity }, (_, i): Triple => {
      const message = sha256(Uint8Array.of(3, i, i >> 8));
      return [parseDerLax(signECDSA(message, secret))!, message, pubECDSA(secret)];
    });
    for (const triple of triples) cache.verifyEcdsa(...triple);
    const known = triples.length - (await countVerifications(() => triples.map((t) => cache.reader.verifyEcdsa(...t))));
    expect(known).toBeLessThanOrEqual(capacity);
    expect(known).toBeGreaterThan(capacity / 2);
  });

  it('does not change the result of random scripts, under any flags in any order', () => {
    const choice = new Choice(new SeededRandom(31));
    const generator = new RandomSpends(choice);
    const cache = new SignatureCache(1024);
    const flagSets = [
      STANDARD_SCRIPT_VERIFY_FLAGS,
      MANDATORY_SCRIPT_VERIFY_FLAGS,
      ScriptFlag.P2SH | ScriptFlag.WITNESS,
      ScriptFlag.NONE,
    ];
    const verdicts = new Set<string>();
    for (let i = 0; i < 60; i++) {
      const kind = generator.next();
      const spent = [{ value: 1_000_000n, scriptPubKey: kind.scriptPubKey }];
      const tx = spendRandomly(kind, { txid: sha256(Uint8Array.of(i)), vout: 0 }, choice);
      // The same signatures with another hash: the transaction has another lock time.
      const { version, inputs, outputs } = tx;
      const other = new Transaction({ version, inputs, outputs, lockTime: tx.lockTime + 1 });
      for (const each of [tx, other]) {
        for (let round = 0; round < 3; round++) {
          const flags = choice.pick(flagSets);
          const verdict = verifyInput(each, 0, new SighashCache(each, spent), flags);
          expect(verifyInput(each, 0, new SighashCache(each, spent), flags, cache)).toBe(verdict);
          verdicts.add(verdict ?? 'valid');
        }
      }
    }
    expect(verdicts.has('valid')).toBe(true);
    expect(verdicts.size).toBeGreaterThan(5);
  });
});
