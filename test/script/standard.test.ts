import { expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { encodeAddress } from '../../src/script/address.ts';
import { disassemble } from '../../src/script/asm.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { solve } from '../../src/script/standard.ts';
import { describeVectors, vectorJson } from '../support/vectors.ts';

const regtest = { pubKeyHash: 111, scriptHash: 196, secretKey: 239, bech32Hrp: 'bcrt' };

describeVectors("Core's decodescript", 'core/rpc_decodescript.json', () => {
  interface Decoded {
    readonly asm: string;
    readonly type: string;
    readonly address?: string;
    readonly segwit?: Decoded & { readonly hex: string };
  }

  it('has the same asm, type and address', () => {
    const rows = vectorJson<[hex: string, expected: Decoded][]>('core/rpc_decodescript.json');
    for (const [hex, expected] of rows) {
      const script = fromHex(hex);
      expect(disassemble(script)).toBe(expected.asm);
      expect(solve(script).type).toBe(expected.type);
      expect(encodeAddress(script, regtest)).toBe(expected.address);
      if (expected.segwit) {
        const wrapped = compileScript(Op.OP_0, sha256(script));
        expect(toHex(wrapped)).toBe(expected.segwit.hex);
        expect(disassemble(wrapped)).toBe(expected.segwit.asm);
        expect(solve(wrapped).type).toBe(expected.segwit.type);
        expect(encodeAddress(wrapped, regtest)).toBe(expected.segwit.address);
      }
    }
    expect(rows).toHaveLength(10);
  });
});
