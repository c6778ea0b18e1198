import { describe, expect, it } from 'vitest';
import { scriptsOfDescriptor } from '../../src/api/arguments/scan-descriptor.ts';
import { descriptorChecksum } from '../../src/api/format/descriptor.ts';
import { RpcError } from '../../src/api/json/rpc-error.ts';
import { toHex } from '../../src/bytes/hex.ts';
import { chainParams, regtest } from '../../src/consensus/params.ts';
import { encodeAddress } from '../../src/script/address.ts';
import { describeVectors, vectorJson } from '../support/vectors.ts';

describe('descriptorChecksum', () => {
  it("equals BIP380's example", () => {
    expect(descriptorChecksum('raw(deadbeef)')).toBe('89f8spxm');
    expect(descriptorChecksum('raw(déad)')).toBe(undefined);
  });
});

describe('scriptsOfDescriptor', () => {
  const scripts = (descriptor: string) => scriptsOfDescriptor(descriptor, regtest.address).map(toHex);
  // The generator point, whose hash160 is that of BIP173's examples.
  const key = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';
  const hash = '751e76e8199196d454941c45d1b3a323f1433bd6';

  it('derives the outputs of a single key', () => {
    expect(scripts(`pk(${key})`)).toEqual([`21${key}ac`]);
    expect(scripts(`pkh(${key})`)).toEqual([`76a914${hash}88ac`]);
    expect(scripts(`wpkh(${key})`)).toEqual([`0014${hash}`]);
    expect(scripts(`sh(wpkh(${key}))`)).toEqual(['a914bcfeb728b584253d5f3f70bcb780e9ef218a68f487']);
    expect(scripts(`combo(${key})`)).toHaveLength(4);
    expect(scripts('addr(bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080)#8pk5s7ya')).toEqual([`0014${hash}`]);
    expect(scripts('raw(51)#8lvh9jxk')).toEqual(['51']);
  });

  it('rejects unsupported descriptors', () => {
    for (const descriptor of ['', 'raw(5)', 'raw(51)#8lvh9jxq', `wpkh(04${key})`, `pk(${key}))`, `sh(wpkh(${key})`]) {
      expect(() => scripts(descriptor), descriptor).toThrow();
    }
    expect(() => scripts(`tr(${key})`)).toThrow();
    expect(() => scripts('addr(nonsense)')).toThrow();
  });
});

function thrownBy(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as Error).name;
  }
}

describeVectors('descriptor vectors', 'wallet/desc-valid.json', () => {
  it('have the given checksums', () => {
    const rows = Object.values(vectorJson<Record<string, { descriptor: string }[]>>('wallet/desc-valid.json')).flat();
    for (const { descriptor } of rows) {
      const [text, checksum] = descriptor.split('#');
      expect(descriptorChecksum(text!)).toBe(checksum);
    }
    expect(rows).toHaveLength(57);
  });

  it('yield the given addresses, unless they contain HD keys', () => {
    interface Row {
      readonly input: string;
      readonly addresses?: readonly string[];
      readonly network?: 'testnet' | 'regtest';
    }
    const rows = Object.values(vectorJson<Record<string, Row[]>>('wallet/desc-addresses.json')).flat();
    let count = 0;
    for (const { input, addresses = [], network } of rows) {
      const prefixes = chainParams(network === 'testnet' ? 'test' : (network ?? 'main')).address;
      let scripts: Uint8Array[];
      try {
        scripts = scriptsOfDescriptor(input, prefixes);
      } catch (error) {
        expect(error, input).toBeInstanceOf(RpcError);
        continue;
      }
      // P2PK outputs have no address; the vectors list the address of the key's hash for them.
      for (const script of scripts) expect([...addresses, undefined]).toContain(encodeAddress(script, prefixes));
      count++;
    }
    expect(count).toBe(14);
  });

  it('are rejected if invalid', () => {
    const rows = vectorJson<{ input: string }[]>('wallet/desc-invalid.json');
    for (const { input } of rows) {
      expect(
        thrownBy(() => scriptsOfDescriptor(input, regtest.address)),
        input,
      ).toMatch(/^(Rpc|Address)Error$/);
    }
    expect(rows).toHaveLength(40);
  });
});
