import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import type { Chain } from '../../src/chain/chain.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { Block } from '../../src/primitives/block.ts';
import { Bitcoind, describeBitcoind } from '../support/bitcoind.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from './support/builder.ts';
import { accept, describeCoins, extend, openChain, START_MS } from './support/chain.ts';
import { type Ground, type InvalidBlock, invalidBlocks } from './support/invalid-blocks.ts';

const clock = new VirtualClock(START_MS);
const now = START_MS / 1000;
let chain: Chain;
const blocks: Block[] = [];
let cases: InvalidBlock[];
/** A transaction that is in the chain, with its output unspent. */
let repeated: ReturnType<typeof spend>;

beforeAll(async () => {
  chain = await openChain({ clock });
  blocks.push(...(await extend(chain, 110)));
  const first = blocks[0]!.transactions[0]!;
  repeated = spend({ inputs: [outpoint(first)], outputs: [{ value: 1n, scriptPubKey: OP_TRUE }] });
  blocks.push(...(await extend(chain, 1, { transactions: [repeated] })));
  const coinbases = blocks.map((block) => block.transactions[0]!);
  const ground: Ground = { tip: chain.tip, mature: coinbases.slice(1, 5), immature: coinbases.at(-1)!, now };
  cases = invalidBlocks(ground);
  cases.push({
    name: 'a transaction again while its output is unspent',
    reason: 'bad-txns-BIP30',
    block: mineBlock(chain.tip, { tag: 903, transactions: [repeated] }),
  });
});

describe('invalid blocks', () => {
  it('are refused for the reasons that Bitcoin Core gives, and change nothing', async () => {
    const { tip } = chain;
    const coins = describeCoins(chain);
    const reasons: Record<string, string | undefined> = {};
    for (const { name, block } of cases) {
      // As it would come from a peer.
      const { reject, isNew } = await chain.acceptBlock(Block.decode(block.encode()));
      reasons[name] = reject?.reason;
      expect(reject?.debug ?? '', name).not.toMatch(/undefined|NaN/);
      if (isNew) expect(chain.getIndex(block.hash)?.failed, name).toBe(true);
      expect(chain.tip, name).toBe(tip);
    }
    expect(reasons).toEqual(Object.fromEntries(cases.map(({ name, reason }) => [name, reason])));
    expect(describeCoins(chain)).toEqual(coins);
    expect(cases).toHaveLength(53);
  });

  it('are remembered, unless their header may have a valid block', async () => {
    const mutated = ['bad-txnmrklroot', 'bad-txns-duplicate', 'unexpected-witness'];
    mutated.push('bad-witness-nonce-size', 'bad-witness-merkle-match');
    for (const { name, reason, block } of cases) {
      const index = chain.getIndex(block.hash);
      if (mutated.includes(reason)) expect(index?.failed ?? false, name).toBe(false);
      if (index?.failed) {
        expect((await chain.acceptBlock(block)).reject?.reason, name).toBe('duplicate-invalid');
        const child = mineBlock({ ...index, hash: block.hash, height: index.height });
        expect((await chain.acceptBlock(child)).reject, name).toEqual({ kind: 'invalid-prev', reason: 'bad-prevblk' });
      }
    }
  });

  it('leave the valid block with the same header welcome', async () => {
    const other = await openChain({ clock });
    for (const block of blocks) await accept(other, block);
    const good = mineBlock(other.tip, {
      transactions: [
        spend({ inputs: [outpoint(blocks[1]!.transactions[0]!)], outputs: [{ value: 1n, scriptPubKey: OP_TRUE }] }),
      ],
    });
    const bad = new Block(good.header, [...good.transactions, good.transactions[1]!]);
    expect((await other.acceptBlock(bad)).reject).toMatchObject({ kind: 'mutated' });
    await accept(other, good);
    expect(other.tip.hashHex).toBe(good.hashHex);
  });
});

describeBitcoind('bitcoind', () => {
  let node: Bitcoind;
  beforeAll(async () => {
    node = await Bitcoind.start({ args: [`-mocktime=${now}`] });
  });
  afterAll(() => node.stop());

  it('judges the same blocks in the same way', async () => {
    for (const block of blocks) expect(await node.rpc('submitblock', toHex(block.encode()))).toBeNull();
    expect(await node.rpc('getbestblockhash')).toBe(chain.tip.hashHex);
    const reasons: Record<string, unknown> = {};
    for (const { name, block } of cases) {
      reasons[name] = await node.rpc('submitblock', toHex(block.encode())).catch((error: Error) => error.message);
    }
    expect(reasons).toEqual(Object.fromEntries(cases.map(({ name, reason }) => [name, reason])));
  });
});
