import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { fromHex } from '../../src/bytes/hex.ts';
import { hash160, sha256 } from '../../src/crypto/hash.ts';
import { useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { type ScriptError, scriptErrorString } from '../../src/script/errors.ts';
import { MANDATORY_SCRIPT_VERIFY_FLAGS, ScriptFlag, STANDARD_SCRIPT_VERIFY_FLAGS } from '../../src/script/flags.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { SighashCache } from '../../src/script/sighash/index.ts';
import { verifyInput } from '../../src/script/verify.ts';
import { ALL_FLAGS, trimFlags } from './support/assemble.ts';

const none = new Uint8Array(0);

/** Spends an output with the script, in a version 2 transaction with a non-final input and a lock time. */
function spend(
  scriptPubKey: Uint8Array,
  flags: number,
  scriptSig: Uint8Array = none,
  witness: readonly Uint8Array[] = [],
): ScriptError | undefined {
  const tx = new Transaction({
    version: 2,
    inputs: [{ prevout: { txid: new Uint8Array(32), vout: 0 }, scriptSig, sequence: 10, witness }],
    outputs: [{ value: 1n, scriptPubKey: none }],
    lockTime: 100,
  });
  return verifyInput(tx, 0, new SighashCache(tx, [{ value: 2n, scriptPubKey }]), flags);
}

const p2sh = (script: Uint8Array): Uint8Array => compileScript(Op.OP_HASH160, hash160(script), Op.OP_EQUAL);
const p2wsh = (script: Uint8Array): Uint8Array => compileScript(Op.OP_0, sha256(script));

describe('Script flags', () => {
  it('have the values of Core', () => {
    expect(MANDATORY_SCRIPT_VERIFY_FLAGS).toBe(0b10_0000_1110_0001_0101);
    expect(ScriptFlag.NONE).toBe(0);
    // All flags except SIGPUSHONLY.
    expect(STANDARD_SCRIPT_VERIFY_FLAGS).toBe(0x1f_ffff - 0x20);
  });
});

describe('Witness programs', () => {
  const anchor = fromHex('51024e73');

  it.each([
    { name: 'an anchor', script: anchor, standard: undefined, consensus: undefined },
    {
      name: 'a program of version 2',
      script: compileScript(2n, new Uint8Array(32).fill(1)),
      standard: 'DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM',
      consensus: undefined,
    },
    {
      name: 'a program of version 1 that is not 32 bytes',
      script: compileScript(1n, new Uint8Array(33).fill(1)),
      standard: 'DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM',
      consensus: undefined,
    },
    {
      name: 'a program of version 0 that is neither 20 nor 32 bytes',
      script: compileScript(0n, new Uint8Array(21).fill(1)),
      standard: 'WITNESS_PROGRAM_WRONG_LENGTH',
      consensus: 'WITNESS_PROGRAM_WRONG_LENGTH',
    },
    // The program is also the element that the script leaves on the stack.
    {
      name: 'all zeros',
      script: compileScript(2n, new Uint8Array(32)),
      standard: 'EVAL_FALSE',
      consensus: 'EVAL_FALSE',
    },
  ])('have the expected results: $name', ({ script, standard, consensus }) => {
    expect(spend(script, STANDARD_SCRIPT_VERIFY_FLAGS)).toBe(standard);
    expect(spend(script, MANDATORY_SCRIPT_VERIFY_FLAGS)).toBe(consensus);
  });

  it('nested in P2SH are never anchors or Taproot', () => {
    for (const program of [anchor, compileScript(1n, new Uint8Array(32).fill(1))]) {
      const scriptSig = compileScript(program);
      expect(spend(p2sh(program), STANDARD_SCRIPT_VERIFY_FLAGS, scriptSig)).toBe(
        'DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM',
      );
      expect(spend(p2sh(program), MANDATORY_SCRIPT_VERIFY_FLAGS, scriptSig)).toBeUndefined();
    }
  });

  it('require an empty scriptSig', () => {
    expect(spend(anchor, STANDARD_SCRIPT_VERIFY_FLAGS, compileScript(1n))).toBe('WITNESS_MALLEATED');
    expect(spend(compileScript(1n), STANDARD_SCRIPT_VERIFY_FLAGS, none, [none])).toBe('WITNESS_UNEXPECTED');
  });
});

describe('Taproot', () => {
  const key = fromHex('79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
  const output = compileScript(1n, key);

  it('requires a control block of a key and at most 128 whole nodes', () => {
    const script = compileScript(1n);
    for (const [size, error] of [
      [0, 'TAPROOT_WRONG_CONTROL_SIZE'],
      [1, 'TAPROOT_WRONG_CONTROL_SIZE'],
      [32, 'TAPROOT_WRONG_CONTROL_SIZE'],
      [33, 'WITNESS_PROGRAM_MISMATCH'],
      [34, 'TAPROOT_WRONG_CONTROL_SIZE'],
      [65, 'WITNESS_PROGRAM_MISMATCH'],
      [33 + 32 * 128, 'WITNESS_PROGRAM_MISMATCH'],
      [33 + 32 * 129, 'TAPROOT_WRONG_CONTROL_SIZE'],
    ] as const) {
      const control = new Uint8Array(size).fill(0xc0);
      expect(spend(output, MANDATORY_SCRIPT_VERIFY_FLAGS, none, [script, control])).toBe(error);
    }
  });

  it('requires a witness', () => {
    expect(spend(output, MANDATORY_SCRIPT_VERIFY_FLAGS)).toBe('WITNESS_PROGRAM_WITNESS_EMPTY');
  });

  it('requires signatures of 64 bytes, or 65 with a hash type other than the default', () => {
    const signature = (size: number, last: number): Uint8Array => {
      const bytes = new Uint8Array(size).fill(1);
      bytes[size - 1] = last;
      return bytes;
    };
    for (const [bytes, error] of [
      [signature(63, 1), 'SCHNORR_SIG_SIZE'],
      [signature(66, 1), 'SCHNORR_SIG_SIZE'],
      [signature(65, 0), 'SCHNORR_SIG_HASHTYPE'],
      [signature(65, 4), 'SCHNORR_SIG_HASHTYPE'],
      [signature(65, 0x80), 'SCHNORR_SIG_HASHTYPE'],
      [signature(65, 0x84), 'SCHNORR_SIG_HASHTYPE'],
      [signature(65, 0x83), 'SCHNORR_SIG'],
      [signature(65, 3), 'SCHNORR_SIG'],
      [signature(64, 1), 'SCHNORR_SIG'],
    ] as const) {
      expect(spend(output, MANDATORY_SCRIPT_VERIFY_FLAGS, none, [bytes])).toBe(error);
    }
    // A single element is a signature, even if it begins like an annex.
    expect(spend(output, MANDATORY_SCRIPT_VERIFY_FLAGS, none, [Uint8Array.of(0x50)])).toBe('SCHNORR_SIG_SIZE');
  });
});

describe('NULLFAIL', () => {
  it('allows failed signatures only if they are empty', () => {
    const key = fromHex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
    const single = compileScript(key, Op.OP_CHECKSIG, Op.OP_NOT);
    const multiple = compileScript(1n, key, 1n, Op.OP_CHECKMULTISIG, Op.OP_NOT);
    const { NULLFAIL, NONE } = ScriptFlag;
    for (const [script, first] of [
      [single, []],
      [multiple, [none]],
    ] as const) {
      for (const signature of [Uint8Array.of(1), Uint8Array.of(1, 1)]) {
        const scriptSig = compileScript(...first, signature);
        expect(spend(script, NULLFAIL, scriptSig)).toBe('SIG_NULLFAIL');
        expect(spend(script, NONE, scriptSig)).toBeUndefined();
      }
      expect(spend(script, NULLFAIL, compileScript(...first, none))).toBeUndefined();
    }
  });
});

describe('scriptErrorString', () => {
  it("returns Core's text", () => {
    expect(scriptErrorString('EVAL_FALSE')).toBe(
      'Script evaluated without error but finished with a false/empty top stack element',
    );
    expect(scriptErrorString('SIG_NULLFAIL')).toBe('Signature must be zero for failed CHECK(MULTI)SIG operation');
  });
});

describe('Random scripts', () => {
  afterEach(() => {
    useSecp256k1Engine('native');
  });

  /** Installs an engine that decides by one bit of the signature, and accepts every Taproot commitment. */
  function pretendEngine(): void {
    useSecp256k1Engine({
      ...useSecp256k1Engine('native'),
      verifyEcdsa: (signature) => (signature[63]! & 1) === 1,
      verifySchnorr: (signature) => (signature[0]! & 1) === 1,
      xOnlyTweakAddCheck: () => true,
    });
  }

  const key = fromHex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
  const signatures = [
    fromHex('300602010102010101'),
    fromHex('300602010102010201'),
    fromHex('300602010102010183'),
    fromHex('30070201010202000101'),
    new Uint8Array(64).fill(1),
    new Uint8Array(65).fill(2),
  ];
  const part = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 0xff }) },
    { weight: 6, arbitrary: fc.integer({ min: Op.OP_IF, max: Op.OP_CHECKSIGADD }) },
    { weight: 4, arbitrary: fc.bigInt({ min: -3n, max: 20n }) },
    { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 32n), max: 2n ** 32n }) },
    { weight: 3, arbitrary: fc.constantFrom(key, key.subarray(1), ...signatures, none, fromHex('80')) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 530 }) },
  );
  const parts = fc.array(part, { maxLength: 25 });
  const script = parts.map((list) => compileScript(...list));
  const element = fc.oneof(
    fc.constantFrom(none, Uint8Array.of(1), Uint8Array.of(2), key, key.subarray(1), ...signatures),
    fc.uint8Array({ maxLength: 70 }),
  );
  const elements = fc.array(element, { maxLength: 6 });
  const control = concatBytes(Uint8Array.of(0xc0), key.subarray(1));
  const taproot = compileScript(1n, key.subarray(1));

  /** Returns spends of the script as output, P2SH, P2WSH, nested P2WSH and tapscript, with the same arguments. */
  function spends(code: Uint8Array, args: readonly Uint8Array[]): ((flags: number) => ScriptError | undefined)[] {
    const pushes = compileScript(...args);
    return [
      (flags) => spend(code, flags, pushes),
      (flags) => spend(p2sh(code), flags, compileScript(...args, code)),
      (flags) => spend(p2wsh(code), flags, none, [...args, code]),
      (flags) => spend(p2sh(p2wsh(code)), flags, compileScript(p2wsh(code)), [...args, code]),
      (flags) => spend(taproot, flags, none, [...args, code, control]),
      (flags) => spend(taproot, flags, none, [...args, code, control, Uint8Array.of(0x50, 1)]),
    ];
  }

  it('never throw, and pass under fewer flags if they pass under more', () => {
    pretendEngine();
    let passed = 0;
    const anyFlags = fc.nat(ALL_FLAGS);
    fc.assert(
      fc.property(script, elements, anyFlags, anyFlags, (code, args, some, others) => {
        const flags = trimFlags(some);
        const fewer = trimFlags(some & others);
        for (const run of spends(code, args)) {
          if (run(flags)) continue;
          passed++;
          expect(run(fewer)).toBeUndefined();
        }
      }),
      { numRuns: 1500, seed: 11 },
    );
    expect(passed).toBeGreaterThan(500);
  });
});
