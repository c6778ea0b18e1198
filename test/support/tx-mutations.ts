import { MAX_MONEY } from '../../src/primitives/amount.ts';
import { nullOutPoint } from '../../src/primitives/outpoint.ts';
import { Transaction, type TransactionFields, type TxIn, type TxOut } from '../../src/primitives/transaction.ts';
import type { Choice } from './choice.ts';

type Mutate = (fields: TransactionFields, choice: Choice) => TransactionFields;

const INT64_MAX = (1n << 63n) - 1n;

/** Changes a random input. */
const input =
  (change: (input: TxIn, choice: Choice) => Partial<TxIn>): Mutate =>
  (fields, choice) => {
    const { inputs } = fields;
    if (inputs.length === 0) return fields;
    const at = choice.int(inputs.length);
    return { ...fields, inputs: inputs.with(at, { ...inputs[at]!, ...change(inputs[at]!, choice) }) };
  };

/** Changes a random output. */
const output =
  (change: (output: TxOut, choice: Choice) => Partial<TxOut>): Mutate =>
  (fields, choice) => {
    const { outputs } = fields;
    if (outputs.length === 0) return fields;
    const at = choice.int(outputs.length);
    return { ...fields, outputs: outputs.with(at, { ...outputs[at]!, ...change(outputs[at]!, choice) }) };
  };

/** A mutation for each field and each rule of a transaction. The signatures are not updated. */
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
  'scriptSig with an extra push': input(({ scriptSig }) => ({ scriptSig: Uint8Array.of(0x51, ...scriptSig) })),
  'scriptSig with an extra opcode': input(({ scriptSig }, choice) => ({
    scriptSig: Uint8Array.of(...scriptSig, choice.pick([0x50, 0x61, 0x6a, 0x76, 0xff])),
  })),
  'scriptSig truncated': input(({ scriptSig }) => ({ scriptSig: scriptSig.subarray(0, -1) })),
  'no scriptSig': input(() => ({ scriptSig: new Uint8Array(0) })),
  'no witness': input(() => ({ witness: [] })),
  'witness with an extra item': input(({ witness }) => ({ witness: [...witness, new Uint8Array(1)] })),
  'witness without its first item': input(({ witness }) => ({ witness: witness.slice(1) })),
  'witness bits': input(({ witness }, choice) => ({ witness: witness.map((item) => choice.flipBit(item)) })),
  'witness items truncated': input(({ witness }) => ({ witness: witness.map((item) => item.subarray(0, -1)) })),
  'witness item emptied': input(({ witness }, choice) => ({
    witness: witness.length > 0 ? witness.with(choice.int(witness.length), new Uint8Array(0)) : witness,
  })),
  'witness reversed': input(({ witness }) => ({ witness: witness.toReversed() })),
  'annex as the first witness item': input(({ witness }) => ({ witness: [Uint8Array.of(0x50), ...witness] })),
  'witness with an annex': input(({ witness }, choice) => ({
    witness: [...witness, Uint8Array.of(0x50, choice.int(9))],
  })),
  'witness item too large': input(({ witness }, choice) => ({
    witness: [new Uint8Array(choice.pick([520, 521])), ...witness],
  })),

  'duplicate input': (fields, choice) => ({
    ...fields,
    inputs: fields.inputs.length > 0 ? [...fields.inputs, choice.pick(fields.inputs)] : [],
  }),
  'input removed': (fields) => ({
    ...fields,
    inputs: fields.inputs.length > 1 ? fields.inputs.slice(1) : fields.inputs,
  }),
  'inputs reversed': (fields) => ({ ...fields, inputs: fields.inputs.toReversed() }),
  'null input added': (fields) => ({
    ...fields,
    inputs: [...fields.inputs, { prevout: nullOutPoint, scriptSig: new Uint8Array(2), sequence: 0, witness: [] }],
  }),

  'no outputs': (fields) => ({ ...fields, outputs: [] }),
  'output removed': (fields) => ({ ...fields, outputs: fields.outputs.slice(1) }),
  'outputs reversed': (fields) => ({ ...fields, outputs: fields.outputs.toReversed() }),
  'negative value': output((_, choice) => ({ value: choice.pick([-1n, -INT64_MAX - 1n]) })),
  'value above MAX_MONEY': output((_, choice) => ({ value: choice.pick([MAX_MONEY + 1n, INT64_MAX]) })),
  'value of MAX_MONEY': output(() => ({ value: MAX_MONEY })),
  'extra output of MAX_MONEY': (fields) => ({
    ...fields,
    outputs: [...fields.outputs, { scriptPubKey: Uint8Array.of(0x51), value: MAX_MONEY }],
  }),
  'one satoshi more': output(({ value }) => ({ value: value + 1n })),
  'one satoshi less': output(({ value }) => ({ value: value > 0n ? value - 1n : value })),
  'a million satoshis more': output(({ value }) => ({ value: value + 1_000_000n })),
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

/** The names of all mutations. */
export const txMutationNames: readonly string[] = Object.keys(txMutations);

/** Returns the transaction with one mutation; version and lock time wrap to 32 bits. */
export function mutateTransaction(tx: Transaction, name: string, choice: Choice): Transaction {
  const { version, inputs, outputs, lockTime } = tx;
  const fields = txMutations[name]!({ version, inputs, outputs, lockTime }, choice);
  return new Transaction({ ...fields, version: fields.version >>> 0, lockTime: fields.lockTime >>> 0 });
}
