import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../src/bytes/errors.ts';
import { toHex } from '../../src/bytes/hex.ts';
import { Block } from '../../src/primitives/block.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { rawBlock, realBlocks } from '../support/real-blocks.ts';
import {
  anyBlock,
  anyHeader,
  anyTransaction,
  rebuild,
  rebuildBlock,
  vectorTransactions,
} from '../support/transactions.ts';
import { describeVectors } from '../support/vectors.ts';

function expectSame(tx: Transaction, raw: Uint8Array): void {
  const again = rebuild(tx);
  expect(toHex(again.encode())).toBe(toHex(raw));
  expect(again.txidHex).toBe(tx.txidHex);
  expect(again.wtxidHex).toBe(tx.wtxidHex);
  expect(again.totalSize).toBe(raw.length);
  expect(tx.totalSize).toBe(raw.length);
  const stripped = again.encodeStripped();
  expect(stripped).toHaveLength(tx.strippedSize);
  expect(toHex(tx.encodeStripped())).toBe(toHex(stripped));
  expect(tx.weight).toBe(stripped.length * 3 + raw.length);
}

describeVectors("Transactions of Core's vectors", 'core/tx_valid.json', () => {
  it('encode to the bytes they were decoded from', () => {
    const raws = vectorTransactions();
    for (const raw of raws) expectSame(Transaction.decode(raw), raw);
    expect(raws).toHaveLength(1770);
  });
});

describeVectors('Real blocks', 'blocks', () => {
  it.each(realBlocks)('encode to the bytes they were decoded from: $name', ({ name }) => {
    const raw = rawBlock(name);
    const block = Block.decode(raw);
    const again = rebuildBlock(block);
    expect(Buffer.compare(again.encode(), raw)).toBe(0);
    expect(again.hashHex).toBe(block.hashHex);
    expect(again.weight).toBe(block.weight);
    expect(again.strippedSize).toBe(block.encodeStripped().length);
    expect(Buffer.compare(again.encodeStripped(), block.encodeStripped())).toBe(0);
    for (const [i, tx] of block.transactions.entries()) {
      expect(again.transactions[i]!.txidHex).toBe(tx.txidHex);
      expect(again.transactions[i]!.wtxidHex).toBe(tx.wtxidHex);
    }
    const named = /^mainnet-([0-9a-f]{64})/.exec(name);
    if (named) expect(block.hashHex).toBe(named[1]);
    expect(() => Block.decode(Buffer.concat([raw, Buffer.of(0)]))).toThrow(DecodeError);
  });
});

describe('Generated values', () => {
  it('round-trip: transactions', () => {
    fc.assert(
      fc.property(anyTransaction, (tx) => {
        const decoded = Transaction.decode(tx.encode());
        expect(fieldsOf(decoded)).toEqual(fieldsOf(tx));
        expectSame(decoded, tx.encode());
      }),
      { numRuns: 100, seed: 147 },
    );
  });

  it('round-trip: headers and blocks', () => {
    fc.assert(
      fc.property(anyBlock, anyHeader, (block, header) => {
        const decoded = Block.decode(block.encode());
        expect(decoded.transactions.map(fieldsOf)).toEqual(block.transactions.map(fieldsOf));
        expect(toHex(rebuildBlock(decoded).encode())).toBe(toHex(block.encode()));
        expect(decoded.weight).toBe(block.weight);
        expect(toHex(BlockHeader.decode(header.encode()).hash)).toBe(toHex(header.hash));
        expect({ ...BlockHeader.decode(header.encode()) }).toEqual({ ...header });
      }),
      { numRuns: 60, seed: 148 },
    );
  });
});

function fieldsOf({ version, inputs, outputs, lockTime }: Transaction) {
  return { version, inputs, outputs, lockTime };
}
