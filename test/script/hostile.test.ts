import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { randomInt } from '../../src/platform/random.ts';
import { Transaction, type TxOut } from '../../src/primitives/transaction.ts';
import { disassemble } from '../../src/script/asm.ts';
import { scriptErrorString } from '../../src/script/errors.ts';
import { MANDATORY_SCRIPT_VERIFY_FLAGS, STANDARD_SCRIPT_VERIFY_FLAGS } from '../../src/script/flags.ts';
import { InputChecker } from '../../src/script/interpreter/checker.ts';
import { runScript } from '../../src/script/interpreter/interpreter.ts';
import { Machine } from '../../src/script/interpreter/machine.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript, isPushOnly, parseScript, pushBytes } from '../../src/script/script.ts';
import { SighashCache } from '../../src/script/sighash/index.ts';
import { SigVersion } from '../../src/script/sighash/types.ts';
import { countWitnessSigOps, legacySigOpCount, p2shSigOpCount } from '../../src/script/sigops.ts';
import { solve } from '../../src/script/standard.ts';
import { verifyInput } from '../../src/script/verify.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { ALL_FLAGS, trimFlags } from './support/assemble.ts';

// Any script passes or fails with one of Core's errors, and never throws.

const none = new Uint8Array(0);

/** Returns a transaction whose only input spends `output`, and its cache. */
function spending(output: TxOut, scriptSig: Uint8Array, witness: readonly Uint8Array[]): [Transaction, SighashCache] {
  const tx = new Transaction({
    version: 2,
    inputs: [{ prevout: { txid: new Uint8Array(32), vout: 0 }, scriptSig, sequence: 0, witness }],
    outputs: [{ value: 1n, scriptPubKey: none }],
    lockTime: 500,
  });
  return [tx, new SighashCache(tx, [output])];
}

/** Verifies an input; returns the script error or 'OK'. Throws if the error is not one of Core's. */
function verify(
  scriptPubKey: Uint8Array,
  scriptSig: Uint8Array,
  witness: readonly Uint8Array[],
  flags: number,
): string {
  const [tx, cache] = spending({ value: 2n, scriptPubKey }, scriptSig, witness);
  const error = verifyInput(tx, 0, cache, flags);
  if (error !== undefined && typeof scriptErrorString(error) !== 'string')
    throw new Error(`not an error of Core's: ${error}`);
  return error ?? 'OK';
}

/** Calls all functions that parse scripts without running them. */
function read(script: Uint8Array): void {
  const operations = parseScript(script);
  const text = disassemble(script, true);
  // Both stop at a push that runs past the end.
  if ((operations === undefined) !== text.endsWith('[error]')) throw new Error(toHex(script));
  isPushOnly(script);
  solve(script);
  const few = legacySigOpCount(script, true);
  if (few > legacySigOpCount(script, false)) throw new Error(toHex(script));
  p2shSigOpCount(script, script);
  countWitnessSigOps(script, script, [script], ALL_FLAGS);
}

const stacks = [
  none,
  compileScript(1n),
  compileScript(0n, 1n, -1n, Uint8Array.of(0x80), 2n, 1n),
  compileScript(none, new Uint8Array(520).fill(1), new Uint8Array(33).fill(2), 1n, 1n),
];
const flagSets = [0, MANDATORY_SCRIPT_VERIFY_FLAGS, STANDARD_SCRIPT_VERIFY_FLAGS, ALL_FLAGS];

describe('Every script of up to two bytes', () => {
  it('passes or fails as an output, as a scriptSig and as a witness script', () => {
    useSecp256k1Engine('native');
    const verdicts = new Map<string, number>();
    const count = (verdict: string) => verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    let scripts = 0;
    for (let n = -257; n < 65_536; n++) {
      const script = n === -257 ? none : n < 0 ? Uint8Array.of(n + 256) : Uint8Array.of(n >> 8, n & 0xff);
      read(script);
      const flags = flagSets[((n >> 8) + scripts) % flagSets.length]!;
      for (const stack of stacks) {
        // All sets of flags for the shortest scripts, one for the others.
        for (const set of n < 0 ? flagSets : [flags]) count(verify(script, stack, [], set));
      }
      // As a scriptSig, which runs before the scriptPubKey.
      if (scripts % 4 === 0) count(verify(stacks[1]!, script, [], flags));
      if (scripts % 8 === 0) {
        const program = compileScript(Op.OP_0, sha256(script));
        count(verify(program, none, [none, Uint8Array.of(1), script], flags));
      }
      scripts++;
    }
    expect(scripts).toBe(1 + 256 + 65_536);
    expect(verdicts.get('OK')).toBeGreaterThan(5000);
    expect(verdicts.size).toBeGreaterThan(20);
  });
});

