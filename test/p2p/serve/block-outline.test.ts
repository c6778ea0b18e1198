import { expect, it } from 'vitest';
import { toHex } from '../../../src/bytes/hex.ts';
import { BlockOutline } from '../../../src/p2p/serve/block-outline.ts';
import { Block } from '../../../src/primitives/block.ts';
import { Transaction } from '../../../src/primitives/transaction.ts';
import { mineBlock, OP_TRUE, spend } from '../../chain/support/builder.ts';
import { describeVectors, vectorBytes } from '../../support/vectors.ts';

function expectOutline(raw: Uint8Array): void {
  const block = Block.decode(raw);
  const outline = new BlockOutline(raw);
  expect(outline.txCount).toBe(block.transactions.length);
  for (const [i, tx] of block.transactions.entries()) {
    expect(toHex(outline.transaction(i)!)).toBe(toHex(tx.encode()));
  }
  expect(outline.transaction(outline.txCount)).toBeUndefined();
  expect(toHex(outline.encodeStripped())).toBe(toHex(block.encodeStripped()));
}

describeVectors('the outline of a real block', 'blocks/block898352.raw', () => {
  it.each([426884, 898352])('%i holds the same as the block', (height) => {
    expectOutline(vectorBytes(`blocks/block${height}.raw`));
  });
});

it('the outline of a block with and without witnesses holds the same as the block', () => {
  const parent = { hash: new Uint8Array(32), height: 0, time: 1_296_688_602, bits: 0x207fffff };
  const output = { value: 1n, scriptPubKey: OP_TRUE };
  const witness = [OP_TRUE, new Uint8Array(300), new Uint8Array(0)];
  const input = { txid: new Uint8Array(32).fill(1), vout: 0 };
  const plain = spend({ inputs: [input], outputs: new Array(300).fill(output) });
  const [first] = plain.inputs;
  const withWitness = new Transaction({
    ...{ version: 2, lockTime: 7, outputs: plain.outputs },
    inputs: [{ ...first!, witness }, first!],
  });
  for (const transactions of [[], [plain], [withWitness], [plain, withWitness, plain]]) {
    expectOutline(mineBlock(parent, { transactions }).encode().slice());
  }
});
