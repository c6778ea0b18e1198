import { bech32, bech32m } from '@scure/base';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { hash160 } from '../../src/crypto/hash.ts';
import { AddressError, base58check, decodeAddress, encodeAddress } from '../../src/script/address.ts';
import { disassemble } from '../../src/script/asm.ts';
import { ScriptFlag } from '../../src/script/flags.ts';
import { Op, opcodeName } from '../../src/script/opcodes.ts';
import { compileScript, isMinimalPush, isPayToAnchor, isPayToScriptHash, isPushOnly } from '../../src/script/script.ts';
import { countWitnessSigOps, legacySigOpCount, p2shSigOpCount } from '../../src/script/sigops.ts';
import { solve } from '../../src/script/standard.ts';
import { decodeWif } from '../../src/script/wif.ts';

// Output templates, byte by byte, with their edge cases: as in Core's solver.cpp, script.cpp and key_io.cpp.

const key = fromHex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
const uncompressed = concatBytes(Uint8Array.of(4), key.subarray(1), new Uint8Array(32).fill(1));
const hash = new Uint8Array(20).fill(7);
const type = (script: Uint8Array) => solve(script).type;

/** Returns variants of a script that break its template: each `fixed` byte changed, one byte more, one byte less. */
function variants(script: Uint8Array, fixed: readonly number[]): Uint8Array[] {
  const changed = fixed.map((at) => script.map((byte, i) => (i === at ? byte ^ 1 : byte)));
  return [...changed, concatBytes(script, Uint8Array.of(Op.OP_NOP)), script.subarray(0, -1)];
}

describe('Templates', () => {
  const pubKeyHash = compileScript(Op.OP_DUP, Op.OP_HASH160, hash, Op.OP_EQUALVERIFY, Op.OP_CHECKSIG);
  const scriptHash = compileScript(Op.OP_HASH160, hash, Op.OP_EQUAL);
  const anchor = fromHex('51024e73');

  it('match every fixed byte and the exact length', () => {
    expect(type(pubKeyHash)).toBe('pubkeyhash');
    for (const script of variants(pubKeyHash, [0, 1, 2, 23, 24])) expect(type(script)).toBe('nonstandard');
    expect(isPayToScriptHash(scriptHash)).toBe(true);
    for (const script of variants(scriptHash, [0, 1, 22])) {
      expect(isPayToScriptHash(script)).toBe(false);
      expect(type(script)).toBe('nonstandard');
    }
    expect(isPayToAnchor(anchor)).toBe(true);
    for (const script of variants(anchor, [0, 1, 2, 3])) expect(isPayToAnchor(script)).toBe(false);
    for (const script of [compileScript(key, Op.OP_CHECKSIG), compileScript(uncompressed, Op.OP_CHECKSIG)]) {
      expect(type(script)).toBe('pubkey');
      for (const other of variants(script, [0, script.length - 1])) expect(type(other)).toBe('nonstandard');
    }
    // Keys of a size that does not match their first byte.
    const long = concatBytes(key, new Uint8Array(32));
    const short = concatBytes(Uint8Array.of(4), key.subarray(1));
    for (const wrong of [long, short, key.subarray(0, 20)]) {
      expect(type(compileScript(wrong, Op.OP_CHECKSIG))).toBe('nonstandard');
      expect(type(compileScript(1n, wrong, 1n, Op.OP_CHECKMULTISIG))).toBe('nonstandard');
    }
  });

  it('yield their parameters', () => {
    const parts = (script: Uint8Array) => solve(script).solutions.map(toHex);
    expect(parts(pubKeyHash)).toEqual([toHex(hash)]);
    expect(parts(scriptHash)).toEqual([toHex(hash)]);
    for (const program of [hash, new Uint8Array(32).fill(3)]) {
      expect(parts(compileScript(Op.OP_0, program))).toEqual([toHex(program)]);
      expect(parts(compileScript(Op.OP_2, program))).toEqual([toHex(program)]);
    }
    expect(parts(compileScript(Op.OP_RETURN, key))).toEqual([]);
    expect(parts(compileScript(Op.OP_0, new Uint8Array(21)))).toEqual([]);
    expect(parts(anchor)).toEqual([]);
    expect(parts(compileScript(Op.OP_ADD))).toEqual([]);
  });

  it('of witness programs depend on version and size', () => {
    const program = new Uint8Array(32).fill(3);
    expect(type(compileScript(Op.OP_1, program))).toBe('witness_v1_taproot');
    expect(type(compileScript(Op.OP_2, program))).toBe('witness_unknown');
    expect(type(compileScript(Op.OP_1, hash))).toBe('witness_unknown');
  });

  it('of multisig require minimal pushes of the numbers, but not of the keys', () => {
    const multisig = (required: string, keys: number, count: string) => {
      const pushed = concatBytes(...new Array<Uint8Array>(keys).fill(compileScript(key)));
      return type(concatBytes(fromHex(required), pushed, fromHex(count), Uint8Array.of(Op.OP_CHECKMULTISIG)));
    };
    expect(multisig('51', 1, '51')).toBe('multisig');
    expect(multisig('60', 16, '60')).toBe('multisig');
    expect(multisig('51', 17, '0111')).toBe('multisig');
    expect(multisig('0114', 20, '0114')).toBe('multisig');
    // There is no OP_17: its place after OP_16 is OP_NOP.
    expect(multisig('51', 17, '61')).toBe('nonstandard');
    expect(multisig('51', 17, '021100')).toBe('nonstandard');
    expect(multisig('51', 17, '4c0111')).toBe('nonstandard');
    expect(multisig('51', 1, '0101')).toBe('nonstandard');
    for (const zeroOrLess of ['00', '0100', '0180', '0182', '4f']) {
      expect(multisig(zeroOrLess, 1, '51'), zeroOrLess).toBe('nonstandard');
      expect(multisig('51', 1, zeroOrLess), zeroOrLess).toBe('nonstandard');
    }
    const longPush = concatBytes(fromHex('4e21000000'), key);
    const script = concatBytes(fromHex('51'), longPush, fromHex('51ae'));
    expect(solve(script)).toMatchObject({ type: 'multisig', required: 1, solutions: [key] });
    expect(type(concatBytes(fromHex('51'), compileScript(key), fromHex('4e51ae')))).toBe('nonstandard');
  });
});

