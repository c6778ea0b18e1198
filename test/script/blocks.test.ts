import { expect, it } from 'vitest';
import { useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { ScriptFlag } from '../../src/script/flags.ts';
import { SighashCache } from '../../src/script/sighash.ts';
import { verifyInput } from '../../src/script/verify.ts';
import { describeVectors } from '../support/vectors.ts';
import { loadBlock } from './support/blocks.ts';

const { P2SH, DERSIG, CHECKLOCKTIMEVERIFY, CHECKSEQUENCEVERIFY, WITNESS, NULLDUMMY } = ScriptFlag;
const segwit = P2SH | DERSIG | CHECKLOCKTIMEVERIFY | CHECKSEQUENCEVERIFY | WITNESS | NULLDUMMY;

// The rules that were in force at each height: mainnet's 300025 is of 2014, the others testnet's of 2016.
describeVectors('The inputs of real blocks', 'blocks/block300025.raw', () => {
  it.each([
    { height: 300025, flags: P2SH, inputs: 1427 },
    { height: 928828, flags: segwit, inputs: 1972 },
    { height: 928848, flags: segwit, inputs: 11215 },
  ])('verify in $height, where nearly all signatures notice another output', ({ height, flags, inputs }) => {
    useSecp256k1Engine('native');
    const { block, spent } = loadBlock(height);
    const wrong: string[] = [];
    let count = 0;
    let noticed = 0;
    for (const [i, tx] of block.transactions.slice(1).entries()) {
      const cache = new SighashCache(tx, spent[i]!);
      for (let n = 0; n < tx.inputs.length; n++) {
        const error = verifyInput(tx, n, cache, flags);
        if (error) wrong.push(`${tx.txidHex}:${n} ${error}`);
        count++;
      }
      const other = { value: 1n, scriptPubKey: new Uint8Array(0) };
      const changed = new Transaction({ ...tx, outputs: [other, ...tx.outputs], lockTime: tx.lockTime });
      if (verifyInput(changed, 0, new SighashCache(changed, spent[i]!), flags)) noticed++;
    }
    expect(wrong).toEqual([]);
    expect(count).toBe(inputs);
    expect(noticed).toBeGreaterThan(0.9 * spent.length);
  });
});
