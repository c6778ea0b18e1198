import { expect, it } from 'vitest';
import { RecentMessages } from '../../../src/p2p/connections/recent-messages.ts';

it('keeps copies of the last messages, up to a mebibyte, and the beginning of long ones', () => {
  const messages = new RecentMessages(5);
  const payload = Uint8Array.of(1, 2, 3);
  expect(messages.add('ping', payload)).toBe(5);
  payload[0] = 9;
  expect(messages.get(5)).toEqual({ command: 'ping', payload: Uint8Array.of(1, 2, 3), size: 3 });
  expect(messages.add('block', new Uint8Array(70_000))).toBe(6);
  expect(messages.get(6)).toMatchObject({ size: 70_000 });
  expect(messages.get(6)!.payload).toHaveLength(65_536);
  // 15 more of 64 KiB fit, but for what each costs besides.
  for (let i = 0; i < 14; i++) messages.add('block', new Uint8Array(65_536));
  expect(messages.get(5)).toBeDefined();
  messages.add('block', new Uint8Array(65_536));
  expect([5, 6, 7].map((id) => messages.get(id) !== undefined)).toEqual([false, false, true]);
  // Empty ones cost something too.
  for (let i = 0; i < 10_000; i++) messages.add('verack', new Uint8Array());
  expect(messages.get(10_020)).toBeDefined();
  expect(messages.get(21)).toBeUndefined();
  expect(messages.get(Number.NaN)).toBeUndefined();
});
