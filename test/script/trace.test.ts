import { beforeAll, describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { fromHex, toHex, toReversedHex } from '../../src/bytes/hex.ts';
import { hash160, sha256 } from '../../src/crypto/hash.ts';
import { secp256k1, useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { MANDATORY_SCRIPT_VERIFY_FLAGS, STANDARD_SCRIPT_VERIFY_FLAGS } from '../../src/script/flags.ts';
import { Op, opcodeName } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { legacyParts, SighashCache, segwitV0Parts, taprootParts } from '../../src/script/sighash/index.ts';
import { tapLeafHash, tapTweakHash } from '../../src/script/taproot.ts';
import { type ScriptTrace, traceInput } from '../../src/script/trace.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { Choice } from '../support/choice.ts';
import { RandomSpends, spendRandomly } from '../support/random-spends.ts';
import { signEcdsa, signSchnorr } from '../support/signing.ts';
import { describeVectors, vectorJson } from '../support/vectors.ts';
import { ALL_FLAGS, fillFlags } from './support/assemble.ts';
import { buildSpend, loadAssets } from './support/assets.ts';
import { buildCase, parseCase, type Row } from './support/cases.ts';
import { checkedTrace, hashOfParts } from './support/check-trace.ts';
import { loadTxCases, namedFlags } from './support/tx-cases.ts';

beforeAll(() => {
  useSecp256k1Engine('native');
});

describeVectors("Traces of Core's script tests", 'core/script_tests.json', () => {
  it('have the expected errors', () => {
    const wrong: string[] = [];
    for (const row of vectorJson<Row[]>('core/script_tests.json')) {
      if (row.length === 1) continue;
      const entry = parseCase(row);
      const { tx, spent } = buildCase(entry);
      const { error } = checkedTrace(tx, 0, [spent], fillFlags(entry.flags));
      if (error !== entry.expected) wrong.push(`${error} instead of ${entry.expected}: ${entry.name}`);
    }
    expect(wrong).toEqual([]);
  });
});

describeVectors("Traces of Core's transactions", 'core/tx_valid.json', () => {
  it.each(['valid', 'invalid'] as const)('have the results of verifyInput: %s', (kind) => {
    for (const { tx, spent, flags } of loadTxCases(`core/tx_${kind}.json`)) {
      if (flags === 'BADTX') continue;
      const applied = kind === 'valid' ? ALL_FLAGS & ~namedFlags(flags) : namedFlags(flags);
      const errors = tx.inputs.map((_, i) => checkedTrace(tx, i, spent, applied).error);
      expect(errors.every((error) => error === undefined)).toBe(kind === 'valid');
    }
  });
});

describeVectors("Traces of Core's script assets", 'taproot/script_assets.json', () => {
  it('have the results of verifyInput', { timeout: 60_000 }, () => {
    let failures = 0;
    for (const asset of loadAssets()) {
      const { index, prevouts, flags, success, failure } = asset;
      if (success) expect(checkedTrace(buildSpend(asset, success), index, prevouts, flags).error).toBeUndefined();
      if (failure && checkedTrace(buildSpend(asset, failure), index, prevouts, flags).error) failures++;
    }
    expect(failures).toBe(1554);
  });
});

it('traces random scripts as verifyInput verifies them', () => {
  const choice = new Choice(new SeededRandom(41));
  const spends = new RandomSpends(choice);
  for (let i = 0; i < 1_000; i++) {
    const kind = spends.next();
    const tx = spendRandomly(kind, { txid: new Uint8Array(32), vout: 0 }, choice);
    const spent = { value: 1_000_000n, scriptPubKey: kind.scriptPubKey };
    for (const flags of [MANDATORY_SCRIPT_VERIFY_FLAGS, STANDARD_SCRIPT_VERIFY_FLAGS])
      checkedTrace(tx, 0, [spent], flags);
  }
});

describe('The parts of a signature hash', () => {
  describeVectors("of Core's legacy vectors", 'core/sighash.json', () => {
    it('hash to it', () => {
      type SighashRow = readonly [tx: string, script: string, input: number, hashType: number, hash: string];
      for (const [raw, script, input, type, hash] of vectorJson<SighashRow[]>('core/sighash.json').slice(1)) {
        const parts = legacyParts(new SighashCache(Transaction.decode(fromHex(raw)), []), input, fromHex(script), type);
        expect(toReversedHex(parts.hash)).toBe(hash);
        expect(hashOfParts(parts)).toBe(toHex(parts.hash));
      }
    });
  });

  it("are those of BIP143's first example", () => {
    const tx = Transaction.decode(
      fromHex(
        '0100000002fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f0000000000eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac11000000',
      ),
    );
    const spent = [625_000_000n, 600_000_000n].map((value) => ({ value, scriptPubKey: new Uint8Array(0) }));
    const code = fromHex('76a9141d0f172a0ecb48aee1be1f2687d2963ae33f71a188ac');
    const { fields, hash } = segwitV0Parts(new SighashCache(tx, spent), 1, code, 1);
    expect(toHex(hash)).toBe('c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670');
    expect(fields.map(({ name, bytes }) => [name, toHex(bytes)])).toEqual([
      ['version', '01000000'],
      ['hashPrevouts', '96b827c8483d4e9b96712b6713a7b68d6e8003a781feba36c31143470b4efd37'],
      ['hashSequence', '52b0a642eea2fb7ae638c36f6252b6750293dbe574a806984b8e4d8548339a3b'],
      ['outpoint', 'ef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a01000000'],
      ['scriptCode', '1976a9141d0f172a0ecb48aee1be1f2687d2963ae33f71a188ac'],
      ['amount', '0046c32300000000'],
      ['sequence', 'ffffffff'],
      ['hashOutputs', '863ef3e1a92afbfdb97f31ad0fc7683ee943e9abcf2501590ff8f6551f47e5e5'],
      ['lockTime', '11000000'],
      ['hashType', '01000000'],
    ]);
  });

  describeVectors("of BIP341's key path spends", 'bips/bip341-wallet.json', () => {
    it('are the messages of the BIP', () => {
      interface Spending {
        readonly given: {
          readonly rawUnsignedTx: string;
          readonly utxosSpent: { scriptPubKey: string; amountSats: number }[];
        };
        readonly inputSpending: {
          readonly given: { readonly txinIndex: number; readonly hashType: number };
          readonly intermediary: { readonly sigMsg: string; readonly sigHash: string };
        }[];
      }
      const { keyPathSpending } = vectorJson<{ keyPathSpending: Spending[] }>('bips/bip341-wallet.json');
      const { given, inputSpending } = keyPathSpending[0]!;
      const spent = given.utxosSpent.map(({ scriptPubKey, amountSats }) => ({
        value: BigInt(amountSats),
        scriptPubKey: fromHex(scriptPubKey),
      }));
      const cache = new SighashCache(Transaction.decode(fromHex(given.rawUnsignedTx)), spent);
      const context = { annexHash: undefined, leafHash: undefined };
      for (const { given: input, intermediary } of inputSpending) {
        const parts = taprootParts(cache, input.txinIndex, input.hashType, context, 0xffff_ffff)!;
        expect(toHex(concatBytes(...parts.fields.map(({ bytes }) => bytes)))).toBe(intermediary.sigMsg);
        expect(toHex(parts.hash)).toBe(intermediary.sigHash);
      }
      expect(inputSpending).toHaveLength(7);
    });
  });
});

const none = new Uint8Array(0);
const secret = sha256(Uint8Array.of(7));
const key = secp256k1().publicKey(secret)!;
const xOnlyKey = key.subarray(1);

function spendingTx(scriptSig: Uint8Array, witness: readonly Uint8Array[], sequence = 10): Transaction {
  return new Transaction({
    version: 2,
    inputs: [{ prevout: { txid: new Uint8Array(32).fill(5), vout: 3 }, scriptSig, sequence, witness }],
    outputs: [{ value: 1n, scriptPubKey: none }],
    lockTime: 100,
  });
}

function trace(scriptPubKey: Uint8Array, scriptSig: Uint8Array, witness: readonly Uint8Array[] = []): ScriptTrace {
  return checkedTrace(spendingTx(scriptSig, witness), 0, [{ value: 2n, scriptPubKey }], STANDARD_SCRIPT_VERIFY_FLAGS);
}

/** Each step as a line: its opcode, whether it was executed, and the stack after it. */
function lines({ phases }: ScriptTrace, phase: number): string[] {
  return phases[phase]!.steps.map(
    ({ opcode, data, isExecuted, after }) =>
      `${isExecuted ? '' : '- '}${data?.length ? 'push' : opcodeName(opcode)}: ${after.stack.map((element) => toHex(element).slice(0, 8)).join(' ')}`,
  );
}

describe('A trace', () => {
  const p2sh = (script: Uint8Array) => compileScript(Op.OP_HASH160, hash160(script), Op.OP_EQUAL);

  it('has each script of P2SH, with the stacks at each step', () => {
    const redeem = compileScript(Op.OP_ADD, Op.OP_5, Op.OP_EQUAL);
    const found = trace(p2sh(redeem), compileScript(Op.OP_2, Op.OP_3, redeem));
    expect(found.error).toBeUndefined();
    expect(found.phases.map(({ phase }) => phase)).toEqual(['scriptSig', 'scriptPubKey', 'redeemScript']);
    expect(lines(found, 0)).toEqual(['2: 02', '3: 02 03', 'push: 02 03 935587']);
    expect(lines(found, 1).at(-1)).toBe('OP_EQUAL: 02 03 01');
    expect(lines(found, 2)).toEqual(['OP_ADD: 05', '5: 05 05', 'OP_EQUAL: 01']);
    expect(found.phases[2]!.initial.stack.map(toHex)).toEqual(['02', '03']);
    expect(found.phases[2]!.steps.map(({ after }) => after.opCount)).toEqual([1, 1, 2]);
  });

  it('has the branches that are skipped, and the second stack', () => {
    const script = compileScript(
      ...[Op.OP_0, Op.OP_IF, Op.OP_1, Op.OP_IF, Op.OP_ELSE, Op.OP_ENDIF, Op.OP_ELSE],
      ...[Op.OP_1, Op.OP_TOALTSTACK, Op.OP_ENDIF, Op.OP_FROMALTSTACK],
    );
    const found = trace(script, none);
    expect(found.error).toBeUndefined();
    expect(lines(found, 1)).toEqual([
      ...['0: ', 'OP_IF: ', '- 1: ', '- OP_IF: ', '- OP_ELSE: ', '- OP_ENDIF: ', 'OP_ELSE: '],
      ...['1: 01', 'OP_TOALTSTACK: ', 'OP_ENDIF: ', 'OP_FROMALTSTACK: 01'],
    ]);
    const { steps } = found.phases[1]!;
    expect(steps.map(({ after }) => [after.conditionalDepth, after.falseDepth])).toEqual([
      ...[
        [0, 0],
        [1, 1],
        [1, 1],
        [2, 1],
        [2, 1],
        [1, 1],
        [1, 0],
        [1, 0],
        [1, 0],
        [0, 0],
        [0, 0],
      ],
    ]);
    expect(steps[8]!.after.altStack.map(toHex)).toEqual(['01']);
  });

  it('says that an operation failed, or a check after the last one', () => {
    const failing = trace(compileScript(Op.OP_2, Op.OP_EQUALVERIFY, Op.OP_1), compileScript(Op.OP_3));
    expect([failing.error, failing.place]).toEqual(['EQUALVERIFY', { phase: 1, step: 1 }]);
    // The operation has left its result.
    expect(lines(failing, 1).at(-1)).toBe('OP_EQUALVERIFY: ');
    const unbalanced = trace(compileScript(Op.OP_1, Op.OP_1, Op.OP_IF), none);
    expect([unbalanced.error, unbalanced.place]).toEqual(['UNBALANCED_CONDITIONAL', { phase: 1, step: undefined }]);
    const broken = trace(Uint8Array.of(Op.OP_1, 5, 1), none);
    expect([broken.error, broken.place]).toEqual(['BAD_OPCODE', { phase: 1, step: undefined }]);
    expect(broken.phases[1]!.steps).toHaveLength(1);
    const isFalse = trace(compileScript(Op.OP_0), none);
    expect([isFalse.error, isFalse.place]).toEqual(['EVAL_FALSE', { phase: 1, step: undefined }]);
    const unlocked = trace(compileScript(Op.OP_1, new Uint8Array(32).fill(1)), none, [new Uint8Array(64)]);
    expect([unlocked.error, unlocked.place]).toEqual(['SCHNORR_SIG', { phase: 0, step: undefined }]);
    const mismatch = trace(compileScript(Op.OP_0, new Uint8Array(32).fill(1)), none, [none]);
    expect([mismatch.error, mismatch.place]).toEqual([
      'WITNESS_PROGRAM_MISMATCH',
      { phase: undefined, step: undefined },
    ]);
    const number = trace(compileScript(new Uint8Array(5).fill(1), Op.OP_1ADD), none);
    expect([number.error, number.place]).toEqual(['SCRIPTNUM', { phase: 1, step: 1 }]);
  });

  it('has the signature of P2WPKH with what it signs', () => {
    const scriptPubKey = compileScript(Op.OP_0, hash160(key));
    const code = compileScript(Op.OP_DUP, Op.OP_HASH160, hash160(key), Op.OP_EQUALVERIFY, Op.OP_CHECKSIG);
    const cache = new SighashCache(spendingTx(none, []), [{ value: 2n, scriptPubKey }]);
    const signature = concatBytes(signEcdsa(segwitV0Parts(cache, 0, code, 0x83).hash, secret), Uint8Array.of(0x83));
    const found = trace(scriptPubKey, none, [signature, key]);
    expect(found.error).toBeUndefined();
    expect(found.phases.map(({ phase, sigOpCost }) => [phase, sigOpCost])).toEqual([['witnessKeyHash', 1]]);
    const [check, ...more] = found.phases[0]!.signatures;
    expect(more).toEqual([]);
    expect(check).toMatchObject({ step: 4, algorithm: 'ecdsa', hashType: 0x83, isValid: true });
    expect([toHex(check!.signature), toHex(check!.publicKey)]).toEqual([toHex(signature), toHex(key)]);
    expect(check!.parts!.rules).toBe('segwitV0');
    // An empty signature signs nothing.
    const empty = trace(scriptPubKey, none, [none, key]);
    expect(empty.error).toBe('EVAL_FALSE');
    expect(empty.phases[0]!.signatures[0]).toMatchObject({ hashType: undefined, parts: undefined, isValid: false });
  });

  it('has the signature of a key path, and the budget of a tapscript', () => {
    const script = compileScript(xOnlyKey, Op.OP_CHECKSIGVERIFY, Op.OP_0, xOnlyKey, Op.OP_CHECKSIG, Op.OP_NOT);
    const leafHash = tapLeafHash(0xc0, script);
    const internalKey = secp256k1().xOnlyPublicKey(secret)!;
    const output = secp256k1().xOnlyTweakAdd(internalKey, tapTweakHash(internalKey, leafHash))!;
    const scriptPubKey = compileScript(Op.OP_1, output.subarray(1));
    const control = concatBytes(Uint8Array.of(0xc0 + (output[0]! & 1)), internalKey);
    const cache = new SighashCache(spendingTx(none, []), [{ value: 2n, scriptPubKey }]);
    const parts = taprootParts(cache, 0, 0, { annexHash: undefined, leafHash }, 0xffff_ffff)!;
    const witness = [signSchnorr(parts.hash, secret), script, control];
    const found = trace(scriptPubKey, none, witness);
    expect(found.error).toBeUndefined();
    const [phase] = found.phases;
    expect([phase!.phase, phase!.sigOpCost]).toEqual(['tapscript', undefined]);
    const size = 1 + witness.reduce((sum, { length }) => sum + 1 + length, 0);
    expect(phase!.steps.map(({ after }) => after.validationWeightLeft! - size - 50)).toEqual([
      0, -50, -50, -50, -50, -50,
    ]);
    expect(phase!.initial.opCount).toBeUndefined();
    expect(phase!.signatures.map(({ step, isValid }) => [step, isValid])).toEqual([[1, true]]);

    const keyPath = compileScript(Op.OP_1, internalKey);
    const keyCache = new SighashCache(spendingTx(none, []), [{ value: 2n, scriptPubKey: keyPath }]);
    const signed = taprootParts(keyCache, 0, 0, { annexHash: undefined, leafHash: undefined }, 0xffff_ffff)!;
    const evenSecret = key[0] === 2 ? secret : undefined;
    const spent = trace(keyPath, none, [signSchnorr(signed.hash, evenSecret ?? secret)]);
    expect(spent.error).toBeUndefined();
    expect(spent.phases).toHaveLength(1);
    expect(spent.phases[0]).toMatchObject({ phase: 'keyPath', isRun: true, steps: [], sigOpCost: undefined });
    expect(spent.phases[0]!.signatures[0]).toMatchObject({ step: undefined, algorithm: 'schnorr', hashType: 0 });
    // A signature of an undefined hash type signs nothing.
    const undefinedType = trace(keyPath, none, [concatBytes(new Uint8Array(64), Uint8Array.of(0x55))]);
    expect(undefinedType.error).toBe('SCHNORR_SIG_HASHTYPE');
    expect(undefinedType.phases[0]!.signatures[0]).toMatchObject({ hashType: 0x55, parts: undefined, isValid: false });
  });

  it('has a tapscript that an OP_SUCCESSx ends', () => {
    const script = Uint8Array.of(0x50);
    const internalKey = secp256k1().xOnlyPublicKey(secret)!;
    const output = secp256k1().xOnlyTweakAdd(internalKey, tapTweakHash(internalKey, tapLeafHash(0xc0, script)))!;
    const control = concatBytes(Uint8Array.of(0xc0 + (output[0]! & 1)), internalKey);
    const tx = spendingTx(none, [script, control]);
    const spent = [{ value: 2n, scriptPubKey: compileScript(Op.OP_1, output.subarray(1)) }];
    const found = checkedTrace(tx, 0, spent, MANDATORY_SCRIPT_VERIFY_FLAGS);
    expect(found.error).toBeUndefined();
    expect(found.phases[0]).toMatchObject({ phase: 'tapscript', isRun: false, steps: [] });
    expect(checkedTrace(tx, 0, spent, STANDARD_SCRIPT_VERIFY_FLAGS).error).toBe('DISCOURAGE_OP_SUCCESS');
  });

  it('counts signature operations as the input pays for them', () => {
    const redeem = compileScript(Op.OP_0, Op.OP_0, Op.OP_0, key, Op.OP_1, Op.OP_CHECKMULTISIG, Op.OP_CHECKSIG, Op.OP_1);
    const costs = trace(p2sh(redeem), compileScript(redeem)).phases.map(({ sigOpCost }) => sigOpCost);
    expect(costs).toEqual([0, 0, 8]);
    const bare = trace(compileScript(Op.OP_CHECKSIG), compileScript(Op.OP_0, key, Op.OP_1)).phases;
    expect(bare.map(({ sigOpCost }) => sigOpCost)).toEqual([0, 0]);
    // Without regard to the number of keys, as legacy scripts are counted.
    const unlock = compileScript(Op.OP_0, Op.OP_0, Op.OP_0, key, Op.OP_1, Op.OP_CHECKMULTISIG);
    expect(trace(compileScript(Op.OP_NOP), unlock).phases.map(({ sigOpCost }) => sigOpCost)).toEqual([80, 0]);
  });

  it('keeps bounded numbers of steps and bytes, and has the same error', () => {
    const tx = spendingTx(none, []);
    const script = compileScript(...new Array<number>(900).fill(Op.OP_1), Op.OP_RETURN);
    const spent = [{ value: 2n, scriptPubKey: script }];
    const whole = traceInput(tx, 0, spent, 0);
    expect([whole.error, whole.place, whole.isTruncated]).toEqual(['OP_RETURN', { phase: 1, step: 900 }, false]);
    const short = traceInput(tx, 0, spent, 0, { maxSteps: 10 });
    expect([short.error, short.place, short.isTruncated]).toEqual(['OP_RETURN', { phase: 1, step: undefined }, true]);
    expect(short.phases[1]!.steps).toHaveLength(10);
    expect(short.phases[1]!.steps[9]!.after.stack).toHaveLength(10);
    const small = traceInput(tx, 0, spent, 0, { maxBytes: 100_000 });
    expect([small.error, small.isTruncated]).toEqual(['OP_RETURN', true]);
    const { steps } = small.phases[1]!;
    const elements = steps.reduce((sum, { after }) => sum + after.stack.length, 0);
    expect(elements * 8).toBeLessThan(110_000);
    expect(elements * 8 + steps.length * 128).toBeGreaterThan(90_000);
    // Without room for the preimage, the signature is there without it.
    const checking = compileScript(new Uint8Array(9).fill(1), key, Op.OP_CHECKSIG, Op.OP_NOT);
    const [, phase] = traceInput(tx, 0, [{ value: 2n, scriptPubKey: checking }], 0, { maxBytes: 700 }).phases;
    expect(phase!.signatures.map(({ parts }) => parts)).toEqual([undefined]);
    // Preimages are counted: of a hundred, a tenth fits.
    const hundred = compileScript(
      ...Array.from({ length: 100 }, () => [new Uint8Array(9).fill(1), key, Op.OP_CHECKSIG, Op.OP_DROP]).flat(),
      Op.OP_1,
    );
    const [, checked] = traceInput(tx, 0, [{ value: 2n, scriptPubKey: hundred }], 0, { maxBytes: 60_000 }).phases;
    expect(checked!.signatures.filter(({ parts }) => parts).length).toBeLessThan(15);
    const big = traceInput(
      spendingTx(none, [...new Array<Uint8Array>(5_000).fill(none), checking]),
      0,
      [{ value: 2n, scriptPubKey: compileScript(Op.OP_0, sha256(checking)) }],
      STANDARD_SCRIPT_VERIFY_FLAGS,
    );
    expect(big.phases[0]!.initial.stack).toHaveLength(2_000);
    expect([big.error, big.isTruncated]).toEqual(['STACK_SIZE', true]);
  });

  it('refuses an input that is not there, and outputs of other inputs', () => {
    const tx = spendingTx(none, []);
    const spent = { value: 1n, scriptPubKey: none };
    expect(() => traceInput(tx, 1, [spent], 0)).toThrow(RangeError);
    expect(() => traceInput(tx, 0, [], 0)).toThrow('0 spent outputs for 1 inputs');
  });
});
