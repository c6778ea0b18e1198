import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Waiting, waiting } from '../../src/cli/waiting.ts';

let written: string[];
const terminal = {
  columns: 30,
  write: (text: string) => {
    written.push(text.replace('\r\u001b[2K', '>'));
  },
};

beforeEach(() => {
  written = [];
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('shows what takes longer than a second, with the seconds, and clears it', () => {
  const progress = new Waiting(terminal);
  progress.start('Mining');
  vi.advanceTimersByTime(999);
  expect(written).toEqual([]);
  vi.advanceTimersByTime(1_001);
  progress.end();
  vi.advanceTimersByTime(5_000);
  expect(written).toEqual(['>Mining ... 1 s', '>Mining ... 2 s', '>']);
});

it('shows counts at once, in one line', () => {
  const progress = new Waiting(terminal);
  progress.start('Mining');
  progress.show(`block 5 of 101 ${'x'.repeat(50)}`);
  vi.advanceTimersByTime(5_000);
  progress.end();
  expect(written).toEqual([`>block 5 of 101 ${'x'.repeat(14)}`, '>']);
});

it('shows nothing without a terminal, and clears the line after a failure', async () => {
  const progress = new Waiting(undefined);
  progress.start('Mining');
  progress.show('block 1');
  progress.end();
  const end = vi.spyOn(Waiting.prototype, 'end');
  await expect(waiting('Mining', () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  expect(await waiting('Mining', async () => 5)).toBe(5);
  expect(end.mock.calls.length).toBeGreaterThanOrEqual(2);
});
