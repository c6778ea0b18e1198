import { expect, it } from 'vitest';
import { byMessages, immediate } from '../../src/platform/immediate.ts';
import { processorCount } from '../../src/platform/threads.ts';

it('the callbacks of a page run by messages, in order and without those that were cancelled', async () => {
  const { port1, port2 } = new MessageChannel();
  try {
    const schedule = byMessages({ port1, port2 });
    const runs: number[] = [];
    const cancel = [1, 2, 3].map((i) => schedule(() => runs.push(i)));
    cancel[1]!();
    expect(runs).toEqual([]);
    await new Promise<void>((resolve) => {
      schedule(() => {
        runs.push(4);
        cancel[0]!();
        schedule(resolve);
      });
    });
    expect(runs).toEqual([1, 3, 4]);
  } finally {
    port1.close();
  }
});

it('a callback that was cancelled does not run in Node either', async () => {
  const runs: number[] = [];
  immediate(() => runs.push(1))();
  await new Promise<void>((resolve) => {
    immediate(resolve);
  });
  expect(runs).toEqual([]);
  expect(processorCount()).toBeGreaterThan(0);
});
