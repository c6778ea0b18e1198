import { describe, expect, it } from 'vitest';
import { ioBlocks, payloadBlocks } from '../../../src/p2p/transport/block-pool.ts';
import { PayloadBuffer } from '../../../src/p2p/transport/payload-buffer.ts';

/** Returns a complete payload of bytes `value`. */
function filled(length: number, use: 'transient' | 'kept', value = 1): PayloadBuffer {
  const buffer = new PayloadBuffer(length, use);
  const bytes = new Uint8Array(length).fill(value);
  for (let at = 0; at < length; ) at += buffer.append(bytes, at);
  return buffer;
}

describe('a transient payload', () => {
  it.each([
    [65, ioBlocks],
    [16 * 1024, ioBlocks],
    [16 * 1024 + 1, payloadBlocks],
    [4_000_000, payloadBlocks],
  ])('of %i bytes is collected in a block until it is released', (length, pool) => {
    const before = pool.used;
    const buffer = filled(length, 'transient');
    expect(Buffer.compare(buffer.payload!, new Uint8Array(length).fill(1))).toBe(0);
    expect([buffer.isBlock, pool.used - before]).toEqual([true, 1]);
    buffer.release();
    buffer.release();
    expect(pool.used).toBe(before);
  });

  it('of at most 64 bytes takes no block', () => {
    const before = ioBlocks.used;
    expect(filled(64, 'transient').isBlock).toBe(false);
    expect(ioBlocks.used).toBe(before);
  });

  it('counts the memory that is written', () => {
    const buffer = new PayloadBuffer(4_000_000, 'transient');
    expect(buffer.capacity).toBe(0);
    buffer.append(new Uint8Array(1_000), 0);
    expect(buffer.capacity).toBe(1_000);
    buffer.release();
  });
});

describe('a payload that is kept', () => {
  it('has memory of its own', () => {
    const before = [ioBlocks.used, payloadBlocks.used];
    const buffer = filled(300_000, 'kept');
    expect(buffer.isBlock).toBe(false);
    expect(buffer.payload!.buffer.byteLength).toBe(300_000);
    expect([ioBlocks.used, payloadBlocks.used]).toEqual(before);
  });
});
