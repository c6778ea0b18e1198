import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { hash160 } from '../../src/crypto/hash.ts';
import { disassemble } from '../../src/script/asm.ts';
import { ScriptFlag } from '../../src/script/flags.ts';
import { findAndDelete } from '../../src/script/interpreter/find-and-delete.ts';
import { castToBool, decodeScriptNumber, encodeScriptNumber, scriptNumberError } from '../../src/script/number.ts';
import { isOpSuccess, Op, opcodeName } from '../../src/script/opcodes.ts';
import {
  compileScript,
  isMinimalPush,
  isPushOnly,
  isUnspendable,
  parseScript,
  pushBytes,
  witnessVersion,
} from '../../src/script/script.ts';
import { countWitnessSigOps, legacySigOpCount, p2shSigOpCount } from '../../src/script/sigops.ts';
import { solve } from '../../src/script/standard.ts';

const key = fromHex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');

describe('Script numbers', () => {
  it.each([
    [0, ''],
    [1, '01'],
    [-1, '81'],
    [127, '7f'],
    [-127, 'ff'],
    [128, '8000'],
    [-128, '8080'],
    [255, 'ff00'],
    [256, '0001'],
    [32767, 'ff7f'],
    [-32768, '008080'],
    [2147483647, 'ffffff7f'],
    [-2147483647, 'ffffffff'],
    [2147483648, '0000008000'],
    [549755813887, 'ffffffff7f'],
  ])('encode %i as %s', (value, hex) => {
    expect(toHex(encodeScriptNumber(value))).toBe(hex);
    expect(decodeScriptNumber(fromHex(hex), true, 5)).toBe(value);
  });

  it.each([
    [0n, '00'],
    [16n, '60'],
    [-1n, '4f'],
    [17n, '0111'],
    [128n, '028000'],
    [-128n, '028080'],
    [9_007_199_254_740_993n, '0701000000000020'],
    [-9_007_199_254_740_993n, '07010000000000a0'],
    [0x7fff_ffff_ffff_ffffn, '08ffffffffffffff7f'],
    [-0x8000_0000_0000_0000n, '09000000000000008080'],
    [0x1234_5678_9abc_def0_1234n, '0a3412f0debc9a78563412'],
  ])('are pushed exactly by compileScript: %i', (value, hex) => {
    expect(toHex(compileScript(value))).toBe(hex);
  });

  it('round-trip, and are minimal', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }), (value) => {
        expect(decodeScriptNumber(encodeScriptNumber(value), true)).toBe(value);
      }),
      { seed: 3 },
    );
  });

  it('are rejected if too long, or not minimal where required', () => {
    const decode =
      (hex: string, minimal: boolean, size = 4) =>
      () =>
        decodeScriptNumber(fromHex(hex), minimal, size);
    expect(decode('0000008000', false)).toThrow(scriptNumberError);
    expect(decode('000000800000', false, 5)).toThrow(scriptNumberError);
    for (const hex of ['00', '80', '0100', '0180', '00000080']) {
      expect(decode(hex, true)).toThrow(scriptNumberError);
      expect(decode(hex, false)).not.toThrow();
    }
    expect(decodeScriptNumber(fromHex('80'), false)).toBe(-0);
  });

  it('are false as booleans if zero or negative zero', () => {
    for (const hex of ['', '00', '80', '0000', '000080']) expect(castToBool(fromHex(hex)), hex).toBe(false);
    for (const hex of ['01', '81', '8000', '0081', '800080']) expect(castToBool(fromHex(hex)), hex).toBe(true);
  });
});

