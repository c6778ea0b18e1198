import { expect, it } from 'vitest';
import { equalBytes } from '../../src/bytes/compare.ts';
import { toHex, toReversedHex } from '../../src/bytes/hex.ts';
import { checkBlock, checkBlockContext } from '../../src/consensus/block-check.ts';
import type { HeaderContext } from '../../src/consensus/header-context.ts';
import { blockMerkleRoot } from '../../src/consensus/merkle.ts';
import { type ChainParams, chainParams } from '../../src/consensus/params.ts';
import { Block } from '../../src/primitives/block.ts';
import { describeVectors, vectorBytes } from '../support/vectors.ts';
import { realBlock } from './support/blocks.ts';

const main = chainParams('main');
const test = chainParams('test');

/** A parent at `height`, of which nothing but its place and time matters. */
function parentOf(block: Block, height: number): HeaderContext {
  const { prevHash, time, bits, version } = block.header;
  const parent: HeaderContext = {
    hash: prevHash,
    height: height - 1,
    time: time - 600,
    bits,
    version,
    prev: undefined,
    ancestor: () => undefined,
    medianTimePast: () => time - 3600,
  };
  return parent;
}

describeVectors('real blocks', 'blocks/block300025.raw', () => {
  const files: [name: string, height: number, params: ChainParams][] = [
    ['block1', 1, main],
    ['block300025', 300025, main],
    ['block426884', 426884, main],
    ['block898352', 898352, test],
    ['block928828', 928828, test],
    ['block928831', 928831, test],
    ['block928848', 928848, test],
    // Their heights by BIP34, which `checkBlockContext` confirms.
    ['mainnet-000000000000000000000c835b2adcaedc20fdf6ee440009c249452c726dafae', 0, main],
    ['mainnet-0000000000000000001602407ac49862a7bca9d00f7f402db20b7be2f5de59d2', 0, main],
  ];

  it.each(files)('%s passes every rule that needs no coins', (name, known, params) => {
    const block = realBlock(name);
    const height = known || bip34Height(block);
    expect(checkBlock(block, params)).toBeUndefined();
    expect(checkBlockContext(block, parentOf(block, height), params)).toBeUndefined();
    expect(toHex(blockMerkleRoot(block).root)).toBe(toHex(block.header.merkleRoot));
    if (name.startsWith('mainnet-')) expect(toReversedHex(block.hash)).toBe(name.slice(8));
    // As decoded, and as built of its parts.
    expect(new Block(block.header, block.transactions).weight).toBe(block.weight);
    expect(equalBytes(new Block(block.header, block.transactions).encode(), vectorBytes(`blocks/${name}.raw`))).toBe(
      true,
    );
  });

  it('with a witness changed are mutated', () => {
    const block = realBlock('block928831');
    const raw = Uint8Array.from(vectorBytes('blocks/block928831.raw'));
    const at = block.transactions.findIndex((tx, i) => i > 0 && tx.hasWitness);
    expect(at).toBeGreaterThan(0);
    const witness = block.transactions[at]!.inputs.find((input) => input.witness.length > 0)!.witness[0]!;
    raw[witness.byteOffset - block.encode().byteOffset]! ^= 1;
    const changed = Block.decode(raw);
    expect(checkBlock(changed, test)).toBeUndefined();
    expect(checkBlockContext(changed, parentOf(changed, 928831), test)).toMatchObject({
      kind: 'mutated',
      reason: 'bad-witness-merkle-match',
    });
  });
});

/** The number that the coinbase begins with. */
function bip34Height(block: Block): number {
  const { scriptSig } = block.transactions[0]!.inputs[0]!;
  let height = 0;
  for (let i = scriptSig[0]!; i > 0; i--) height = height * 256 + scriptSig[i]!;
  return height;
}
