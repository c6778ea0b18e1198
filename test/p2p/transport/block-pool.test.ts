import { describe, expect, it } from 'vitest';
import { BlockPool } from '../../../src/p2p/transport/block-pool.ts';

const MB = 1 << 20;

describe('BlockPool', () => {
  it('hands out blocks that do not overlap, more than one allocation holds', () => {
    const pool = new BlockPool(4 * MB);
    const blocks = Array.from({ length: 20 }, () => pool.take());
    for (const [i, block] of blocks.entries()) {
      expect(block.length).toBe(4 * MB);
      block[0] = i;
      block[block.length - 1] = i;
    }
    expect(blocks.map((block) => [block[0], block.at(-1)])).toEqual(blocks.map((_, i) => [i, i]));
    expect(pool.used).toBe(20);
  });

  it('hands a block out again once it is given back', () => {
    const pool = new BlockPool(16 * 1024);
    const [first, second] = [pool.take(), pool.take()];
    pool.give(first);
    expect(pool.take()).toBe(first);
    expect(pool.take()).not.toBe(second);
    expect(pool.used).toBe(3);
  });

  it('allocates more than 32 MB at a time, which the system gets back at once', () => {
    expect(new BlockPool(16).take().buffer.byteLength).toBeGreaterThan(32 * MB);
  });

  it('drops its memory only if no block is in use', () => {
    const pool = new BlockPool(16 * 1024);
    const [first, second] = [pool.take(), pool.take()];
    pool.give(first);
    pool.trim();
    expect(pool.take()).toBe(first);
    pool.give(first);
    pool.give(second);
    pool.trim();
    expect(pool.take().buffer).not.toBe(first.buffer);
  });
});