describe('Pushes', () => {
  it('include all opcodes up to OP_16', () => {
    expect(isPushOnly(fromHex('0050605102aabb'))).toBe(true);
    expect(isPushOnly(fromHex('61'))).toBe(false);
    expect(isPushOnly(fromHex('6101'), 2)).toBe(true);
  });

  it('of up to 65,535 bytes are minimal with OP_PUSHDATA2, longer ones with OP_PUSHDATA4', () => {
    const most = new Uint8Array(65_535);
    expect(isMinimalPush(Op.OP_PUSHDATA2, most)).toBe(true);
    expect(isMinimalPush(Op.OP_PUSHDATA4, most)).toBe(false);
    expect(isMinimalPush(Op.OP_PUSHDATA4, new Uint8Array(65_536))).toBe(true);
    expect(isMinimalPush(Op.OP_0, new Uint8Array(0))).toBe(true);
    expect(isMinimalPush(Op.OP_PUSHDATA1, new Uint8Array(0))).toBe(false);
  });

  it('of up to four bytes are disassembled as numbers, whichever opcode pushes them', () => {
    expect(disassemble(fromHex('0401020304'))).toBe('67305985');
    expect(disassemble(fromHex('050102030405'))).toBe('0102030405');
    expect(disassemble(fromHex('4e01000000aa'))).toBe('-42');
    expect(opcodeName(Op.OP_0)).toBe('0');
  });
});

describe('Signature operations', () => {
  const p2sh = (script: Uint8Array) => compileScript(Op.OP_HASH160, hash160(script), Op.OP_EQUAL);
  const { P2SH, WITNESS } = ScriptFlag;
  const none = new Uint8Array(0);

  it('of a multisig count as the number of keys before it, if that is OP_1 to OP_16', () => {
    const count = (opcode: number) => legacySigOpCount(Uint8Array.of(opcode, Op.OP_CHECKMULTISIG), true);
    expect([Op.OP_1, Op.OP_2, Op.OP_16].map(count)).toEqual([1, 2, 16]);
    expect([Op.OP_0, Op.OP_RESERVED, Op.OP_NOP].map(count)).toEqual([20, 20, 20]);
  });

  it('of a redeem script are counted for any push opcode', () => {
    const redeem = compileScript(Op.OP_CHECKSIG);
    const long = concatBytes(fromHex('4e01000000'), redeem);
    expect(p2shSigOpCount(p2sh(redeem), concatBytes(fromHex('6050'), long))).toBe(1);
    // A push that runs past the end, and a push of a number.
    expect(p2shSigOpCount(p2sh(redeem), concatBytes(long, fromHex('02ac')))).toBe(0);
    expect(p2shSigOpCount(p2sh(redeem), concatBytes(long, fromHex('51')))).toBe(0);
  });

  it('of a witness count if the output or the redeem script is a version 0 program', () => {
    const script = compileScript(Op.OP_CHECKSIG, Op.OP_CHECKSIG);
    const program = compileScript(Op.OP_0, new Uint8Array(32));
    expect(countWitnessSigOps(none, program, [script], P2SH | WITNESS)).toBe(2);
    // A scriptSig that pushes a program does not matter to other outputs.
    expect(countWitnessSigOps(compileScript(program), script, [script], P2SH | WITNESS)).toBe(0);
    for (const size of [2, 21, 31, 33, 40]) {
      const other = compileScript(Op.OP_0, new Uint8Array(size));
      expect(countWitnessSigOps(none, other, [script], P2SH | WITNESS)).toBe(0);
    }
  });
});

