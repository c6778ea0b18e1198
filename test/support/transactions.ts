import fc from 'fast-check';
import { fromHex } from '../../src/bytes/hex.ts';
import { compactSizeLength } from '../../src/bytes/writer.ts';
import { Block } from '../../src/primitives/block.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { Transaction, txOutSize } from '../../src/primitives/transaction.ts';
import type { Codec } from './hostile.ts';
import { vectorJson } from './vectors.ts';

/** Returns a copy without the cached encoding, so that `encode` serializes its fields. */
export function rebuild({ version, inputs, outputs, lockTime }: Transaction): Transaction {
  return new Transaction({ version, inputs, outputs, lockTime });
}

/** Returns a copy of a block, its header and its transactions without cached encodings. */
export function rebuildBlock({ header, transactions }: Block): Block {
  const { version, prevHash, merkleRoot, time, bits, nonce } = header;
  return new Block(
    new BlockHeader({ version, prevHash, merkleRoot, time, bits, nonce }),
    transactions.map((tx) => rebuild(tx)),
  );
}

/** Codec of transactions that does not use cached encodings. */
export const transactionCodec: Codec<Transaction> = {
  decode: (bytes) => Transaction.decode(bytes),
  encode: (tx) => rebuild(tx).encode(),
};

/** Codec of blocks that does not use cached encodings. */
export const blockCodec: Codec<Block> = {
  decode: (bytes) => Block.decode(bytes),
  encode: (block) => rebuildBlock(block).encode(),
};

/** Returns the distinct raw transactions of Core's vectors. */
export function vectorTransactions(): Uint8Array[] {
  const rows = (path: string, column: number, length: number): string[] =>
    vectorJson<(readonly unknown[])[]>(path)
      .filter((row) => row.length === length)
      .map((row) => row[column] as string);
  const all = [
    ...rows('core/sighash.json', 0, 5),
    ...rows('core/tx_valid.json', 1, 3),
    ...rows('core/tx_invalid.json', 1, 3),
    ...vectorJson<{ tx: string }[]>('taproot/script_assets.json').map(({ tx }) => tx),
  ];
  if (all.length !== 500 + 121 + 93 + 1729) throw new Error(`${all.length} transactions in the vectors`);
  return [...new Set(all)].map(fromHex);
}

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const int64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const script = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  // Around 253, the first length whose compact size takes three bytes.
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 250, maxLength: 256 }) },
);

const anyInput = fc.record({
  prevout: fc.record({ txid: hash, vout: uint32 }),
  scriptSig: script,
  sequence: uint32,
  witness: fc.oneof(fc.constant([]), fc.array(script, { maxLength: 4 })),
});
const anyOutput = fc.record({ value: int64, scriptPubKey: script });

/** Any transaction that has an encoding. Without inputs there are no outputs: zero inputs read as the segwit marker. */
export const anyTransaction: fc.Arbitrary<Transaction> = fc
  .record({
    version: uint32,
    inputs: fc.array(anyInput, { maxLength: 5 }),
    outputs: fc.array(anyOutput, { maxLength: 5 }),
    lockTime: uint32,
  })
  .map((fields) => new Transaction(fields.inputs.length > 0 ? fields : { ...fields, outputs: [] }));

/** Any block header. */
export const anyHeader: fc.Arbitrary<BlockHeader> = fc
  .record({
    version: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
    prevHash: hash,
    merkleRoot: hash,
    time: uint32,
    bits: uint32,
    nonce: uint32,
  })
  .map((fields) => new BlockHeader(fields));

/** Any block of up to four transactions. */
export const anyBlock: fc.Arbitrary<Block> = fc
  .tuple(anyHeader, fc.array(anyTransaction, { maxLength: 4 }))
  .map(([header, transactions]) => new Block(header, transactions));

/** A compact size in an encoded transaction: its offset and its number of bytes. */
export interface CountPosition {
  readonly at: number;
  readonly size: number;
}

/** Returns the positions of all compact sizes in the transaction's encoding. */
export function countPositions(tx: Transaction): CountPosition[] {
  const counts: CountPosition[] = [];
  let at = tx.hasWitness ? 6 : 4;
  const count = (value: number) => {
    counts.push({ at, size: compactSizeLength(value) });
    at += compactSizeLength(value);
  };
  count(tx.inputs.length);
  for (const { scriptSig } of tx.inputs) {
    at += 36;
    count(scriptSig.length);
    at += scriptSig.length + 4;
  }
  count(tx.outputs.length);
  for (const output of tx.outputs) {
    at += 8;
    count(output.scriptPubKey.length);
    at += txOutSize(output) - 8 - compactSizeLength(output.scriptPubKey.length);
  }
  if (!tx.hasWitness) return counts;
  for (const { witness } of tx.inputs) {
    count(witness.length);
    for (const { length } of witness) {
      count(length);
      at += length;
    }
  }
  return counts;
}
