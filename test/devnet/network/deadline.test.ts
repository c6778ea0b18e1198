import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ANSWER_MS, waitUntil, within } from '../../../src/devnet/network/deadline.ts';
import { NetworkMembers } from '../../../src/devnet/network/members/network-members.ts';
import type { NetworkNode } from '../../../src/devnet/network/network-node.ts';
import { NetworkWaits } from '../../../src/devnet/network/network-waits.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new Promise<never>(() => {});
const wait = { what: 'a block', sources: [], seen: async () => 'nothing', signal: new AbortController().signal };

it('a wait ends in time, also while it looks at something that does not answer', async () => {
  const failed = expect(waitUntil({ ...wait, timeout: 5_000, check: () => never })).rejects.toMatchObject({
    code: 'wait-timeout',
    message: 'a block: not within 5000 ms. nothing',
  });
  await vi.advanceTimersByTimeAsync(5_000 + ANSWER_MS);
  await failed;
  expect(vi.getTimerCount()).toBe(0);
  // A look that began in time may end.
  const looked = waitUntil({
    ...wait,
    timeout: 1,
    check: () => new Promise((resolve) => setTimeout(resolve, 50, 'seen')),
  });
  await vi.advanceTimersByTimeAsync(50);
  expect(await looked).toBe('seen');

  const closing = new AbortController();
  const aborted = expect(waitUntil({ ...wait, signal: closing.signal, check: () => never })).rejects.toThrow('closed');
  closing.abort(new Error('closed'));
  await aborted;
  expect(vi.getTimerCount()).toBe(0);
});

it('within gives what comes in time, and undefined for what comes later', async () => {
  expect(await within(Promise.resolve(1))).toBe(1);
  await expect(within(Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  const late = within(never);
  await vi.advanceTimersByTimeAsync(ANSWER_MS);
  expect(await late).toBe(undefined);
  let fail = (_: Error) => {};
  const failing = within(
    new Promise<never>((_, reject) => {
      fail = reject;
    }),
    10,
  );
  await vi.advanceTimersByTimeAsync(10);
  expect(await failing).toBe(undefined);
  // What fails later is no unhandled rejection.
  fail(new Error('too late'));
  expect(vi.getTimerCount()).toBe(0);
});

it('a wait says which node does not answer', async () => {
  const node = (name: string, view: NetworkNode['view']) =>
    ({ name, status: 'running', isFull: true, view, backend: { onChange: () => () => {} } }) as unknown as NetworkNode;
  const view = { height: 7, tip: 'ab'.repeat(32), mempool: new Set<string>(), peers: 1 };
  const members = new NetworkMembers();
  const { nodes } = members;
  nodes.push(
    node('a', async () => view),
    node('b', () => never),
  );
  const waits = new NetworkWaits({ members, signal: wait.signal, throwFailure: () => {} });
  const failed = expect(waits.reached(nodes[1]!, 8, { timeout: 1_000 })).rejects.toThrow(
    'block 8 on b: not within 1000 ms. b (running) does not answer',
  );
  await vi.advanceTimersByTimeAsync(1_000 + 2 * ANSWER_MS);
  await failed;
});

it('a wait may be as long as a timer can be', async () => {
  const waited = waitUntil({ ...wait, timeout: 2 ** 31 - 1, check: async () => true as const });
  expect(await waited).toBe(true);
  let isDone = false;
  let changed = () => {};
  const sources = [
    {
      onChange: (listener: () => void) => {
        changed = listener;
        return () => {};
      },
    },
  ];
  const later = waitUntil({ ...wait, sources, timeout: 2 ** 31 - 1, check: async () => isDone || undefined });
  await vi.advanceTimersByTimeAsync(10_000);
  isDone = true;
  changed();
  expect(await later).toBe(true);
});
