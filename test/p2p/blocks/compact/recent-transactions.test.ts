import { describe, expect, it } from 'vitest';
import type { Chain } from '../../../../src/chain/chain.ts';
import type { BlockIndex } from '../../../../src/chain/tree/block-index.ts';
import type { Mempool } from '../../../../src/mempool/mempool.ts';
import { ExtraTransactions } from '../../../../src/p2p/blocks/compact/extra-transactions.ts';
import { RecentBlock } from '../../../../src/p2p/blocks/compact/recent-block.ts';
import { Emitter } from '../../../../src/platform/emitter.ts';
import type { Transaction } from '../../../../src/primitives/transaction.ts';
import { SeededRandom } from '../../../../src/testing/seeded-random.ts';
import { mineBlock, spend } from '../../../chain/support/builder.ts';

const make = (value: number, size = 1): Transaction =>
  spend({
    inputs: [{ txid: new Uint8Array(32), vout: 0 }],
    outputs: [{ value: BigInt(value), scriptPubKey: new Uint8Array(size) }],
  });

describe('extra transactions', () => {
  function start() {
    const events = new Emitter<{ removed: { entry: { tx: Transaction }; reason: string } }>();
    const extra = new ExtraTransactions({ mempool: { events } as unknown as Mempool });
    const values = () => [...extra].map((each) => Number(each.decode().outputs[0]!.value));
    return { events, extra, values };
  }

  // Core's DEFAULT_BLOCK_RECONSTRUCTION_EXTRA_TXN.
  it('are the last hundred', () => {
    const { extra, values } = start();
    for (let i = 0; i < 100; i++) extra.add(make(i));
    expect([extra.size, values().length]).toEqual([100, 100]);
    for (let i = 100; i < 250; i++) extra.add(make(i));
    expect(extra.size).toBe(100);
    expect(values().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => 150 + i));
  });

  it('take at most 100,000 bytes each', () => {
    const { extra } = start();
    extra.add(make(1, 100_000));
    expect(extra.size).toBe(0);
    extra.add(make(1, 99_000));
    expect(extra.size).toBe(1);
  });

  it.each([
    ['replaced', true],
    ['sizelimit', true],
    ['expiry', true],
    ['block', false],
    ['conflict', false],
    ['reorg', false],
  ])('include what the mempool has removed because of %s: %s', (reason, isKept) => {
    const { events, extra } = start();
    events.emit('removed', { entry: { tx: make(1) }, reason });
    expect(extra.size).toBe(isKept ? 1 : 0);
    extra.close();
    events.emit('removed', { entry: { tx: make(2) }, reason: 'replaced' });
    expect(extra.size).toBe(0);
  });
});

describe('the most recent block', () => {
  const parent = { hash: new Uint8Array(32), height: 0, time: 1_296_688_602, bits: 0x207fffff };
  const [first, second] = [mineBlock(parent, { tag: 1 }), mineBlock(parent, { tag: 2 })];
  const [a, b] = [{ height: 1 }, { height: 2 }] as unknown as [BlockIndex, BlockIndex];

  it('is not read from the chain, whose block it may precede', () => {
    const reads: BlockIndex[] = [];
    const getBlock = (index: BlockIndex) => {
      reads.push(index);
      return undefined;
    };
    const recent = new RecentBlock({ chain: { getBlock } as unknown as Chain, random: new SeededRandom(1) });
    expect([recent.index, recent.block(a), recent.compact(a)]).toEqual([undefined, undefined, undefined]);
    reads.length = 0;
    recent.put(a, first);
    expect([recent.index, recent.block(a)]).toEqual([a, first]);
    expect(recent.compact(a)).toBe(recent.compact(a));
    expect(reads).toEqual([]);
    recent.put(b, second);
    expect([recent.index, recent.block(b), recent.block(a)]).toEqual([b, second, undefined]);
    expect(reads).toEqual([a]);
    // Its compact form is still there.
    expect(recent.compact(a)).toBeDefined();
    expect(recent.compact(b)).not.toEqual(recent.compact(a));
  });
});
