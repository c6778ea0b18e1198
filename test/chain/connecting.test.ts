import { describe, expect, it } from 'vitest';
import type { Chain } from '../../src/chain/chain.ts';
import { regtest } from '../../src/consensus/params.ts';
import { checkProofOfWork } from '../../src/consensus/pow.ts';
import { Block } from '../../src/primitives/block.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import type { OutPoint } from '../../src/primitives/outpoint.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from './support/builder.ts';
import { describeCoins, extend, openChain } from './support/chain.ts';
import { replay } from './support/model.ts';

const pay = (input: OutPoint, value: bigint) => spend({ inputs: [input], outputs: [{ value, scriptPubKey: OP_TRUE }] });

/** Returns a chain whose first coinbases are mature, and these. */
async function start(): Promise<{ chain: Chain; blocks: Block[]; coins: OutPoint[] }> {
  const chain = await openChain();
  const blocks = await extend(chain, 104);
  return { chain, blocks, coins: blocks.map((block) => outpoint(block.transactions[0]!)) };
}

/** Adds successive blocks with these transactions, the last block first, so that all are connected at once. */
async function connect(chain: Chain, ...contents: (readonly Transaction[])[]) {
  let prev: Parameters<typeof mineBlock>[0] = chain.tip;
  const blocks = contents.map((transactions) => {
    const block = mineBlock(prev, { transactions });
    const { time, bits } = block.header;
    prev = { hash: block.hash, height: prev.height + 1, time, bits };
    return block;
  });
  chain.acceptHeaders(blocks.map(({ header }) => header));
  const checked: (string | undefined)[] = [];
  const unsubscribe = chain.events.on('blockChecked', ({ reject }) => checked.push(reject?.reason));
  for (const block of blocks.toReversed()) await chain.acceptBlock(block);
  unsubscribe();
  return { blocks, checked };
}

describe('blocks that are connected at once', () => {
  it('spend the outputs of those before them, and of the chain', async () => {
    const { chain, blocks, coins } = await start();
    const first = pay(coins[0]!, 10n);
    const second = pay(outpoint(first), 9n);
    const third = [pay(outpoint(second), 8n), pay(coins[1]!, 7n)];
    const fourth = third.map((tx) => pay(outpoint(tx), 6n));
    const added = await connect(chain, [first], [second], third, fourth);
    expect(added.checked).toEqual([undefined, undefined, undefined, undefined]);
    expect(chain.tip.height).toBe(108);
    expect(describeCoins(chain)).toEqual(replay([...blocks, ...added.blocks]));
  });

  it.each([1, 2, 3])('are refused if they spend what the block %i before them has spent', async (distance) => {
    const { chain, blocks, coins } = await start();
    const between = Array.from({ length: distance - 1 }, (_, i) => [pay(coins[i + 1]!, 5n)]);
    const added = await connect(chain, [pay(coins[0]!, 10n)], ...between, [pay(coins[0]!, 9n)]);
    expect(added.checked).toEqual([...between.map(() => undefined), undefined, 'bad-txns-inputs-missingorspent']);
    expect(chain.tip.height).toBe(104 + distance);
    expect(describeCoins(chain)).toEqual(replay([...blocks, ...added.blocks.slice(0, -1)]));
  });

  it('are refused with all after them, and the best header is announced', async () => {
    const { chain, coins } = await start();
    const before = chain.tip;
    const headers: number[] = [];
    chain.events.on('header', ({ best }) => headers.push(best.height));
    const missing = { txid: new Uint8Array(32).fill(9), vout: 0 };
    // The one after the invalid block is prepared meanwhile, and invalid too.
    const { checked } = await connect(chain, [pay(coins[0]!, 10n)], [pay(missing, 1n)], [pay(missing, 2n)], []);
    expect(checked).toEqual([undefined, 'bad-txns-inputs-missingorspent']);
    expect(chain.tip.height).toBe(before.height + 1);
    expect(headers).toEqual([before.height + 4, before.height + 1]);
    expect(chain.bestHeader).toBe(chain.tip);
  });
});

describe('a block template', () => {
  it('needs no proof of work, and no merkle root unless it is to be checked', async () => {
    const chain = await openChain();
    const { transactions, header } = mineBlock(chain.tip);
    const { prevHash, bits, version } = header;
    const wrong = new Uint8Array(32).fill(1);
    let missed = 0;
    // Half of all hashes miss the target.
    for (let nonce = 0; nonce < 20; nonce++) {
      const unsolved = new BlockHeader({ prevHash, bits, version, time: header.time, merkleRoot: wrong, nonce });
      if (!checkProofOfWork(unsolved.hash, bits, regtest)) missed++;
      const block = new Block(unsolved, transactions);
      expect(chain.checkBlockTemplate(block)).toBeUndefined();
      expect(chain.checkBlockTemplate(block, { merkleRoot: true })).toMatchObject({ reason: 'bad-txnmrklroot' });
    }
    expect(missed).toBeGreaterThan(0);
    expect(chain.checkBlockTemplate(new Block(header, transactions), { merkleRoot: true })).toBeUndefined();
  });

  it('must be a child of the tip with valid scripts', async () => {
    const chain = await openChain();
    const coinbaseOutputs = [{ value: 1000n, scriptPubKey: Uint8Array.of(Op.OP_0) }];
    const [first] = await extend(chain, 1, { coinbaseOutputs });
    await extend(chain, 100);
    const tx = pay(outpoint(first!.transactions[0]!), 1000n);
    const block = mineBlock(chain.tip, { transactions: [tx] });
    expect(chain.checkBlockTemplate(block)).toEqual({
      kind: 'consensus',
      reason:
        'block-script-verify-flag-failed (Script evaluated without error but finished with a false/empty top stack element)',
      debug: `input 0 of ${tx.txidHex} (wtxid ${tx.wtxidHex}), spending ${first!.transactions[0]!.txidHex}:0`,
    });
    expect(chain.scriptCache.has(tx, 0)).toBe(false);
    expect(chain.checkBlockTemplate(mineBlock(chain.atHeight(5)!))).toMatchObject({ kind: 'missing-prev' });
  });
});