describe('compileScript', () => {
  it('pushes minimally', () => {
    expect(toHex(compileScript(0n, 1n, 16n, 17n, -1n, -2n, 128n, 500_000n))).toBe(
      '0051600111' + '4f0182028000' + '0320a107',
    );
    expect(toHex(compileScript(new Uint8Array(0), Uint8Array.of(5), Uint8Array.of(0x81), Uint8Array.of(0)))).toBe(
      '00554f0100',
    );
    for (const [size, prefix] of [
      [75, '4b'],
      [76, '4c4c'],
      [255, '4cff'],
      [256, '4d0001'],
      [65535, '4dffff'],
      [65536, '4e00000100'],
    ] as const) {
      const script = compileScript(new Uint8Array(size).fill(7));
      expect(toHex(script)).toBe(prefix + '07'.repeat(size));
      const [push] = parseScript(script)!;
      expect(isMinimalPush(push!.opcode, push!.data!)).toBe(true);
    }
    expect(toHex(pushBytes(Uint8Array.of(5)))).toBe('0105');
  });

  it('is the inverse of parseScript', () => {
    const script = compileScript(Op.OP_DUP, key, 300n, Op.OP_CHECKSIG);
    expect(parseScript(script)).toEqual([
      { opcode: Op.OP_DUP, offset: 0, data: undefined },
      { opcode: 33, offset: 1, data: key },
      { opcode: 2, offset: 35, data: fromHex('2c01') },
      { opcode: Op.OP_CHECKSIG, offset: 38, data: undefined },
    ]);
    for (const hex of ['02ff', '4c', '4c01', '4d01', '4dffff00', '4e000000', '4effffffff']) {
      expect(parseScript(fromHex(hex)), hex).toBeUndefined();
    }
  });

  it('has readers that accept any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (script) => {
        const operations = parseScript(script);
        expect(isPushOnly(script)).toBe(operations?.every(({ opcode }) => opcode <= Op.OP_16) ?? false);
        expect(disassemble(script).endsWith('[error]')).toBe(operations === undefined);
        solve(script);
        legacySigOpCount(script, true);
        if (!operations) return;
        const parts = operations.map(({ opcode, offset }, i) => {
          expect(script[offset]).toBe(opcode);
          return script.subarray(offset, operations[i + 1]?.offset);
        });
        expect(concatBytes(...parts)).toEqual(script);
      }),
      { numRuns: 1000, seed: 4 },
    );
  });
});

describe('findAndDelete', () => {
  // The cases of Core's script_FindAndDelete.
  it.each([
    ['5152', '', '5152'],
    ['51525354', '52', '515354'],
    ['53515353545353', '53', '5154'],
    ['0302ff03', '0302ff03', ''],
    ['0302ff030302ff03', '0302ff03', ''],
    ['0302ff030302ff03', '02', '0302ff030302ff03'],
    ['0302ff030302ff03', 'ff', '0302ff030302ff03'],
    ['0302ff030302ff03', '03', '02ff0302ff03'],
    ['02feed5169', 'feed51', '02feed5169'],
    ['02feed5169', '02feed51', '69'],
    ['516902feed5169', 'feed51', '516902feed5169'],
    ['516902feed5169', '02feed51', '516969'],
    ['00005151', '0051', '0051'],
    ['000051005151', '0051', '0051'],
    ['0003feed', '03feed', '00'],
    ['0003feed', '00', '03feed'],
  ])('removes from %s every %s', (script, needle, expected) => {
    expect(toHex(findAndDelete(fromHex(script), fromHex(needle)))).toBe(expected);
  });

  it('returns the same array if there is nothing to remove', () => {
    const script = fromHex('5152');
    expect(findAndDelete(script, fromHex('53'))).toBe(script);
    expect(findAndDelete(script, fromHex('535455'))).toBe(script);
  });
});

describe('Signature operations', () => {
  // The cases of Core's GetSigOpCount test.
  const dummy = new Uint8Array(20);
  const multisig = compileScript(1n, dummy, dummy, 2n, Op.OP_CHECKMULTISIG);
  const withIf = concatBytes(multisig, compileScript(Op.OP_IF, Op.OP_CHECKSIG, Op.OP_ENDIF));
  const p2sh = (script: Uint8Array): Uint8Array => compileScript(Op.OP_HASH160, hash160(script), Op.OP_EQUAL);

  it('are counted in scripts', () => {
    expect(legacySigOpCount(new Uint8Array(0), false)).toBe(0);
    expect(legacySigOpCount(multisig, true)).toBe(2);
    expect(legacySigOpCount(multisig, false)).toBe(20);
    expect(legacySigOpCount(withIf, true)).toBe(3);
    expect(legacySigOpCount(withIf, false)).toBe(21);
    expect(legacySigOpCount(fromHex('acad02ac'), false)).toBe(2);
    // 17 is pushed as data, which does not count as a number of keys.
    expect(legacySigOpCount(compileScript(17n, Op.OP_CHECKMULTISIGVERIFY), true)).toBe(20);
  });

  it('are counted in redeem scripts', () => {
    const scriptSig = compileScript(Op.OP_0, withIf);
    expect(p2shSigOpCount(p2sh(withIf), scriptSig)).toBe(3);
    expect(p2shSigOpCount(withIf, scriptSig)).toBe(0);
    expect(p2shSigOpCount(p2sh(withIf), concatBytes(scriptSig, compileScript(Op.OP_NOP)))).toBe(0);
    expect(p2shSigOpCount(p2sh(withIf), new Uint8Array(0))).toBe(0);
    expect(p2shSigOpCount(p2sh(withIf), compileScript(withIf, 1n))).toBe(0);
  });

  it('are counted in witnesses', () => {
    const keyHash = compileScript(Op.OP_0, new Uint8Array(20));
    const scriptHash = compileScript(Op.OP_0, new Uint8Array(32));
    const { WITNESS, P2SH, NONE } = ScriptFlag;
    const none = new Uint8Array(0);
    expect(countWitnessSigOps(none, keyHash, [], WITNESS | P2SH)).toBe(1);
    expect(countWitnessSigOps(none, keyHash, [], NONE)).toBe(0);
    expect(countWitnessSigOps(none, scriptHash, [none, withIf], WITNESS | P2SH)).toBe(3);
    expect(countWitnessSigOps(none, scriptHash, [], WITNESS | P2SH)).toBe(0);
    expect(countWitnessSigOps(compileScript(keyHash), p2sh(keyHash), [], WITNESS | P2SH)).toBe(1);
    expect(countWitnessSigOps(compileScript(scriptHash), p2sh(scriptHash), [withIf], WITNESS | P2SH)).toBe(3);
    expect(countWitnessSigOps(compileScript(Op.OP_NOP, keyHash), p2sh(keyHash), [], WITNESS | P2SH)).toBe(0);
    expect(countWitnessSigOps(none, compileScript(1n, new Uint8Array(32)), [withIf], WITNESS | P2SH)).toBe(0);
    expect(countWitnessSigOps(none, withIf, [withIf], WITNESS | P2SH)).toBe(0);
  });
});

