import { expect, it } from 'vitest';
import { equalBytes } from '../../src/bytes/compare.ts';
import { toHex, toReversedHex } from '../../src/bytes/hex.ts';
import { checkBlock, checkBlockContext } from '../../src/consensus/block-check.ts';
import { blockMerkleRoot } from '../../src/consensus/merkle.ts';
import { chainParams } from '../../src/consensus/params.ts';
import { Block } from '../../src/primitives/block.ts';
import { parentOf, rawBlock, realBlock, realBlocks } from '../support/real-blocks.ts';
import { describeVectors } from '../support/vectors.ts';

const test = chainParams('test');

describeVectors('Real blocks', 'blocks/block300025.raw', () => {
  it('number nine', () => {
    expect(realBlocks).toHaveLength(9);
  });

  it.each(realBlocks)('pass all rules that need no coins: $name', ({ name, height, params }) => {
    const block = realBlock(name);
    const parent = parentOf(block, height || bip34Height(block), params);
    expect(checkBlock(block, params)).toBeUndefined();
    expect(checkBlockContext(block, parent, params)).toBeUndefined();
    expect(toHex(blockMerkleRoot(block).root)).toBe(toHex(block.header.merkleRoot));
    if (name.startsWith('mainnet-')) expect(toReversedHex(block.hash)).toBe(name.slice(8));
    // The same when rebuilt from its parts.
    expect(new Block(block.header, block.transactions).weight).toBe(block.weight);
    expect(equalBytes(new Block(block.header, block.transactions).encode(), rawBlock(name))).toBe(true);
    // Since BIP34, a block fails at any other height.
    const isNamed = height !== 1;
    const reason = checkBlockContext(block, { ...parent, height: parent.height + 1 }, params)?.reason;
    expect(reason).toBe(isNamed ? 'bad-cb-height' : undefined);
  });

  it('with a changed witness are mutated', () => {
    const block = realBlock('block928831');
    const raw = Uint8Array.from(rawBlock('block928831'));
    const at = block.transactions.findIndex((tx, i) => i > 0 && tx.hasWitness);
    expect(at).toBeGreaterThan(0);
    const witness = block.transactions[at]!.inputs.find((input) => input.witness.length > 0)!.witness[0]!;
    raw[witness.byteOffset - block.encode().byteOffset]! ^= 1;
    const changed = Block.decode(raw);
    expect(checkBlock(changed, test)).toBeUndefined();
    expect(checkBlockContext(changed, parentOf(changed, 928831, test), test)).toMatchObject({
      kind: 'mutated',
      reason: 'bad-witness-merkle-match',
    });
  });
});

/** Returns the height that the coinbase begins with (BIP34). */
function bip34Height(block: Block): number {
  const { scriptSig } = block.transactions[0]!.inputs[0]!;
  let height = 0;
  for (let i = scriptSig[0]!; i > 0; i--) height = height * 256 + scriptSig[i]!;
  return height;
}
