import { describe, expect, it } from 'vitest';
import { BlockIndex } from '../../src/chain/tree/block-index.ts';
import { UnconnectedBlocks } from '../../src/chain/tree/unconnected-blocks.ts';
import type { Block } from '../../src/primitives/block.ts';
import { mineBlock } from './support/builder.ts';
import { openChain } from './support/chain.ts';

const MIB = 1 << 20;
/** Bytes of blocks that are kept. */
const LIMIT = 8 * MIB;

/** Returns a block that claims a size, and its index. */
async function blocksOf(...sizes: readonly number[]): Promise<[index: BlockIndex, block: Block][]> {
  const { tip } = await openChain();
  return sizes.map((totalSize, tag) => {
    const { header, hash, transactions } = mineBlock(tip, { tag });
    return [BlockIndex.of(header, hash, tip, 0n), { header, hash, transactions, totalSize } as unknown as Block];
  });
}

describe('decoded blocks that are not connected', () => {
  it('are kept up to eight MiB, the latest ones', async () => {
    const blocks = await blocksOf(...Array.from({ length: 10 }, () => MIB));
    const cache = new UnconnectedBlocks();
    for (const [index, block] of blocks) cache.put(index, block);
    const kept = blocks.map(([index, block]) => cache.take(index) === block);
    expect(kept).toEqual([false, false, ...Array.from({ length: 8 }, () => true)]);
  });

  it('are kept up to the last byte', async () => {
    const [a, b, c] = await blocksOf(LIMIT - 1, 1, 1);
    const cache = new UnconnectedBlocks();
    for (const [index, block] of [a!, b!]) cache.put(index, block);
    expect([cache.take(a![0]), cache.take(b![0])]).toEqual([a![1], b![1]]);
    for (const [index, block] of [a!, b!, c!]) cache.put(index, block);
    expect([cache.take(a![0]), cache.take(b![0]), cache.take(c![0])]).toEqual([undefined, b![1], c![1]]);
  });

  it('make room when they are taken', async () => {
    const blocks = await blocksOf(...Array.from({ length: 40 }, () => 3 * MIB));
    const cache = new UnconnectedBlocks();
    for (const [i, [index, block]] of blocks.entries()) {
      cache.put(index, block);
      if (i > 0) expect(cache.take(blocks[i - 1]![0])).toBe(blocks[i - 1]![1]);
      if (i > 0) expect(cache.take(blocks[i - 1]![0])).toBeUndefined();
    }
  });

  it('include the latest one, however large', async () => {
    const [small, large, other] = await blocksOf(1, LIMIT + 1, 1);
    const cache = new UnconnectedBlocks();
    for (const [index, block] of [small!, large!]) cache.put(index, block);
    expect([cache.take(small![0]), cache.take(large![0])]).toEqual([undefined, large![1]]);
    for (const [index, block] of [large!, other!]) cache.put(index, block);
    expect([cache.take(large![0]), cache.take(other![0])]).toEqual([undefined, other![1]]);
  });
});
