import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { fromHex } from '../../src/bytes/hex.ts';
import { checkBlock } from '../../src/consensus/block-check.ts';
import { chainParams } from '../../src/consensus/params.ts';
import { checkSignetSolution } from '../../src/consensus/signet.ts';
import { Block } from '../../src/primitives/block.ts';
import { Transaction } from '../../src/primitives/transaction.ts';

// Blocks 1 to 3 of the public signet.
const blocks = [
  '00000020f61eee3b63a380a477a063af32b2bbc97c9ff9f01f2c4225e973988108000000f575c83235984e7dc4afc1f30944c170462e84437ab6f2d52e16878a79e4678bd1914d5fae77031eccf4070001010000000001010000000000000000000000000000000000000000000000000000000000000000ffffffff025151feffffff0200f2052a010000001600149243f727dd5343293eb83174324019ec16c2630f0000000000000000776a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf94c4fecc7daa2490047304402205e423a8754336ca99dbe16509b877ef1bf98d008836c725005b3c787c41ebe46022047246e4467ad7cc7f1ad98662afcaf14c115e0095a227c7b05c5182591c23e7e01000120000000000000000000000000000000000000000000000000000000000000000000000000',
  '00000020533b53ded9bff4adc94101d32400a144c54edc5ed492a3b26c63b2d686000000b38fef50592017cfafbcab88eb3d9cf50b2c801711cad8299495d26df5e54812e7914d5fae77031ecfdd0b0001010000000001010000000000000000000000000000000000000000000000000000000000000000ffffffff025251feffffff0200f2052a01000000160014fd09839740f0e0b4fc6d5e2527e4022aa9b89dfa0000000000000000776a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf94c4fecc7daa24900473044022031d64a1692cdad1fc0ced69838169fe19ae01be524d831b95fcf5ea4e6541c3c02204f9dea0801df8b4d0cd0857c62ab35c6c25cc47c930630dc7fe723531daa3e9b01000120000000000000000000000000000000000000000000000000000000000000000000000000',
  '000000202960f3752f0bfa8858a3e333294aedc7808025e868c9dc03e71d88bb320000007765fcd3d5b4966beb338bba2675dc2cf2ad28d4ad1d83bdb6f286e7e27ac1f807924d5fae77031e81d60b0001010000000001010000000000000000000000000000000000000000000000000000000000000000ffffffff025351feffffff0200f2052a010000001600141e5fb426042692ae0e87c070e78c39307a5661c20000000000000000776a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf94c4fecc7daa2490047304402205de93694763a42954865bcf1540cb82958bc62d0ec4eee02070fb7937cd037f4022067f333753bce47b10bc25eb6e1f311482e994c862a7e0b2d41ab1c8679fd1b1101000120000000000000000000000000000000000000000000000000000000000000000000000000',
].map((hex) => Block.decode(fromHex(hex)));

describe('signet (BIP325)', () => {
  const signet = chainParams('signet');

  it('accepts the blocks of its signers', () => {
    for (const block of blocks) expect(checkBlock(block, signet)).toBeUndefined();
    expect(checkSignetSolution(signet.genesis, signet)).toBe(true);
  });

  it('refuses a block that others signed', () => {
    // The same two keys, but both of them have to sign.
    const { signetChallenge } = signet;
    const others = { ...signet, signetChallenge: Uint8Array.from([0x52, ...signetChallenge!.subarray(1)]) };
    for (const block of blocks) {
      expect(checkBlock(block, others)).toMatchObject({ kind: 'consensus', reason: 'bad-signet-blksig' });
    }
  });

  it('refuses the solution of another block, and a block without one', () => {
    const [first, second] = blocks;
    expect(checkSignetSolution(new Block(second!.header, first!.transactions), signet)).toBe(false);
    expect(checkSignetSolution(new Block(first!.header, []), signet)).toBe(false);
    expect(checkSignetSolution(new Block(first!.header, chainParams('regtest').genesis.transactions), signet)).toBe(
      false,
    );
  });

  it('accepts any block with a commitment where the challenge is OP_TRUE', () => {
    const anybody = { ...signet, signetChallenge: Uint8Array.of(0x51) };
    for (const block of blocks) expect(checkSignetSolution(block, anybody)).toBe(true);
    // Without a solution, too.
    const [block] = blocks;
    const { version, inputs, outputs, lockTime } = block!.transactions[0]!;
    const bare = { value: 0n, scriptPubKey: outputs[1]!.scriptPubKey.subarray(0, 38) };
    const coinbase = new Transaction({ version, inputs, outputs: [outputs[0]!, bare], lockTime });
    expect(checkSignetSolution(new Block(block!.header, [coinbase]), anybody)).toBe(true);
    expect(checkSignetSolution(new Block(block!.header, [coinbase]), signet)).toBe(false);
  });

  it('refuses a solution that does not decode', () => {
    const [block] = blocks;
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

  it('judges a commitment of as many operations as a block has room for', () => {
    const [block] = blocks;
    const { version, inputs, outputs, lockTime } = block!.transactions[0]!;
    const scriptPubKey = concatBytes(outputs[1]!.scriptPubKey, new Uint8Array(900_000).fill(0x51));
    const coinbase = new Transaction({
      version,
      inputs,
      outputs: [outputs[0]!, { value: 0n, scriptPubKey }],
      lockTime,
    });
    expect(checkSignetSolution(new Block(block!.header, [coinbase]), signet)).toBe(false);
    const anybody = { ...signet, signetChallenge: Uint8Array.of(0x51) };
    expect(checkSignetSolution(new Block(block!.header, [coinbase]), anybody)).toBe(true);
  });
});
