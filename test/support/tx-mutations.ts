import { MAX_MONEY } from '../../src/primitives/amount.ts';
import { nullOutPoint } from '../../src/primitives/outpoint.ts';
import { Transaction, type TransactionFields, type TxIn, type TxOut } from '../../src/primitives/transaction.ts';
import type { Choice } from './choice.ts';

type Mutate = (fields: TransactionFields, choice: Choice) => TransactionFields;

const INT64_MAX = (1n << 63n) - 1n;

/** Changes one input. */
const input =
  (change: (input: TxIn, choice: Choice) => Partial<TxIn>): Mutate =>
  (fields, choice) => {
    const { inputs } = fields;
    if (inputs.length === 0) return fields;
    const at = choice.int(inputs.length);
    return { ...fields, inputs: inputs.with(at, { ...inputs[at]!, ...change(inputs[at]!, choice) }) };
  };

/** Changes one output. */
const output =
  (change: (output: TxOut, choice: Choice) => Partial<TxOut>): Mutate =>
  (fields, choice) => {
    const { outputs } = fields;
    if (outputs.length === 0) return fields;
    const at = choice.int(outputs.length);
    return { ...fields, outputs: outputs.with(at, { ...outputs[at]!, ...change(outputs[at]!, choice) }) };
  };

/** One change for every field and rule of a transaction, done without signing anew. */
const txMutations: Readonly<Record<string, Mutate>> = {
  'version bit': (fields) => ({ ...fields, version: fields.version ^ 1 }),
  'any version': (fields, choice) => ({ ...fields, version: choice.pick([0, 1, 2, 3, 4, 0x8000_0000, 0xffff_ffff]) }),
  'lock time': (fields) => ({ ...fields, lockTime: fields.lockTime + 1 }),
  'any lock time': (fields, choice) => ({ ...fields, lockTime: choice.pick([499_999_999, 500_000_000, 0xffff_ffff]) }),

  'unknown vout': input(({ prevout }) => ({ prevout: { ...prevout, vout: 77 } })),
  'vout bit': input(({ prevout }) => ({ prevout: { ...prevout, vout: prevout.vout ^ 1 } })),
  'unknown txid': input((_, choice) => ({ prevout: { txid: choice.bytes(32), vout: 0 } })),
  'null prevout': input((_, choice) => ({
    prevout: nullOutPoint,
    scriptSig: new Uint8Array(choice.pick([0, 1, 2, 100, 101])),
  })),
  'null vout': input(({ prevout }) => ({ prevout: { ...prevout, vout: nullOutPoint.vout } })),
  'null txid': input(() => ({ prevout: { ...nullOutPoint, vout: 0 } })),
  sequence: input(({ sequence }, choice) => ({ sequence: (sequence ^ (1 << choice.int(32))) >>> 0 })),
  'any sequence': input((_, choice) => ({
    sequence: choice.pick([0, 1, 0x40_0001, 0xffff, 0xffff_fffe, 0xffff_ffff]),
  })),
  'scriptSig bit': input(({ scriptSig }, choice) => ({ scriptSig: choice.flipBit(scriptSig) })),
  'scriptSig with one push more': input(({ scriptSig }) => ({ scriptSig: Uint8Array.of(0x51, ...scriptSig) })),
  'scriptSig with one opcode more': input(({ scriptSig }, choice) => ({
    scriptSig: Uint8Array.of(...scriptSig, choice.pick([0x50, 0x61, 0x6a, 0x76, 0xff])),
  })),
  'scriptSig cut': input(({ scriptSig }) => ({ scriptSig: scriptSig.subarray(0, -1) })),
  'no scriptSig': input(() => ({ scriptSig: new Uint8Array(0) })),
  'no witness': input(() => ({ witness: [] })),
  'witness with one item more': input(({ witness }) => ({ witness: [...witness, new Uint8Array(1)] })),
  'witness with one item less': input(({ witness }) => ({ witness: witness.slice(1) })),
  'witness bits': input(({ witness }, choice) => ({ witness: witness.map((item) => choice.flipBit(item)) })),
  'witness item cut': input(({ witness }) => ({ witness: witness.map((item) => item.subarray(0, -1)) })),
  'witness item emptied': input(({ witness }, choice) => ({
    witness: witness.length > 0 ? witness.with(choice.int(witness.length), new Uint8Array(0)) : witness,
  })),
  'witness backwards': input(({ witness }) => ({ witness: witness.toReversed() })),
  'witness with an annex in front': input(({ witness }) => ({ witness: [Uint8Array.of(0x50), ...witness] })),
  'witness with an annex': input(({ witness }, choice) => ({
    witness: [...witness, Uint8Array.of(0x50, choice.int(9))],
  })),
  'witness item too large': input(({ witness }, choice) => ({
    witness: [new Uint8Array(choice.pick([520, 521])), ...witness],
  })),

  'input twice': (fields, choice) => ({
    ...fields,
    inputs: fields.inputs.length > 0 ? [...fields.inputs, choice.pick(fields.inputs)] : [],
  }),
  'input less': (fields) => ({ ...fields, inputs: fields.inputs.length > 1 ? fields.inputs.slice(1) : fields.inputs }),
  'inputs backwards': (fields) => ({ ...fields, inputs: fields.inputs.toReversed() }),
  'null input more': (fields) => ({
    ...fields,
    inputs: [...fields.inputs, { prevout: nullOutPoint, scriptSig: new Uint8Array(2), sequence: 0, witness: [] }],
  }),

  'no outputs': (fields) => ({ ...fields, outputs: [] }),
  'output less': (fields) => ({ ...fields, outputs: fields.outputs.slice(1) }),
  'outputs backwards': (fields) => ({ ...fields, outputs: fields.outputs.toReversed() }),
  'negative value': output((_, choice) => ({ value: choice.pick([-1n, -INT64_MAX - 1n]) })),
  'value above all money': output((_, choice) => ({ value: choice.pick([MAX_MONEY + 1n, INT64_MAX]) })),
  'all money': output(() => ({ value: MAX_MONEY })),
  'all money more': (fields) => ({
    ...fields,
    outputs: [...fields.outputs, { scriptPubKey: Uint8Array.of(0x51), value: MAX_MONEY }],
  }),
  'one satoshi more': output(({ value }) => ({ value: value + 1n })),
  'one satoshi less': output(({ value }) => ({ value: value > 0n ? value - 1n : value })),
  'much more': output(({ value }) => ({ value: value + 1_000_000n })),
  'scriptPubKey bit': output(({ scriptPubKey }, choice) => ({ scriptPubKey: choice.flipBit(scriptPubKey) })),
  'no scriptPubKey': output(() => ({ scriptPubKey: new Uint8Array(0) })),
  'many outputs': (fields, choice) => ({
    ...fields,
    outputs: Array.from({ length: choice.pick([3200, 3300]) }, () => ({
      value: 0n,
      scriptPubKey: fields.outputs[0]?.scriptPubKey ?? new Uint8Array(0),
    })),
  }),
};

export const txMutationNames: readonly string[] = Object.keys(txMutations);

/** The transaction with one change, its numbers cut to what they can be on the wire. */
export function mutateTransaction(tx: Transaction, name: string, choice: Choice): Transaction {
  const { version, inputs, outputs, lockTime } = tx;
  const fields = txMutations[name]!({ version, inputs, outputs, lockTime }, choice);
  return new Transaction({ ...fields, version: fields.version >>> 0, lockTime: fields.lockTime >>> 0 });
}