describe('Outputs', () => {
  it('have the expected types', () => {
    const uncompressed = new Uint8Array(65).fill(1);
    uncompressed[0] = 4;
    const cases: readonly [Uint8Array, string][] = [
      [compileScript(key, Op.OP_CHECKSIG), 'pubkey'],
      [compileScript(uncompressed, Op.OP_CHECKSIG), 'pubkey'],
      [compileScript(Uint8Array.of(6, ...uncompressed.subarray(1)), Op.OP_CHECKSIG), 'pubkey'],
      [compileScript(Uint8Array.of(7, ...uncompressed.subarray(1)), Op.OP_CHECKSIG), 'pubkey'],
      [compileScript(Uint8Array.of(5, ...uncompressed.subarray(1)), Op.OP_CHECKSIG), 'nonstandard'],
      [compileScript(Uint8Array.of(3, ...key.subarray(1)), Op.OP_CHECKSIG), 'pubkey'],
      [compileScript(Uint8Array.of(4, ...key.subarray(1)), Op.OP_CHECKSIG), 'nonstandard'],
      [compileScript(key, Op.OP_CHECKSIGVERIFY), 'nonstandard'],
      [compileScript(new Uint8Array(33), Op.OP_CHECKSIG), 'nonstandard'],
      [compileScript(Op.OP_DUP, Op.OP_HASH160, new Uint8Array(20), Op.OP_EQUALVERIFY, Op.OP_CHECKSIG), 'pubkeyhash'],
      [compileScript(Op.OP_HASH160, new Uint8Array(20), Op.OP_EQUAL), 'scripthash'],
      [compileScript(Op.OP_0, new Uint8Array(20)), 'witness_v0_keyhash'],
      [compileScript(Op.OP_0, new Uint8Array(32)), 'witness_v0_scripthash'],
      [compileScript(Op.OP_0, new Uint8Array(21)), 'nonstandard'],
      [compileScript(Op.OP_1, new Uint8Array(32)), 'witness_v1_taproot'],
      [compileScript(Op.OP_1, new Uint8Array(31)), 'witness_unknown'],
      [compileScript(Op.OP_16, new Uint8Array(40)), 'witness_unknown'],
      [compileScript(Op.OP_16, new Uint8Array(41)), 'nonstandard'],
      [fromHex('51024e73'), 'anchor'],
      [fromHex('51024e74'), 'witness_unknown'],
      [fromHex('51024f73'), 'witness_unknown'],
      [fromHex('52024e73'), 'witness_unknown'],
      [fromHex('51034e7300'), 'witness_unknown'],
      [compileScript(Op.OP_RETURN), 'nulldata'],
      [compileScript(Op.OP_RETURN, key), 'nulldata'],
      [compileScript(Op.OP_RETURN, Op.OP_ADD), 'nonstandard'],
      [compileScript(1n, key, 1n, Op.OP_CHECKMULTISIG), 'multisig'],
      [compileScript(2n, key, key, uncompressed, 3n, Op.OP_CHECKMULTISIG), 'multisig'],
      [compileScript(0n, key, 1n, Op.OP_CHECKMULTISIG), 'nonstandard'],
      [compileScript(2n, key, 1n, Op.OP_CHECKMULTISIG), 'nonstandard'],
      [compileScript(1n, key, 2n, Op.OP_CHECKMULTISIG), 'nonstandard'],
      [compileScript(1n, key, 1n, Op.OP_CHECKMULTISIGVERIFY), 'nonstandard'],
      [compileScript(1n, key, 1n, Op.OP_CHECKMULTISIG, Op.OP_CHECKMULTISIG), 'nonstandard'],
      [compileScript(Op.OP_CHECKMULTISIG), 'nonstandard'],
      [compileScript(1n, ...new Array(20).fill(key), 20n, Op.OP_CHECKMULTISIG), 'multisig'],
      [compileScript(17n, ...new Array(17).fill(key), 17n, Op.OP_CHECKMULTISIG), 'multisig'],
      [compileScript(1n, ...new Array(21).fill(key), 21n, Op.OP_CHECKMULTISIG), 'nonstandard'],
      [new Uint8Array(0), 'nonstandard'],
    ];
    for (const [script, type] of cases)
      expect(`${toHex(script)} ${solve(script).type}`).toBe(`${toHex(script)} ${type}`);
  });

  it('yield their parameters', () => {
    const { solutions, required } = solve(compileScript(2n, key, key, 2n, Op.OP_CHECKMULTISIG));
    expect(solutions).toEqual([key, key]);
    expect(required).toBe(2);
    expect(solve(compileScript(key, Op.OP_CHECKSIG)).solutions).toEqual([key]);
  });

  it('are unspendable if they start with OP_RETURN or are too large', () => {
    expect(isUnspendable(fromHex('6a'))).toBe(true);
    expect(isUnspendable(new Uint8Array(10_001))).toBe(true);
    expect(isUnspendable(new Uint8Array(10_000))).toBe(false);
    expect(isUnspendable(new Uint8Array(0))).toBe(false);
  });

  it('are witness programs with 2 to 40 bytes', () => {
    const version = (hex: string): number => witnessVersion(fromHex(hex));
    expect(version('00020000')).toBe(0);
    expect(version(`6028${'00'.repeat(40)}`)).toBe(16);
    expect(version(`6029${'00'.repeat(41)}`)).toBe(-1);
    expect(version('000100')).toBe(-1);
    expect(version('50020000')).toBe(-1);
    expect(version('61020000')).toBe(-1);
    expect(version('4f020000')).toBe(-1);
    expect(version('0003000000')).toBe(0);
    expect(version('000300000000')).toBe(-1);
  });
});

