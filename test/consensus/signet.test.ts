import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { checkBlock } from '../../src/consensus/block-check.ts';
import { chainParams } from '../../src/consensus/params.ts';
import { checkSignetSolution } from '../../src/consensus/signet.ts';
import { Block } from '../../src/primitives/block.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { signetBlocks } from './support/signet-blocks.ts';

describe('Signet (BIP325)', () => {
  const signet = chainParams('signet');

  it('accepts the blocks of its signers', () => {
    for (const block of signetBlocks) expect(checkBlock(block, signet)).toBeUndefined();
    expect(checkSignetSolution(signet.genesis, signet)).toBe(true);
  });

  it('rejects a block with too few signatures', () => {
    // The same two keys, but both have to sign.
    const { signetChallenge } = signet;
    const others = { ...signet, signetChallenge: Uint8Array.from([0x52, ...signetChallenge!.subarray(1)]) };
    for (const block of signetBlocks) {
      expect(checkBlock(block, others)).toMatchObject({ kind: 'consensus', reason: 'bad-signet-blksig' });
    }
  });

  it('rejects the solution of another block, and a block without one', () => {
    const [first, second] = signetBlocks;
    expect(checkSignetSolution(new Block(second!.header, first!.transactions), signet)).toBe(false);
    expect(checkSignetSolution(new Block(first!.header, []), signet)).toBe(false);
    expect(checkSignetSolution(new Block(first!.header, chainParams('regtest').genesis.transactions), signet)).toBe(
      false,
    );
  });

  it('accepts any block with a commitment if the challenge is OP_TRUE', () => {
    const trivial = { ...signet, signetChallenge: Uint8Array.of(0x51) };
    for (const block of signetBlocks) expect(checkSignetSolution(block, trivial)).toBe(true);
    // Also without a solution.
    const [block] = signetBlocks;
    const { version, inputs, outputs, lockTime } = block!.transactions[0]!;
    const bare = { value: 0n, scriptPubKey: outputs[1]!.scriptPubKey.subarray(0, 38) };
    const coinbase = new Transaction({ version, inputs, outputs: [outputs[0]!, bare], lockTime });
    expect(checkSignetSolution(new Block(block!.header, [coinbase]), trivial)).toBe(true);
    expect(checkSignetSolution(new Block(block!.header, [coinbase]), signet)).toBe(false);
  });

  it('rejects a solution that does not decode', () => {
    const [block] = signetBlocks;
    const { version, inputs, outputs, lockTime } = block!.transactions[0]!;
    for (const change of [-1, 1]) {
      const scriptPubKey = outputs[1]!.scriptPubKey.slice();
      // The length of the scriptSig in the solution.
      scriptPubKey[44]! += change;
      const changed = { value: 0n, scriptPubKey };
      const coinbase = new Transaction({ version, inputs, outputs: [outputs[0]!, changed], lockTime });
      expect(checkSignetSolution(new Block(block!.header, [coinbase]), signet)).toBe(false);
    }
  });

  it('handles a commitment of as many operations as fit into a block', () => {
    const [block] = signetBlocks;
    const { version, inputs, outputs, lockTime } = block!.transactions[0]!;
    const scriptPubKey = concatBytes(outputs[1]!.scriptPubKey, new Uint8Array(900_000).fill(0x51));
    const coinbase = new Transaction({
      version,
      inputs,
      outputs: [outputs[0]!, { value: 0n, scriptPubKey }],
      lockTime,
    });
    expect(checkSignetSolution(new Block(block!.header, [coinbase]), signet)).toBe(false);
    const trivial = { ...signet, signetChallenge: Uint8Array.of(0x51) };
    expect(checkSignetSolution(new Block(block!.header, [coinbase]), trivial)).toBe(true);
  });
});