describe('Addresses', () => {
  const regtest = { pubKeyHash: 111, scriptHash: 196, secretKey: 239, bech32Hrp: 'bcrt' };
  const main = { pubKeyHash: 0, scriptHash: 5, secretKey: 128, bech32Hrp: 'bc' };

  function failure(decode: () => unknown): { code: string; hint: string | undefined } | undefined {
    try {
      decode();
      return undefined;
    } catch (error) {
      if (error instanceof AddressError) return { code: error.code, hint: error.hint };
      throw error;
    }
  }
  const code = (text: string) => failure(() => decodeAddress(text, regtest))?.code;
  const wifCode = (payload: Uint8Array) => failure(() => decodeWif(base58check.encode(payload), regtest))?.code;

  it('exist for anchors (BIP433), but not for nonstandard scripts', () => {
    expect(encodeAddress(fromHex('51024e73'), main)).toBe('bc1pfeessrawgf');
    expect(encodeAddress(fromHex('51'), main)).toBeUndefined();
  });

  it('in base58 have 21 bytes and a known version byte', () => {
    const address = (version: number, size = 20) => base58check.encode(Uint8Array.of(version, ...new Uint8Array(size)));
    expect(code(address(111))).toBeUndefined();
    expect(code(address(0))).toBe('other-network');
    expect(code(address(1))).toBe('invalid');
    expect(code(address(111, 19))).toBe('invalid');
    expect(code(address(111, 21))).toBe('invalid');
    expect(code('0')).toBe('invalid');
    expect(code('m'.repeat(128))).toBe('bad-checksum');
    expect(code('m'.repeat(129))).toBe('invalid');
  });

  it('in bech32 have only characters of its alphabet', () => {
    const good = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
    expect(code(good)).toBeUndefined();
    for (const at of [5, 20, good.length - 1]) {
      for (const symbol of ['b', 'i', 'o', '?']) {
        expect(code(good.slice(0, at) + symbol + good.slice(at + 1)), `${symbol} at ${at}`).toBe('invalid');
      }
    }
    expect(code('bcrt1qqqqqq')).toBe('invalid');
    expect(code('bcrt1qqqqqqq')).toBe('bad-checksum');
  });

  it('in bech32 have a version up to 16, its checksum variant, and a program of 2 to 40 bytes (BIP141, BIP350)', () => {
    const encode = (codec: typeof bech32 | typeof bech32m, version: number, size: number) =>
      code(codec.encode('bcrt', [version, ...codec.toWords(new Uint8Array(size))]));
    expect(encode(bech32m, 16, 40)).toBeUndefined();
    expect(encode(bech32m, 1, 2)).toBeUndefined();
    expect(encode(bech32m, 17, 20)).toBe('invalid');
    expect(encode(bech32m, 1, 1)).toBe('invalid');
    expect(encode(bech32m, 1, 41)).toBe('invalid');
    expect(encode(bech32, 0, 20)).toBeUndefined();
    expect(encode(bech32, 0, 21)).toBe('invalid');
    expect(encode(bech32m, 0, 20)).toBe('invalid');
    expect(encode(bech32, 1, 32)).toBe('invalid');
    expect(code(bech32m.encode('bcrt', []))).toBe('invalid');
    // Padding that is nonzero, or a whole character long.
    expect(code(bech32m.encode('bcrt', [1, 0, 0, 0, 1]))).toBe('invalid');
  });

  it('with a wrong checksum have a hint to compare them with their source', () => {
    const hint = expect.stringContaining('Compare');
    for (const text of ['bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt08q', '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3']) {
      expect(failure(() => decodeAddress(text, regtest))).toEqual({ code: 'bad-checksum', hint });
    }
    expect(failure(() => decodeAddress('alice', regtest))?.hint).toBeUndefined();
  });

  it('of private keys (WIF) have 33 bytes, or 34 bytes that end with 1', () => {
    const payload = (size: number, ...end: number[]) =>
      Uint8Array.of(239, ...new Uint8Array(size - 1 - end.length).fill(1), ...end);
    expect(wifCode(payload(33))).toBeUndefined();
    expect(wifCode(payload(34, 1))).toBeUndefined();
    expect(wifCode(payload(34, 2))).toBe('invalid');
    expect(wifCode(payload(32))).toBe('invalid');
    expect(wifCode(payload(35, 1, 1))).toBe('invalid');
    expect(wifCode(payload(33).fill(128, 0, 1))).toBe('other-network');
    expect(wifCode(payload(33).fill(127, 0, 1))).toBe('invalid');
  });
});
