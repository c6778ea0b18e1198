import { describe, expect, it } from 'vitest';
import { binaryKey } from '../../src/bytes/compare.ts';
import { connectBlock } from '../../src/chain/connect/connect-block.ts';
import { disconnectBlockInSteps } from '../../src/chain/connect/disconnect-block.ts';
import { BlockIndex } from '../../src/chain/tree/block-index.ts';
import type { Coin } from '../../src/consensus/coins.ts';
import { MAX_BLOCK_SIGOPS_COST } from '../../src/consensus/limits.ts';
import { regtest } from '../../src/consensus/params.ts';
import { atOnce } from '../../src/platform/slices.ts';
import { coinKey, outPointKey } from '../../src/primitives/outpoint.ts';
import { Op } from '../../src/script/opcodes.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from './support/builder.ts';

const genesis = BlockIndex.of(regtest.genesis.header, regtest.genesis.hash, undefined, 0n);
const coin: Coin = { output: { value: 1000n, scriptPubKey: OP_TRUE }, height: 0, isCoinbase: false };
const known = [1, 2].map((vout) => ({ txid: new Uint8Array(32).fill(1), vout }));
const coins = { peek: (key: string) => (known.some((each) => outPointKey(each) === key) ? coin : undefined) };

/** A block that spends both coins, one of its own outputs, and has an unspendable one. */
function makeBlock() {
  const out = (value: bigint, scriptPubKey = OP_TRUE) => ({ value, scriptPubKey });
  const parent = spend({ inputs: known, outputs: [out(900n), out(0n, Uint8Array.of(Op.OP_RETURN)), out(800n)] });
  const child = spend({ inputs: [outpoint(parent, 0)], outputs: [out(700n)] });
  const block = mineBlock(genesis, { transactions: [parent, child] });
  return { block, parent, child, index: BlockIndex.of(block.header, block.hash, genesis, 0n) };
}

describe('the changes of a block', () => {
  it('are its coins that it does not spend itself, and those of earlier blocks', () => {
    const { block, parent, child } = makeBlock();
    const outcome = connectBlock(block, genesis, coins, regtest);
    if (outcome.reject) throw new Error(outcome.reject.reason);
    const key = (tx: { txid: Uint8Array }, vout: number) => coinKey(binaryKey(tx.txid), vout);
    const created = [key(block.transactions[0]!, 0), key(parent, 2), key(child, 0)];
    expect([...outcome.created.keys()].sort()).toEqual(created.sort());
    expect([...outcome.spent].sort()).toEqual(known.map(outPointKey).sort());
    expect(outcome.undo.map((each) => each.length)).toEqual([2, 1]);
  });

  it('are reversed exactly when it is disconnected', () => {
    const { block, index } = makeBlock();
    const outcome = connectBlock(block, genesis, coins, regtest);
    if (outcome.reject) throw new Error(outcome.reject.reason);
    const reverse = atOnce(disconnectBlockInSteps(index, block, outcome.undo));
    expect([...reverse.spent].sort()).toEqual([...outcome.created.keys()].sort());
    expect(reverse.created).toEqual(new Map(known.map((each) => [outPointKey(each), coin])));
  });

  it('cannot be reversed with the undo data of another block', () => {
    const { block, index } = makeBlock();
    const error = expect.objectContaining({
      code: 'corrupt-database',
      message: expect.stringContaining(`undo data of block ${index.hashHex} does not match`),
    });
    for (const undo of [[], [[coin, coin]], [[coin, coin], [coin], [coin]], [[coin], [coin]], [[coin, coin], []]]) {
      expect(() => atOnce(disconnectBlockInSteps(index, block, undo))).toThrow(error);
    }
  });
});

describe('the signature operations of a block', () => {
  it('may cost 80,000', () => {
    const reject = (count: number) => {
      const scriptPubKey = new Uint8Array(count).fill(Op.OP_CHECKSIG);
      return connectBlock(
        mineBlock(genesis, { coinbaseOutputs: [{ value: 0n, scriptPubKey }] }),
        genesis,
        coins,
        regtest,
      ).reject?.reason;
    };
    // Those of output scripts cost four each.
    expect([reject(MAX_BLOCK_SIGOPS_COST / 4), reject(MAX_BLOCK_SIGOPS_COST / 4 + 1)]).toEqual([
      undefined,
      'bad-blk-sigops',
    ]);
  });
});
