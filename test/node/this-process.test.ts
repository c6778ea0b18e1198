import { getHeapStatistics } from 'node:v8';
import { afterEach, expect, it, vi } from 'vitest';
import { IdleMemory, thisProcess } from '../../src/node/idle-memory.ts';
import { CountedClock } from '../support/counted-clock.ts';

afterEach(() => vi.restoreAllMocks());

it('the load of a process is its CPU time, of user and system, as a share of the time since the last look', () => {
  let [now, cpu] = [1_000, { user: 0, system: 0 }];
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const usage = (before?: NodeJS.CpuUsage) =>
    before ? { user: cpu.user - before.user, system: cpu.system - before.system } : { ...cpu };
  vi.spyOn(process, 'cpuUsage').mockImplementation(usage);
  const memory = thisProcess();
  // Milliseconds, and microseconds.
  now = 2_000;
  cpu = { user: 200_000, system: 50_000 };
  expect(memory.utilization()).toBeCloseTo(0.25);
  now = 2_500;
  cpu = { user: 200_000, system: 550_000 };
  expect(memory.utilization()).toBeCloseTo(1);
  now = 3_500;
  expect(memory.utilization()).toBe(0);
});

it('tells the bytes in use in the heap', () => {
  const memory = thisProcess();
  const [bytes, { used_heap_size: used, total_heap_size: total }] = [memory.heapBytes(), getHeapStatistics()];
  expect(Math.abs(bytes - used)).toBeLessThan(4 << 20);
  expect(bytes).toBeLessThan(total);
});

it('looks by one timer, however often it is started, and by none once stopped', () => {
  const clock = new CountedClock();
  const memory = new IdleMemory(clock, { ...thisProcess(), utilization: () => 1 });
  memory.start();
  memory.start();
  expect(clock.timers).toBe(1);
  clock.advance(5_000);
  expect(clock.timers).toBe(1);
  memory.stop();
  expect(clock.timers).toBe(0);
  memory.start();
  expect(clock.timers).toBe(1);
  memory.stop();
});
