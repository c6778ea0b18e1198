import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ControlClient } from '../../src/control/client/control-client.ts';
import { Connection, type ConnectionStatus, type OpenClient } from '../../src/web/model/connection.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What a connection reports while attempts come to what `open` says, until the next one is half a minute away. */
async function statuses(open: OpenClient): Promise<ConnectionStatus[]> {
  const seen: ConnectionStatus[] = [];
  const connection = new Connection(open, {
    ...{ status: (status) => seen.push(status), started: () => {}, events: () => {}, steps: () => {} },
  });
  await vi.advanceTimersByTimeAsync(30_000);
  connection.close();
  await vi.advanceTimersByTimeAsync(5_000);
  return seen.filter((status, i) => status !== seen[i - 1]);
}

it('is lost at first, and away after several attempts', async () => {
  expect(await statuses(() => Promise.reject(new Error('refused')))).toEqual(['connecting', 'lost', 'away']);
});

it('has ended at once if the network says so, and stays so', async () => {
  let attempts = 0;
  const open: OpenClient = async (ended) => {
    if (attempts++ > 0) throw new Error('refused');
    return {
      events: async () => {
        ended();
        throw new Error('disconnected');
      },
      close: async () => {},
    } as unknown as ControlClient;
  };
  expect(await statuses(open)).toEqual(['connecting', 'ended']);
  expect(attempts).toBeGreaterThan(3);
});