/** Returns random bytes with more opcodes and shorter pushes than uniform ones. */
function randomScript(random: SeededRandom, maxLength: number): Uint8Array {
  const script = random.bytes(randomInt(random, maxLength + 1));
  for (let i = 0; i < script.length; i++) {
    const draw = randomInt(random, 8);
    if (draw < 3) script[i] = Op.OP_1 + randomInt(random, 16);
    else if (draw < 6) script[i] = Op.OP_NOP + randomInt(random, Op.OP_CHECKSIGADD - Op.OP_NOP + 1);
    else if (draw === 6) script[i] = randomInt(random, 5);
  }
  return script;
}

describe('Random scripts', () => {
  it('pass or fail under all flags, in every kind of output', () => {
    useSecp256k1Engine('native');
    const random = new SeededRandom(2009);
    const verdicts = new Set<string>();
    for (let i = 0; i < 12_000; i++) {
      const script = randomScript(random, 60);
      read(script);
      const flags = trimFlags(random.uint32() & ALL_FLAGS);
      const stack = randomScript(random, 20);
      verdicts.add(verify(script, stack, [], flags));
      const items = Array.from({ length: randomInt(random, 5) }, () => random.bytes(randomInt(random, 4)));
      const program = compileScript(Op.OP_0, sha256(script));
      verdicts.add(verify(program, none, [...items, script], flags));
      verdicts.add(verify(program, pushBytes(program), items, flags));
    }
    expect(verdicts.size).toBeGreaterThan(25);
  });

  it('pass or fail as tapscripts', () => {
    const random = new SeededRandom(342);
    const verdicts = new Set<string>();
    for (let i = 0; i < 8000; i++) {
      const [, cache] = spending({ value: 2n, scriptPubKey: none }, none, []);
      const checker = new InputChecker(cache, 0);
      const stack = Array.from({ length: randomInt(random, 6) }, () => random.bytes(randomInt(random, 70)));
      const context = { annexHash: undefined, leafHash: new Uint8Array(32), validationWeightLeft: 200 };
      const script = randomScript(random, 80);
      const flags = random.uint32() & ALL_FLAGS;
      const error = runScript(new Machine(script, stack, flags, SigVersion.TAPSCRIPT, checker, context));
      if (error) expect(scriptErrorString(error)).toBeTypeOf('string');
      expect(context.validationWeightLeft).toBeGreaterThanOrEqual(-50);
      verdicts.add(error ?? 'OK');
    }
    expect(verdicts.size).toBeGreaterThan(15);
  });

  it('pass or fail as witness programs with random witnesses', () => {
    useSecp256k1Engine('native');
    const random = new SeededRandom(341);
    const verdicts = new Set<string>();
    for (let i = 0; i < 6000; i++) {
      const version = randomInt(random, 3) === 0 ? randomInt(random, 17) : randomInt(random, 2);
      const size = [2, 4, 20, 32, 33, 40][randomInt(random, 6)]!;
      const program = compileScript(BigInt(version), random.bytes(size));
      const witness = Array.from({ length: randomInt(random, 5) }, () => {
        const length = [0, 1, 33, 64, 65, 97, 33 + 32 * 128, 33 + 32 * 129][randomInt(random, 8)]!;
        const item = random.bytes(length);
        if (length > 0 && randomInt(random, 2) === 0) item[0] = [0x50, 0xc0, 0xc1][randomInt(random, 3)]!;
        return item;
      });
      const scriptSig = randomInt(random, 10) === 0 ? random.bytes(2) : none;
      verdicts.add(verify(program, scriptSig, witness, trimFlags(random.uint32() & ALL_FLAGS)));
    }
    expect(verdicts.size).toBeGreaterThan(8);
  });
});
