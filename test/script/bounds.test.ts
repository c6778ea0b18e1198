import { afterEach, describe, expect, it, vi } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { hash160, sha256 } from '../../src/crypto/hash.ts';
import { useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { Transaction, type TxOut } from '../../src/primitives/transaction.ts';
import { disassemble } from '../../src/script/asm.ts';
import { ScriptFlag } from '../../src/script/flags.ts';
import { InputChecker } from '../../src/script/interpreter/checker.ts';
import { runScript } from '../../src/script/interpreter/interpreter.ts';
import { Machine } from '../../src/script/interpreter/machine.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript, parseScript, pushBytes } from '../../src/script/script.ts';
import { SighashCache } from '../../src/script/sighash/index.ts';
import { preimage } from '../../src/script/sighash/preimage.ts';
import { SigVersion } from '../../src/script/sighash/types.ts';
import { legacySigOpCount } from '../../src/script/sigops.ts';
import { solve } from '../../src/script/standard.ts';
import { verifyInput } from '../../src/script/verify.ts';

const none = new Uint8Array(0);
const { P2SH, WITNESS, TAPROOT } = ScriptFlag;

/** Returns a transaction of identical inputs, and a cache with the outputs that they spend. */
function spend(scriptPubKey: Uint8Array, scriptSig: Uint8Array, witness: readonly Uint8Array[], inputs: number) {
  const tx = new Transaction({
    version: 2,
    inputs: Array.from({ length: inputs }, (_, vout) => ({
      prevout: { txid: new Uint8Array(32), vout },
      scriptSig,
      sequence: 0,
      witness,
    })),
    outputs: Array.from({ length: inputs }, () => ({ value: 1n, scriptPubKey: none })),
    lockTime: 0,
  });
  const spent: TxOut[] = tx.inputs.map(() => ({ value: 2n, scriptPubKey }));
  return { tx, cache: new SighashCache(tx, spent) };
}

// A strict DER signature that is invalid, and a valid public key.
const signature = Uint8Array.from([0x30, 6, 2, 1, 1, 2, 1, 1, 1]);
const key = Uint8Array.from([
  2,
  ...Buffer.from('79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798', 'hex'),
]);

/** Counts the verifications, and the signature hashes computed for them, from here on. */
function countWork() {
  const engine = useSecp256k1Engine('native');
  const work = { verified: 0, hashes: 0, hashedBytes: 0 };
  useSecp256k1Engine({
    ...engine,
    verifyEcdsa: () => {
      work.verified++;
      return false;
    },
    verifySchnorr: () => {
      work.verified++;
      return true;
    },
  });
  for (const name of ['sha256', 'sha256d'] as const) {
    const hash = preimage[name].bind(preimage);
    vi.spyOn(preimage, name).mockImplementation(() => {
      work.hashes++;
      work.hashedBytes += preimage.length;
      return hash();
    });
  }
  return work;
}

afterEach(() => {
  vi.restoreAllMocks();
  useSecp256k1Engine('native');
});

describe('The cost of signature checks', () => {
  it('is at most 20 verifications and one hash for an OP_CHECKMULTISIG', () => {
    const work = countWork();
    const keys = Array.from({ length: 20 }, () => key);
    const script = compileScript(1n, ...keys, 20n, Op.OP_CHECKMULTISIG);
    const { tx, cache } = spend(script, compileScript(0n, signature), [], 1);
    expect(verifyInput(tx, 0, cache, P2SH)).toBe('EVAL_FALSE');
    expect(work).toMatchObject({ verified: 20, hashes: 1 });
  });

  it('is bounded by the operations of a script: at most nine such OP_CHECKMULTISIG', () => {
    const work = countWork();
    const keys = Array.from({ length: 20 }, () => Op.OP_DUP);
    const one = compileScript(0n, signature, 1n, key, ...keys.slice(1), 20n, Op.OP_CHECKMULTISIG, Op.OP_DROP);
    const { tx, cache } = spend(concatBytes(...Array.from({ length: 30 }, () => one)), none, [], 1);
    expect(verifyInput(tx, 0, cache, P2SH)).toBe('OP_COUNT');
    expect(work.verified).toBeLessThanOrEqual(201);
    expect(work.hashes).toBeLessThanOrEqual(10);
  });

  /** Returns the bytes hashed for all inputs of a transaction, per byte of its size. */
  function hashedPerByte(kind: 'legacy' | 'segwit' | 'taproot', inputs: number): number {
    const work = countWork();
    const p2wpkh = compileScript(Op.OP_0, hash160(key));
    const p2pkh = compileScript(Op.OP_DUP, Op.OP_HASH160, hash160(key), Op.OP_EQUALVERIFY, Op.OP_CHECKSIG);
    const { tx, cache } =
      kind === 'legacy'
        ? spend(p2pkh, compileScript(signature, key), [], inputs)
        : kind === 'segwit'
          ? spend(p2wpkh, none, [signature, key], inputs)
          : spend(compileScript(Op.OP_1, key.subarray(1)), none, [new Uint8Array(64).fill(1)], inputs);
    for (let i = 0; i < inputs; i++) verifyInput(tx, i, cache, P2SH | WITNESS | TAPROOT);
    expect(work.verified).toBe(inputs);
    vi.restoreAllMocks();
    return work.hashedBytes / tx.totalSize;
  }

  it('is linear in the size of the transaction under BIP143 and BIP341', () => {
    for (const kind of ['segwit', 'taproot'] as const) {
      expect(hashedPerByte(kind, 10)).toBeLessThan(4);
      expect(hashedPerByte(kind, 1000)).toBeLessThan(4);
    }
    // Legacy hashing is quadratic; consensus bounds it by the size and the sigops of a block.
    expect(hashedPerByte('legacy', 500) / hashedPerByte('legacy', 50)).toBeGreaterThan(8);
  });

  it('is bounded in tapscript by the size of the witness', () => {
    const work = countWork();
    const script = compileScript(...Array.from({ length: 3000 }, () => [Op.OP_2DUP, Op.OP_CHECKSIGVERIFY]).flat(), 1n);
    const checker = new InputChecker(spend(none, none, [], 1).cache, 0);
    const context = { annexHash: undefined, leafHash: new Uint8Array(32), validationWeightLeft: script.length + 150 };
    const stack = [new Uint8Array(64).fill(1), key.subarray(1)];
    const vm = new Machine(script, stack, TAPROOT, SigVersion.TAPSCRIPT, checker, context);
    expect(runScript(vm)).toBe('TAPSCRIPT_VALIDATION_WEIGHT');
    expect(work.verified).toBe(Math.floor((script.length + 150) / 50));
    // All signatures share one hash.
    expect(work.hashes).toBeLessThanOrEqual(7);
  });
});

// Tapscripts are limited only by the block, so every operation must take bounded time: at most 15 microseconds per
// byte. On an idle machine the slowest, hashes, take 1 to 2, and almost all others a tenth of that.
const MOST_NS_PER_BYTE = 15_000;
const SIZE = 60_000;

/** Returns a script of SIZE bytes: `first`, then `unit` repeated. */
function repeat(unit: readonly number[], first: readonly number[] = []): Uint8Array {
  const count = Math.floor((SIZE - first.length) / unit.length);
  return Uint8Array.from([...first, ...Array.from({ length: count }, () => unit).flat()]);
}

const full = (count: number, size: number) => Array.from({ length: count }, () => new Uint8Array(size).fill(7));

/** The slowest scripts of one or a few operations, with initial stacks that make them slow. */
const slow: Readonly<Record<string, readonly [script: Uint8Array, stack?: Uint8Array[], error?: string]>> = {
  'hashing twice': [repeat([Op.OP_HASH160]), full(1, 520)],
  'hashing large elements': [repeat([Op.OP_DUP, Op.OP_HASH256, Op.OP_DROP]), full(1, 520)],
  'RIPEMD-160 and SHA-1': [repeat([Op.OP_RIPEMD160, Op.OP_SHA1]), full(1, 520)],
  'comparing large elements': [repeat([Op.OP_2DUP, Op.OP_EQUAL, Op.OP_DROP]), full(2, 520)],
  'rolling a full stack': [repeat([2, 0xe5, 0x03, Op.OP_ROLL]), full(999, 1)],
  'rolling by its depth': [repeat([Op.OP_DEPTH, Op.OP_1SUB, Op.OP_1SUB, Op.OP_ROLL]), full(998, 1)],
  'picking in a full stack': [repeat([2, 0xe0, 0x03, Op.OP_PICK, Op.OP_DROP]), full(998, 1)],
  'rotating a full stack': [repeat([Op.OP_2ROT, Op.OP_2SWAP, Op.OP_ROT]), full(1000, 1)],
  tucking: [repeat([Op.OP_TUCK, Op.OP_NIP]), full(999, 1)],
  'moving between the stacks': [repeat([Op.OP_TOALTSTACK, Op.OP_FROMALTSTACK]), full(1000, 1)],
  'filling the stack': [repeat([Op.OP_3DUP]), full(3, 520), 'STACK_SIZE'],
  'conditionals inside one another': [repeat([Op.OP_1, Op.OP_IF]), [], 'UNBALANCED_CONDITIONAL'],
  'false conditionals inside one another': [repeat([Op.OP_IF], [Op.OP_0, Op.OP_IF]), [], 'UNBALANCED_CONDITIONAL'],
  'one conditional turned over': [repeat([Op.OP_ELSE], [Op.OP_1, Op.OP_IF]), [], 'UNBALANCED_CONDITIONAL'],
  'deep conditionals turned over': [
    concatBytes(repeat([Op.OP_0, Op.OP_IF]).subarray(0, SIZE / 2), repeat([Op.OP_ELSE]).subarray(SIZE / 2)),
    [],
    'UNBALANCED_CONDITIONAL',
  ],
  adding: [repeat([Op.OP_1ADD, Op.OP_1SUB]), [Uint8Array.of(0xff, 0xff, 0xff, 0x7e)]],
  'signatures of none': [repeat([Op.OP_2DUP, Op.OP_CHECKSIG, Op.OP_DROP]), [none, key.subarray(1)]],
  'code separators': [repeat([Op.OP_CODESEPARATOR]), full(1, 1)],
  pushes: [repeat([Op.OP_PUSHDATA4, 1, 0, 0, 0, 5, Op.OP_DROP])],
};

describe('The time for a script', () => {
  it.each(Object.keys(slow))('is linear in its size: %s', (what) => {
    const [script, stack = [], expected] = slow[what]!;
    const checker = new InputChecker(spend(none, none, [], 1).cache, 0);
    const context = { annexHash: undefined, leafHash: new Uint8Array(32), validationWeightLeft: script.length };
    const vm = new Machine(script, stack, TAPROOT, SigVersion.TAPSCRIPT, checker, context);
    const { elapsed, result } = timed(() => runScript(vm));
    expect(result).toBe(expected);
    expect(elapsed).toBeLessThan(MOST_NS_PER_BYTE * script.length);
    // So is the memory: no element exceeds the size limit.
    expect(vm.stack.length + vm.altStack.length).toBeLessThanOrEqual(1003);
    for (const { length } of vm.stack) expect(length).toBeLessThanOrEqual(520);
  });

  it('that is only parsed is linear in its size', () => {
    const scripts = [
      ...Object.values(slow).map(([script]) => script),
      repeat([Op.OP_CHECKMULTISIG]),
      repeat([Op.OP_0]),
      repeat([9, ...signature]),
      repeat([33, ...key], [Op.OP_1]),
    ];
    for (const script of scripts) {
      for (const read of [disassemble, parseScript, solve, (s: Uint8Array) => legacySigOpCount(s, true)]) {
        expect(timed(() => read(script)).elapsed).toBeLessThan(MOST_NS_PER_BYTE * script.length);
      }
      const text = disassemble(script, true);
      expect(text.length).toBeLessThan(25 * script.length);
    }
  });

  it('before tapscript is bounded by its limits', () => {
    const separators = compileScript(...Array.from({ length: 100 }, () => [Op.OP_CODESEPARATOR, Op.OP_2DUP]).flat());
    const large = concatBytes(separators, new Uint8Array(9000).fill(Op.OP_1));
    const many = pushBytes(signature);
    // FindAndDelete on a script of nothing but signatures.
    const hidden = concatBytes(...Array.from({ length: 900 }, () => many), compileScript(key, Op.OP_CHECKSIG));
    for (const script of [large, hidden, repeat([Op.OP_2DROP]).subarray(0, 10_001)]) {
      const { tx, cache } = spend(script, compileScript(signature, key), [], 1);
      const { elapsed, result } = timed(() => verifyInput(tx, 0, cache, P2SH));
      expect(result).toBeDefined();
      expect(elapsed).toBeLessThan(MOST_NS_PER_BYTE * 10_000);
      const program = compileScript(Op.OP_0, sha256(script));
      const spender = spend(program, none, [signature, key, script], 1);
      const run = timed(() => verifyInput(spender.tx, 0, spender.cache, P2SH | WITNESS));
      expect(run.result).toBeDefined();
      expect(run.elapsed).toBeLessThan(MOST_NS_PER_BYTE * 10_000);
    }
  });
});

/** Returns the result, and the CPU time of the process in nanoseconds. */
function timed<T>(action: () => T): { readonly elapsed: number; readonly result: T } {
  const before = process.cpuUsage();
  const result = action();
  const { user, system } = process.cpuUsage(before);
  return { elapsed: (user + system) * 1000, result };
}
