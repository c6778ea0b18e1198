import { afterEach, describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { secp256k1, useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import type { ScriptError } from '../../src/script/errors.ts';
import { ScriptFlag } from '../../src/script/flags.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { SighashCache, taprootSighash } from '../../src/script/sighash/index.ts';
import { SignatureCache } from '../../src/script/signature-cache.ts';
import { tapLeafHash } from '../../src/script/taproot.ts';
import { verifyInput } from '../../src/script/verify.ts';

// Edge cases that Core's vectors do not cover, or only with an unspecified error. The expected errors are those of
// Core's interpreter.cpp.

const none = new Uint8Array(0);
const key = fromHex('79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
const consensus = ScriptFlag.P2SH | ScriptFlag.WITNESS | ScriptFlag.TAPROOT;

function spending(witness: readonly Uint8Array[], scriptSig: Uint8Array = none): Transaction {
  return new Transaction({
    version: 2,
    inputs: [{ prevout: { txid: new Uint8Array(32), vout: 0 }, scriptSig, sequence: 10, witness }],
    outputs: [{ value: 1n, scriptPubKey: none }],
    lockTime: 100,
  });
}

function spend(
  scriptPubKey: Uint8Array,
  witness: readonly Uint8Array[] = [],
  flags: number = consensus,
  scriptSig: Uint8Array = none,
): ScriptError | undefined {
  const tx = spending(witness, scriptSig);
  return verifyInput(tx, 0, new SighashCache(tx, [{ value: 2n, scriptPubKey }]), flags);
}

/** Installs an engine that accepts every Taproot commitment, and the Schnorr signatures that begin with 1. */
function pretendEngine(): void {
  useSecp256k1Engine({
    ...secp256k1(),
    verifyEcdsa: () => false,
    verifySchnorr: (signature) => signature[0] === 1,
    xOnlyTweakAddCheck: () => true,
  });
}

afterEach(() => {
  useSecp256k1Engine('native');
});

const control = concatBytes(Uint8Array.of(0xc0), key);

/** Runs a tapscript with the given initial stack. */
function tapscript(script: Uint8Array, args: readonly Uint8Array[] = [], flags: number = consensus) {
  pretendEngine();
  return spend(compileScript(1n, key), [...args, script, control], flags);
}

const right = new Uint8Array(64).fill(1);
const wrong = new Uint8Array(64).fill(2);

describe('The limit of 201 operations', () => {
  it('does not count push opcodes, including OP_16 and OP_RESERVED', () => {
    const nops = new Uint8Array(201).fill(Op.OP_NOP);
    expect(spend(concatBytes(nops, compileScript(16n)))).toBeUndefined();
    expect(spend(concatBytes(nops, compileScript(Op.OP_NOP, 16n)))).toBe('OP_COUNT');
    const unexecuted = compileScript(Op.OP_0, Op.OP_IF, Op.OP_RESERVED, Op.OP_ENDIF, 16n);
    expect(spend(concatBytes(nops.subarray(2), unexecuted))).toBeUndefined();
    expect(spend(concatBytes(nops.subarray(1), unexecuted))).toBe('OP_COUNT');
  });
});

describe('OP_PICK and OP_ROLL', () => {
  it.each([Op.OP_PICK, Op.OP_ROLL])('require two elements before decoding the number (%s)', (opcode) => {
    expect(spend(compileScript(opcode))).toBe('INVALID_STACK_OPERATION');
    expect(spend(compileScript(new Uint8Array(5), opcode))).toBe('INVALID_STACK_OPERATION');
    expect(spend(compileScript(1n, new Uint8Array(5), opcode))).toBe('SCRIPTNUM');
  });
});

describe('OP_CHECKMULTISIG', () => {
  it('requires its numbers, keys and signatures on the stack', () => {
    expect(spend(compileScript(Op.OP_CHECKMULTISIG))).toBe('INVALID_STACK_OPERATION');
    expect(spend(compileScript(1n, Op.OP_CHECKMULTISIG))).toBe('INVALID_STACK_OPERATION');
    expect(spend(compileScript(0n, 0n, Op.OP_CHECKMULTISIG))).toBe('INVALID_STACK_OPERATION');
    expect(spend(compileScript(0n, 0n, 0n, Op.OP_CHECKMULTISIG))).toBeUndefined();
  });
});

describe('A signature before BIP66', () => {
  it('ends with its hash type, which is not part of S', () => {
    useSecp256k1Engine({
      ...secp256k1(),
      verifyEcdsa: () => true,
      verifySchnorr: () => false,
      xOnlyTweakAddCheck: () => false,
    });
    const script = compileScript(concatBytes(Uint8Array.of(2), key), Op.OP_CHECKSIG);
    const withHashType = fromHex('300602010102010101');
    expect(spend(script, [], 0, compileScript(withHashType))).toBeUndefined();
    // One byte less, and the content of S is missing.
    expect(spend(script, [], 0, compileScript(withHashType.subarray(0, -1)))).toBe('EVAL_FALSE');
  });
});

describe('Tapscript', () => {
  it('adds valid signatures with OP_CHECKSIGADD, and fails on invalid ones', () => {
    const script = compileScript(5n, key, Op.OP_CHECKSIGADD, 6n, Op.OP_EQUAL);
    expect(tapscript(script, [right])).toBeUndefined();
    expect(tapscript(script, [none])).toBe('EVAL_FALSE');
    expect(tapscript(script, [wrong])).toBe('SCHNORR_SIG');
    expect(tapscript(script, [Uint8Array.of(1)])).toBe('SCHNORR_SIG_SIZE');
    expect(tapscript(script, [])).toBe('INVALID_STACK_OPERATION');
    const notMinimal = compileScript(Uint8Array.of(5, 0), key, Op.OP_CHECKSIGADD, 6n, Op.OP_EQUAL);
    expect(tapscript(notMinimal, [right])).toBeUndefined();
    expect(tapscript(notMinimal, [right], consensus | ScriptFlag.MINIMALDATA)).toBe('SCRIPTNUM');
  });

  it('fails with the specific error', () => {
    for (const opcode of [Op.OP_CHECKMULTISIG, Op.OP_CHECKMULTISIGVERIFY]) {
      expect(tapscript(compileScript(0n, 0n, opcode))).toBe('TAPSCRIPT_CHECKMULTISIG');
      // Only if it is executed.
      expect(tapscript(compileScript(0n, Op.OP_IF, opcode, Op.OP_ENDIF, 1n))).toBeUndefined();
    }
    // Each signature costs 50. The budget is the size of the witness, here 64 + 1, 34 + 1, 33 + 1 and 1, plus 50.
    const check = compileScript(key, Op.OP_CHECKSIG);
    expect(tapscript(check, [right])).toBeUndefined();
    const twice = compileScript(Op.OP_2DUP, Op.OP_CHECKSIGVERIFY, Op.OP_2DUP, Op.OP_CHECKSIGVERIFY);
    const five = concatBytes(twice, twice, compileScript(Op.OP_CHECKSIG));
    expect(tapscript(five, [right, key])).toBe('TAPSCRIPT_VALIDATION_WEIGHT');
    // With these witnesses the budget is 184 and the size of the script; five signatures cost 250.
    const padded = (size: number) => concatBytes(new Uint8Array(size - five.length).fill(Op.OP_NOP), five);
    expect(tapscript(padded(66), [right, key])).toBeUndefined();
    expect(tapscript(padded(65), [right, key])).toBe('TAPSCRIPT_VALIDATION_WEIGHT');
    const unknownKey = compileScript(concatBytes(Uint8Array.of(2), key), Op.OP_CHECKSIG);
    const discouraged = consensus | ScriptFlag.DISCOURAGE_UPGRADABLE_PUBKEYTYPE;
    expect(tapscript(unknownKey, [wrong])).toBeUndefined();
    expect(tapscript(unknownKey, [wrong], discouraged)).toBe('DISCOURAGE_UPGRADABLE_PUBKEYTYPE');
    expect(tapscript(check, [right], discouraged)).toBeUndefined();
    expect(tapscript(compileScript(none, Op.OP_CHECKSIG), [right])).toBe('TAPSCRIPT_EMPTY_PUBKEY');
  });

  it('succeeds with OP_SUCCESSx and unknown leaf versions, unless they are discouraged', () => {
    const success = Uint8Array.of(Op.OP_RETURN, 80, 0x4c);
    expect(tapscript(success)).toBeUndefined();
    expect(tapscript(success, [], consensus | ScriptFlag.DISCOURAGE_OP_SUCCESS)).toBe('DISCOURAGE_OP_SUCCESS');
    const leaf = (flags: number) => {
      pretendEngine();
      const version = concatBytes(Uint8Array.of(0xc2), key);
      return spend(compileScript(1n, key), [Uint8Array.of(Op.OP_RETURN), version], flags);
    };
    expect(leaf(consensus)).toBeUndefined();
    expect(leaf(consensus | ScriptFlag.DISCOURAGE_UPGRADABLE_TAPROOT_VERSION)).toBe(
      'DISCOURAGE_UPGRADABLE_TAPROOT_VERSION',
    );
  });

  it('with a push beyond its end fails before it runs', () => {
    expect(tapscript(Uint8Array.of(Op.OP_RETURN, 2, 1))).toBe('BAD_OPCODE');
    expect(tapscript(Uint8Array.of(Op.OP_RETURN))).toBe('OP_RETURN');
  });

  it('signs the position of the last executed OP_CODESEPARATOR (BIP342)', () => {
    const script = compileScript(key, Op.OP_CHECKSIGVERIFY, Op.OP_CODESEPARATOR, key, Op.OP_CHECKSIG);
    const messages: string[] = [];
    useSecp256k1Engine({
      ...secp256k1(),
      verifyEcdsa: () => false,
      verifySchnorr: (_, message) => messages.push(toHex(message)) > 0,
      xOnlyTweakAddCheck: () => true,
    });
    const output = compileScript(1n, key);
    expect(spend(output, [right, right, script, control])).toBeUndefined();
    const tx = spending([right, right, script, control]);
    const context = { annexHash: undefined, leafHash: tapLeafHash(0xc0, script) };
    const expected = [0xffff_ffff, 2].map((position) => {
      const cache = new SighashCache(tx, [{ value: 2n, scriptPubKey: output }]);
      return toHex(taprootSighash(cache, 0, 0, context, position)!);
    });
    expect(messages).toEqual(expected);
    expect(messages[0]).not.toBe(messages[1]);
  });

  it('requires a minimal argument of OP_IF', () => {
    const script = compileScript(Op.OP_IF, 1n, Op.OP_ELSE, 1n, Op.OP_ENDIF);
    expect(tapscript(script, [none])).toBeUndefined();
    expect(tapscript(script, [Uint8Array.of(1)])).toBeUndefined();
    for (const value of [[2], [0], [1, 0], [0x80], [1, 1]]) {
      expect(tapscript(script, [Uint8Array.from(value)])).toBe('TAPSCRIPT_MINIMALIF');
    }
  });
});

describe('An internal error', () => {
  it('is thrown, and not returned as a script error', () => {
    useSecp256k1Engine({
      ...secp256k1(),
      verifyEcdsa: () => {
        throw new Error('internal error');
      },
      verifySchnorr: () => true,
      xOnlyTweakAddCheck: () => true,
    });
    const signature = fromHex('300602010102010101');
    const script = compileScript(concatBytes(Uint8Array.of(2), key), Op.OP_CHECKSIG);
    expect(() => spend(script, [], consensus, compileScript(signature))).toThrow('internal error');
  });
});

describe('The reader of a signature cache', () => {
  it('rejects invalid signatures', () => {
    const { reader } = new SignatureCache();
    const hash = new Uint8Array(32).fill(1);
    for (const [engine, expected] of [
      [pretendEngine, [false, true, false]],
      [() => useSecp256k1Engine('native'), [false, false, false]],
    ] as const) {
      engine();
      const verdicts = [
        reader.verifyEcdsa(right, hash, concatBytes(Uint8Array.of(2), key)),
        reader.verifySchnorr(right, hash, key),
        reader.verifySchnorr(wrong, hash, key),
      ];
      expect(verdicts).toEqual(expected);
    }
  });
});
