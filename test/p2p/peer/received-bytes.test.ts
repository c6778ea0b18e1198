import { describe, expect, it } from 'vitest';
import { ReceivedBytes } from '../../../src/p2p/peer/received-bytes.ts';
import { ioBlocks } from '../../../src/p2p/transport/block-pool.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';

describe('ReceivedBytes', () => {
  it('returns what was pushed, in order, in pieces of at most 8 kB, whatever becomes of the chunks', () => {
    const random = new SeededRandom(1);
    const received = new ReceivedBytes();
    const all: number[] = [];
    const taken: number[] = [];
    for (const size of [1, 8_191, 16_384, 40_000, 3, 16_383, 65_536, 0, 7]) {
      const chunk = random.bytes(size).slice();
      received.push(chunk);
      all.push(...chunk);
      chunk.fill(0);
      const piece = received.take()!;
      expect(piece.length).toBeLessThanOrEqual(8 * 1024);
      taken.push(...piece);
    }
    for (let piece = received.take(); piece; piece = received.take()) taken.push(...piece);
    expect(taken).toEqual(all);
  });

  it('costs the memory of its blocks, and gives them back', () => {
    const before = ioBlocks.used;
    const received = new ReceivedBytes();
    expect([received.cost, received.take()]).toEqual([0, undefined]);
    for (let i = 0; i < 16 * 1024; i++) received.push(Uint8Array.of(i));
    expect([received.cost, ioBlocks.used - before]).toEqual([16 * 1024, 1]);
    received.push(Uint8Array.of(1));
    expect([received.cost, ioBlocks.used - before]).toEqual([32 * 1024, 2]);
    while (received.take());
    expect([received.cost, ioBlocks.used - before]).toEqual([0, 0]);
    received.push(new Uint8Array(50_000));
    received.clear();
    expect([received.cost, ioBlocks.used - before, received.take()]).toEqual([0, 0, undefined]);
  });
});
