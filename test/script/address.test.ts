import { base58 } from '@scure/base';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { sha256d } from '../../src/crypto/hash.ts';
import {
  AddressError,
  type AddressPrefixes,
  base58check,
  decodeAddress,
  encodeAddress,
} from '../../src/script/address.ts';
import { decodeWif, encodeWif } from '../../src/script/wif.ts';
import { describeVectors, vectorJson } from '../support/vectors.ts';

const testnet: AddressPrefixes = { pubKeyHash: 111, scriptHash: 196, secretKey: 239, bech32Hrp: 'tb' };
const networks: Readonly<Record<string, AddressPrefixes>> = {
  main: { pubKeyHash: 0, scriptHash: 5, secretKey: 128, bech32Hrp: 'bc' },
  test: testnet,
  testnet4: testnet,
  signet: testnet,
  regtest: { ...testnet, bech32Hrp: 'bcrt' },
};
const main = networks.main!;
const regtest = networks.regtest!;

/** Returns the code of the `AddressError` that `decode` throws; any other error fails the test. */
function failure(decode: () => unknown): string | undefined {
  try {
    decode();
    return undefined;
  } catch (error) {
    if (error instanceof AddressError) return error.code;
    throw error;
  }
}

describeVectors("Core's valid keys and addresses", 'core/key_io_valid.json', () => {
  interface Options {
    readonly chain: string;
    readonly isPrivkey: boolean;
    readonly isCompressed?: boolean;
    readonly tryCaseFlip?: boolean;
  }
  const rows = vectorJson<[text: string, hex: string, options: Options][]>('core/key_io_valid.json');

  it('round-trip', () => {
    for (const [text, hex, { chain, isPrivkey, isCompressed, tryCaseFlip }] of rows) {
      const prefixes = networks[chain]!;
      if (isPrivkey) {
        const key = decodeWif(text, prefixes);
        expect(toHex(key.secretKey)).toBe(hex);
        expect(key.compressed).toBe(isCompressed);
        expect(encodeWif(key, prefixes)).toBe(text);
        expect(failure(() => decodeAddress(text, prefixes))).toBe('invalid');
      } else {
        expect(toHex(decodeAddress(text, prefixes))).toBe(hex);
        expect(encodeAddress(fromHex(hex), prefixes)).toBe(text);
        expect(failure(() => decodeWif(text, prefixes))).toBeDefined();
        const flipped = text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase();
        if (tryCaseFlip) expect(toHex(decodeAddress(flipped, prefixes))).toBe(hex);
        else expect(failure(() => decodeAddress(flipped, prefixes))).toBeDefined();
      }
    }
    expect(rows).toHaveLength(70);
  });

  it('are rejected on other networks as such', () => {
    for (const [text, , { chain, isPrivkey }] of rows) {
      const other = chain === 'main' ? regtest : main;
      expect(failure(() => (isPrivkey ? decodeWif(text, other) : decodeAddress(text, other)))).toBe('other-network');
    }
  });
});

describeVectors("Core's invalid keys and addresses", 'core/key_io_invalid.json', () => {
  it('are rejected on every network', () => {
    const rows = vectorJson<[text: string][]>('core/key_io_invalid.json');
    for (const [text] of rows) {
      for (const prefixes of Object.values(networks)) {
        expect(
          failure(() => decodeAddress(text, prefixes)),
          text,
        ).toBeDefined();
        expect(
          failure(() => decodeWif(text, prefixes)),
          text,
        ).toBeDefined();
      }
    }
    expect(rows).toHaveLength(70);
  });
});

describe('decodeWif', () => {
  it('accepts secret keys from 1 to the group order - 1', () => {
    const last = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140';
    const encode = (hex: string): string => encodeWif({ secretKey: fromHex(hex), compressed: true }, main);
    for (const hex of [`01${'00'.repeat(31)}`, `${'00'.repeat(31)}01`, last]) {
      expect(toHex(decodeWif(encode(hex), main).secretKey)).toBe(hex);
    }
    for (const hex of ['00'.repeat(32), last.replace(/0$/, '1'), 'ff'.repeat(32)]) {
      expect(failure(() => decodeWif(encode(hex), main))).toBe('invalid');
    }
  });
});

describe('decodeAddress', () => {
  it('throws with the specific error code', () => {
    const good = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
    const code = (text: string): string | undefined => failure(() => decodeAddress(text, regtest));
    expect(code(good)).toBeUndefined();
    expect(code(good.replace('kygt080', 'kygt08q'))).toBe('bad-checksum');
    expect(code(good.replace('k', 'K'))).toBe('invalid');
    expect(code('BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4')).toBe('other-network');
    expect(code('1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2')).toBe('other-network');
    expect(code('1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3')).toBe('bad-checksum');
    expect(code('')).toBe('invalid');
    expect(code('alice')).toBe('invalid');
    expect(code('z'.repeat(1_000_000))).toBe('invalid');
    expect(code(`bcrt1${'q'.repeat(1_000_000)}`)).toBe('invalid');
  });
});

describeVectors("Core's base58 pairs", 'core/base58_encode_decode.json', () => {
  it('match, also with a checksum', () => {
    const rows = vectorJson<[hex: string, text: string][]>('core/base58_encode_decode.json');
    for (const [hex, text] of rows) {
      const bytes = fromHex(hex);
      expect(base58.encode(bytes)).toBe(text);
      expect(toHex(base58.decode(text))).toBe(hex.toLowerCase());
      const withChecksum = base58.encode(concatBytes(bytes, sha256d(bytes).subarray(0, 4)));
      expect(base58check.encode(bytes)).toBe(withChecksum);
    }
    expect(rows).toHaveLength(21);
  });
});