describe('disassemble', () => {
  it('names hash types in a scriptSig', () => {
    // The signature of the first payment, in block 170.
    const signature =
      '304402204e45e16932b8af514961a1d3a1a25fdf3f4f7732e9d624c6c61548ab5fb8cd410220181522ec8eca07de4860a4acdd12909d831cc56cbbac4622082221a8768d1d09';
    const script = compileScript(fromHex(`${signature}01`), 1000n);
    expect(disassemble(script, true)).toBe(`${signature}[ALL] 1000`);
    expect(disassemble(script)).toBe(`${signature}01 1000`);
    for (const [hashType, name] of [
      ['02', 'NONE'],
      ['03', 'SINGLE'],
      ['81', 'ALL|ANYONECANPAY'],
      ['82', 'NONE|ANYONECANPAY'],
      ['83', 'SINGLE|ANYONECANPAY'],
    ] as const) {
      const other = compileScript(fromHex(signature + hashType));
      expect(disassemble(other, true)).toBe(`${signature}[${name}]`);
    }
    // Not for an undefined hash type, for non-DER, or in an unspendable script.
    expect(disassemble(compileScript(fromHex(`${signature}00`)), true)).toBe(`${signature}00`);
    expect(disassemble(compileScript(fromHex(`31${signature.slice(2)}01`)), true)).toBe(`31${signature.slice(2)}01`);
    const unspendable = concatBytes(compileScript(Op.OP_RETURN), script);
    expect(disassemble(unspendable, true)).toBe(`OP_RETURN ${signature}01 1000`);
  });

  it("uses Core's names of opcodes", () => {
    expect(disassemble(fromHex('004f5051606162b1b2b9bafe'))).toBe(
      '0 -1 OP_RESERVED 1 16 OP_NOP OP_VER OP_CHECKLOCKTIMEVERIFY OP_CHECKSEQUENCEVERIFY OP_NOP10 OP_CHECKSIGADD OP_UNKNOWN',
    );
    expect(opcodeName(0xff)).toBe('OP_INVALIDOPCODE');
  });
});

describe('isOpSuccess', () => {
  it('returns true for the 87 opcodes of BIP342', () => {
    const list = Array.from({ length: 256 }, (_, opcode) => opcode).filter(isOpSuccess);
    expect(list).toHaveLength(87);
    expect(list.slice(0, 12)).toEqual([80, 98, 126, 127, 128, 129, 131, 132, 133, 134, 137, 138]);
  });
});
