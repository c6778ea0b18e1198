import { expect, it } from 'vitest';
import { fromHex, fromReversedHex, toHex } from '../../src/bytes/hex.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { STANDARD_SCRIPT_VERIFY_FLAGS } from '../../src/script/flags.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { traceInput } from '../../src/script/trace.ts';
import { conditionsOf, firstMoment, hashTypeName, momentsOf, statesAt } from '../../src/web/model/script-moments.ts';
import { findSpentOutputs, loadSpending, outputsFor, parseTransaction } from '../../src/web/model/script-source.ts';

const none = new Uint8Array(0);
const txids = ['11', '22', '33'].map((byte) => byte.repeat(32));

function spending(scriptSig: Uint8Array): Transaction {
  return new Transaction({
    version: 2,
    inputs: txids.map((txid, vout) => ({
      prevout: { txid: fromReversedHex(txid), vout },
      ...{ scriptSig, sequence: 0, witness: [] },
    })),
    outputs: [],
    lockTime: 0,
  });
}

it('begins at the start of an execution that succeeds, and where another fails', () => {
  const scriptPubKey = compileScript(Op.OP_IF, Op.OP_1, Op.OP_ELSE, Op.OP_RETURN, Op.OP_ENDIF);
  const trace = (script: Uint8Array, scriptSig: Uint8Array) =>
    traceInput(
      spending(scriptSig),
      0,
      txids.map(() => ({ value: 1n, scriptPubKey: script })),
      STANDARD_SCRIPT_VERIFY_FLAGS,
    );
  const valid = trace(scriptPubKey, compileScript(Op.OP_1));
  expect(momentsOf(valid)).toHaveLength(2 + 6);
  expect(firstMoment(valid)).toBe(0);
  expect(statesAt(valid.phases[0]!, undefined)[1].stack).toEqual([]);
  expect(statesAt(valid.phases[0]!, 0).map(({ stack }) => stack.length)).toEqual([0, 1]);

  const failed = trace(scriptPubKey, compileScript(Op.OP_0));
  expect(failed.error).toBe('OP_RETURN');
  expect(momentsOf(failed)[firstMoment(failed)]).toEqual({ phase: 1, step: 3 });
  // After the last operation, it is the last one.
  const isFalse = trace(compileScript(Op.OP_0), compileScript(Op.OP_1));
  expect(momentsOf(isFalse)[firstMoment(isFalse)]).toEqual({ phase: 1, step: 0 });
  const unbegun = trace(compileScript(Op.OP_0, new Uint8Array(32).fill(1)), none);
  expect([unbegun.error, momentsOf(unbegun), firstMoment(unbegun)]).toEqual(['WITNESS_PROGRAM_WITNESS_EMPTY', [], 0]);
});

it('names conditionals and hash types', () => {
  const state = { stack: [], altStack: [], opCount: 0, validationWeightLeft: undefined };
  expect(conditionsOf({ ...state, conditionalDepth: 2, falseDepth: 0 })).toEqual(['taken', 'taken']);
  expect(conditionsOf({ ...state, conditionalDepth: 3, falseDepth: 2 })).toEqual(['taken', 'notTaken', 'unreached']);
  const names = (algorithm: 'ecdsa' | 'schnorr') =>
    [0, 1, 0x83, 0x80, 0x55].map((type) => hashTypeName({ algorithm }, type));
  const others = ['ALL (0x01)', 'SINGLE|ANYONECANPAY (0x83)', '0x80', '0x55'];
  expect(names('schnorr')).toEqual(['DEFAULT (0x00)', ...others]);
  expect(names('ecdsa')).toEqual(['0x00', ...others]);
});

/** Nodes that have what is in the table. */
function nodes(answers: Readonly<Record<string, unknown>>) {
  const calls: string[] = [];
  const answer = async <T>(method: string, params: readonly unknown[]): Promise<T> => {
    const call = [method, ...params].join(' ');
    calls.push(call);
    if (!(call in answers)) throw new Error(`no answer to ${call}`);
    return answers[call] as T;
  };
  return {
    calls,
    callAny: answer,
    findTransaction: <T>(txid: string) => answer<T>('find', [txid]),
  };
}

const output = (value: number, hex: string) => ({ value, scriptPubKey: { hex } });

it('finds the outputs that a transaction spends: unspent ones, those of transactions, or none', async () => {
  const tx = spending(none);
  const found = nodes({
    [`gettxout ${txids[0]} 0 false`]: output(20_999_999.9769, '51'),
    [`gettxout ${txids[1]} 1 false`]: null,
    [`find ${txids[1]}`]: { hex: '', vin: [], vout: [output(1, '52'), output(0.00000001, '53')] },
    [`gettxout ${txids[2]} 2 false`]: null,
  });
  const spent = await findSpentOutputs(found, tx);
  expect(spent.map((each) => each && `${each.value} ${toHex(each.scriptPubKey)}`)).toEqual([
    ...['2099999997690000 51', '1 53', undefined],
  ]);
  // A signature before Taproot needs its own output only.
  expect(outputsFor(spent, 0)?.map(({ value }) => value)).toEqual([2_099_999_997_690_000n, 1n, 0n]);
  expect(outputsFor(spent, 2)).toBeUndefined();
  const taproot = { value: 1n, scriptPubKey: compileScript(Op.OP_1, new Uint8Array(32)) };
  expect(outputsFor([taproot, spent[1], undefined], 0)).toBeUndefined();
  expect(outputsFor([taproot, spent[1], spent[0]], 0)).toHaveLength(3);
});

it('finds the outputs of many inputs, in their order', async () => {
  const inputs = Array.from({ length: 120 }, (_, vout) => ({
    prevout: { txid: new Uint8Array(32), vout },
    ...{ scriptSig: none, sequence: 0, witness: [] },
  }));
  const tx = new Transaction({ version: 2, inputs, outputs: [], lockTime: 0 });
  const answers = inputs.map((_, vout) => [`gettxout ${'00'.repeat(32)} ${vout} false`, output(vout, '51')]);
  const spent = await findSpentOutputs(nodes(Object.fromEntries(answers)), tx);
  expect(spent.map((each) => Number(each!.value) / 1e8)).toEqual(inputs.map((_, i) => i));
});

it('reads the outputs that a confirmed transaction has spent from its block', async () => {
  const tx = spending(none);
  const txid = 'ab'.repeat(32);
  const found = nodes({
    [`find ${txid}`]: { hex: toHex(tx.encode()), blockhash: 'cd', vin: [], vout: [] },
    [`getrawtransaction ${txid} 2 cd`]: { vin: [{ prevout: output(3, '51') }, {}, {}] },
  });
  const { spentOutputs, isConfirmed } = await loadSpending(found, txid);
  expect([isConfirmed, spentOutputs.map((each) => each?.value)]).toEqual([true, [300_000_000n, undefined, undefined]]);
});

it('reads a transaction of hex, with space around it, and nothing else', () => {
  const hex = toHex(spending(none).encode());
  expect(parseTransaction(`  ${hex.toUpperCase()}\n`)?.encode()).toEqual(fromHex(hex));
  for (const text of ['', 'xyz', hex.slice(2), `${hex}00`]) expect(parseTransaction(text)).toBeUndefined();
});
