import { describe, expect, it } from 'vitest';
import { ChangePoller } from '../../../src/devnet/nodes/system/change-poller.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';

/** A poller of `state`, whose reads are counted. */
function pollerOf(state: { value: string; isActive: boolean }) {
  const clock = new VirtualClock();
  const seen = { reads: 0, changes: 0 };
  const poller = new ChangePoller(clock, {
    isActive: () => state.isActive,
    read: async () => {
      seen.reads++;
      if (state.value === 'fails') throw new Error('no answer');
      return state.value;
    },
  });
  /** Lets `ms` milliseconds pass, in steps in which reads end. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10) {
      clock.advance(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { ...seen };
  };
  return { poller, seen, pass };
}

describe('a poller of changes', () => {
  it('reports each change once, and polls only while there are listeners', async () => {
    const state = { value: 'a', isActive: true };
    const { poller, seen, pass } = pollerOf(state);
    expect(await pass(1_000)).toEqual({ reads: 0, changes: 0 });
    const unsubscribe = poller.subscribe(() => seen.changes++);
    // The listener may have missed the last change.
    expect((await pass(100)).changes).toBe(1);
    expect((await pass(1_000)).changes).toBe(1);
    state.value = 'b';
    expect((await pass(500)).changes).toBe(2);
    unsubscribe();
    const { reads } = seen;
    expect(await pass(1_000)).toEqual({ reads, changes: 2 });
    poller.subscribe(() => seen.changes++);
    expect((await pass(30)).changes).toBe(3);
  });

  it('polls less often while nothing changes, and often again for a new listener', async () => {
    const { poller, seen, pass } = pollerOf({ value: 'a', isActive: true });
    poller.subscribe(() => {});
    await pass(2_000);
    const before = seen.reads;
    const quiet = (await pass(10_000)).reads - before;
    expect(quiet).toBeGreaterThanOrEqual(30);
    expect(quiet).toBeLessThanOrEqual(40);
    poller.subscribe(() => {});
    expect((await pass(20)).reads).toBe(before + quiet + 1);
  });

  it('goes on after a failure, and after the program has started again', async () => {
    const state = { value: 'fails', isActive: true };
    const { poller, seen, pass } = pollerOf(state);
    poller.subscribe(() => seen.changes++);
    expect((await pass(1_000)).changes).toBe(0);
    state.isActive = false;
    const { reads } = await pass(1_000);
    expect((await pass(1_000)).reads).toBe(reads);
    Object.assign(state, { value: 'a', isActive: true });
    poller.changed();
    expect(await pass(30)).toMatchObject({ changes: 2 });
  });
});
