import { describe, expect, it } from 'vitest';
import { YoungMemory } from '../../src/node/young-memory.ts';

const MB = 1 << 20;

describe('YoungMemory', () => {
  it('collects once for each 4 MiB of messages', () => {
    let collections = 0;
    const memory = new YoungMemory(() => void collections++);
    for (let i = 0; i < 4 * 1024 - 1; i++) memory.moved(1024);
    expect(collections).toBe(0);
    memory.moved(1024);
    expect(collections).toBe(1);
    memory.moved(4 * MB - 1);
    expect(collections).toBe(1);
    memory.moved(1);
    expect(collections).toBe(2);
  });
});
