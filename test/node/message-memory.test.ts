import { expect, it } from 'vitest';
import { MessageMemory } from '../../src/node/message-memory.ts';

const MB = 1 << 20;

function memoryOf(heapBytes: number) {
  const calls: string[] = [];
  const memory = new MessageMemory({
    heapBytes: () => heapBytes,
    collectYoung: () => void calls.push('young'),
    collectAll: () => void calls.push('all'),
    collect: () => void calls.push('idle'),
    residentBytes: () => 0,
    utilization: () => 0,
  });
  return { memory, calls };
}

it('collects young objects once for each 4 MiB of messages', () => {
  const { memory, calls } = memoryOf(0);
  for (let i = 0; i < 4 * 1024 - 1; i++) memory.moved(1024);
  expect(calls).toEqual([]);
  memory.moved(1024);
  expect(calls).toEqual(['young']);
  memory.moved(4 * MB - 1);
  expect(calls).toEqual(['young']);
  memory.moved(1);
  expect(calls).toEqual(['young', 'young']);
});

it.each([
  [128 * MB, 'all'],
  [128 * MB + 1, 'young'],
])('with %i bytes in use each sixteenth collection is one of %s objects', (heapBytes, kind) => {
  const { memory, calls } = memoryOf(heapBytes);
  for (let i = 0; i < 33; i++) memory.moved(4 * MB);
  const round = [...Array.from({ length: 15 }, () => 'young'), kind];
  expect(calls).toEqual([...round, ...round, 'young']);
});
