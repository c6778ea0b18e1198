import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type Call, CallQueue } from '../../../src/api/work/call.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { CountedClock } from '../../support/counted-clock.ts';

/** A caller that can disconnect. */
function caller(client = '127.0.0.1') {
  const abort = new AbortController();
  return { client, signal: abort.signal, disconnect: () => abort.abort() };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Computes for `ms` milliseconds in steps of one, and notes each in `log`. */
async function compute(call: Call, clock: VirtualClock, ms: number, log: () => void): Promise<void> {
  for (let i = 0; i < ms; i++) {
    const pause = call.step();
    if (pause) await pause;
    clock.advance(1);
    log();
  }
}

describe('CallQueue', () => {
  it('runs a short call at once', async () => {
    const queue = new CallQueue(new VirtualClock());
    let isDone = false;
    const done = queue.run(caller(), async ({ step }) => {
      expect(step()).toBeUndefined();
      isDone = true;
    });
    expect(isDone).toBe(true);
    await done;
  });

  it('is full at 256 working calls, among which one that waits does not count', async () => {
    const queue = new CallQueue(new VirtualClock());
    let end = () => {};
    const waited = (call: Call) =>
      call.wait((done) => {
        end = done;
        return () => {};
      });
    // Each call works, waits and works again.
    for (let i = 0; i < 3; i++) {
      const done = queue.run(caller(), waited);
      end();
      await done;
    }
    const ends: (() => void)[] = [];
    const run = () => queue.run(caller(), () => new Promise<void>((resolve) => ends.push(resolve)));
    const working = Array.from({ length: 255 }, run);
    expect(queue.isFull).toBe(false);
    working.push(run());
    expect(queue.isFull).toBe(true);
    for (const resolve of ends) resolve();
    await Promise.all(working);
    expect(queue.isFull).toBe(false);
  });

  it('gives long calls slices of four milliseconds, one in each turn of the event loop', async () => {
    const clock = new VirtualClock();
    const queue = new CallQueue(clock);
    let worked = 0;
    const done = queue.run(caller(), (call) => compute(call, clock, 40, () => worked++));
    const progress: number[] = [];
    for (let i = 0; i < 10; i++) {
      await turn();
      progress.push(worked);
    }
    await done;
    for (const [i, at] of progress.entries()) expect(at - (progress[i - 1] ?? 0)).toBeLessThanOrEqual(i === 0 ? 8 : 4);
    expect(worked).toBe(40);
  });

  it('alternates between long calls', async () => {
    const clock = new VirtualClock();
    const queue = new CallQueue(clock);
    const order: string[] = [];
    const run = (name: string) => queue.run(caller(), (call) => compute(call, clock, 40, () => order.push(name)));
    await Promise.all([run('a'), run('b'), run('c')]);
    // At first they are short, and in the end a rest is left.
    expect(order.slice(38, -6).join('')).toMatch(/^(a{4}|b{4}|c{4})+$/);
    // None is more than two slices ahead, and the one at work.
    for (let at = 0; at < order.length; at++) {
      const counts = ['a', 'b', 'c'].map((name) => order.slice(0, at).filter((each) => each === name).length);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(12);
    }
  });

  it('starts a new call before long calls continue', async () => {
    const clock = new VirtualClock();
    const queue = new CallQueue(clock);
    const long = Array.from({ length: 16 }, () => queue.run(caller(), (call) => compute(call, clock, 200, () => {})));
    for (let i = 0; i < 20; i++) await turn();
    let turns = 0;
    let isAnswered = false;
    const short = queue.run(caller(), async () => {
      isAnswered = true;
    });
    for (; !isAnswered; turns++) await turn();
    expect(turns).toBeLessThanOrEqual(2);
    await Promise.all([...long, short]);
  });

  it('continues a new call that needs several slices as if there were no long ones', async () => {
    const clock = new VirtualClock();
    const queue = new CallQueue(clock);
    const long = Array.from({ length: 16 }, () => queue.run(caller(), (call) => compute(call, clock, 400, () => {})));
    // None of them is short any longer.
    for (let i = 0; i < 50; i++) await turn();
    let isAnswered = false;
    const short = queue.run(caller(), async (call) => {
      await compute(call, clock, 7, () => {});
      isAnswered = true;
    });
    let turns = 0;
    for (; !isAnswered; turns++) await turn();
    expect(turns).toBeLessThanOrEqual(4);
    await Promise.all([...long, short]);
  });

  it('continues the short call that has had the least time first', async () => {
    const clock = new VirtualClock();
    const queue = new CallQueue(clock);
    const ended: string[] = [];
    const run = async (name: string, ms: number) => {
      await queue.run(caller(), (call) => compute(call, clock, ms, () => {}));
      ended.push(name);
    };
    const older = Array.from({ length: 8 }, (_, i) => run(`older ${i}`, 7));
    // Each has had two milliseconds at least.
    for (let i = 0; i < 8; i++) await turn();
    expect(ended).toEqual([]);
    const newer = run('newer', 2);
    await Promise.all([...older, newer]);
    expect(ended[0]).toBe('newer');
  });

  it('continues a short call after a while, however many new ones use all the time of short calls', async () => {
    const clock = new VirtualClock();
    const queue = new CallQueue(clock);
    let isAnswered = false;
    const patient = queue.run(caller(), async (call) => {
      await compute(call, clock, 7, () => {});
      isAnswered = true;
    });
    const others: Promise<void>[] = [];
    for (let turns = 0; !isAnswered; turns++) {
      expect(turns).toBeLessThan(200);
      for (let i = 0; i < 4; i++) others.push(queue.run(caller(), (call) => compute(call, clock, 1, () => {})));
      await turn();
    }
    await Promise.all([patient, ...others]);
  });

  it('continues a long call in each turn, however many short ones wait', async () => {
    const clock = new VirtualClock();
    const queue = new CallQueue(clock);
    let worked = 0;
    const long = queue.run(caller(), (call) => compute(call, clock, 400, () => worked++));
    for (let i = 0; i < 10; i++) await turn();
    const before = worked;
    const others: Promise<void>[] = [];
    for (let turns = 0; turns < 40; turns++) {
      for (let i = 0; i < 4; i++) others.push(queue.run(caller(), (call) => compute(call, clock, 2, () => {})));
      await turn();
    }
    expect(worked - before).toBeGreaterThanOrEqual(4 * 38);
    await Promise.all([long, ...others]);
  });

  it('shares four milliseconds of each turn between short calls, in their order', async () => {
    const clock = new VirtualClock();
    const queue = new CallQueue(clock);
    const started: number[] = [];
    const calls = Array.from({ length: 12 }, (_, i) =>
      queue.run(caller(), async () => {
        started.push(i);
        clock.advance(2);
      }),
    );
    expect(started).toEqual([0, 1]);
    for (let before = started.length; before < 12; before = started.length) {
      await turn();
      expect(started.length - before).toBeLessThanOrEqual(4);
    }
    await Promise.all(calls);
    expect(started).toEqual([...started].sort((a, b) => a - b));
  });

  it('gives a short call a slice of one millisecond while others wait', async () => {
    const clock = new VirtualClock();
    const queue = new CallQueue(clock);
    const order: string[] = [];
    const calls = ['a', 'b', 'c', 'd', 'e'].map((name) =>
      queue.run(caller(), (call) => compute(call, clock, 4, () => order.push(name))),
    );
    await Promise.all(calls);
    // The first one works alone until the end of the turn.
    expect(order.join('')).toBe('aaaabcdebcdebcdebcde');
  });

  it('lets few long calls proceed at the same time, and each of them in the end', async () => {
    const clock = new VirtualClock();
    const queue = new CallQueue(clock);
    const begun = new Set<number>();
    const ended: number[] = [];
    let most = 0;
    const calls = Array.from({ length: 20 }, (_, i) =>
      queue.run(caller(), async (call) => {
        let worked = 0;
        await compute(call, clock, 40, () => {
          // In the slices after those of a short call.
          if (++worked > 11) begun.add(i);
          most = Math.max(most, begun.size - ended.length);
        });
        ended.push(i);
      }),
    );
    await Promise.all(calls);
    expect(most).toBeLessThanOrEqual(5);
    expect(ended).toHaveLength(20);
  });

  it('takes the place of a very long call for one that waits', async () => {
    const clock = new VirtualClock();
    const queue = new CallQueue(clock);
    const endless = caller();
    const long = Array.from({ length: 4 }, () => queue.run(endless, (call) => compute(call, clock, 1e9, () => {})));
    await turn();
    await queue.run(caller(), (call) => compute(call, clock, 20, () => {}));
    const ends = long.map((call) => expect(call).rejects.toMatchObject({ rpcCode: -9, message: 'Shutting down' }));
    endless.disconnect();
    await Promise.all(ends);
  });

  it('is full when 256 calls work, and not while they wait', async () => {
    const queue = new CallQueue(new VirtualClock());
    const ends: (() => void)[] = [];
    const working = Array.from({ length: 256 }, () =>
      queue.run(caller(), () => new Promise<void>((resolve) => ends.push(resolve))),
    );
    expect(queue.isFull).toBe(true);
    ends[0]!();
    await working[0];
    expect(queue.isFull).toBe(false);
    for (const end of ends) end();
    await Promise.all(working);

    const waiting = Array.from({ length: 256 }, () =>
      queue.run(caller(), (call) =>
        call.wait((end) => {
          ends.push(end);
          return () => {};
        }),
      ),
    );
    expect(queue.isFull).toBe(false);
    for (const end of ends) end();
    await Promise.all(waiting);
    expect(queue.isFull).toBe(false);
  });
});

describe('Call.wait', () => {
  /** An event with listeners that can be counted. */
  class Bell {
    readonly listeners = new Set<() => void>();
    readonly subscribe = (end: () => void) => {
      this.listeners.add(end);
      return () => void this.listeners.delete(end);
    };
  }

  it('ends at the event, after its timeout, and when the caller disconnects, and leaves no listener', async () => {
    const clock = new VirtualClock();
    const queue = new CallQueue(clock);
    const bell = new Bell();
    const wait = (source: ReturnType<typeof caller>, timeout?: number) =>
      queue.run(source, (call) => call.wait(bell.subscribe, timeout));

    const first = wait(caller());
    expect(bell.listeners.size).toBe(1);
    for (const end of bell.listeners) end();
    await first;
    expect(bell.listeners.size).toBe(0);

    const second = wait(caller(), 1_000);
    clock.advance(999);
    expect(bell.listeners.size).toBe(1);
    clock.advance(1);
    await second;
    expect(bell.listeners.size).toBe(0);

    const gone = caller();
    const third = wait(gone, 1_000);
    gone.disconnect();
    await third;
    expect(bell.listeners.size).toBe(0);
    await wait(gone);
    expect(bell.listeners.size).toBe(0);
  });

  it("leaves no listener on its caller's signal, which may outlive many waits", async () => {
    const clock = new CountedClock();
    const queue = new CallQueue(clock);
    const bell = new Bell();
    const source = caller();
    for (const end of [() => clock.advance(1_000), () => [...bell.listeners][0]!()]) {
      const waited = queue.run(source, (call) => call.wait(bell.subscribe, 1_000));
      await turn();
      expect(getEventListeners(source.signal, 'abort')).toHaveLength(1);
      end();
      await waited;
      expect([getEventListeners(source.signal, 'abort'), clock.timers]).toEqual([[], 0]);
    }
  });

  it('ends at an event during the subscription', async () => {
    const queue = new CallQueue(new VirtualClock());
    let isSubscribed = false;
    await queue.run(caller(), (call) =>
      call.wait((end) => {
        isSubscribed = true;
        end();
        return () => {
          isSubscribed = false;
        };
      }),
    );
    expect(isSubscribed).toBe(false);
  });

  it('ends the oldest wait of the client with the most, above 256', async () => {
    const queue = new CallQueue(new VirtualClock());
    const ended: string[] = [];
    const all: { name: string; disconnect: () => void }[] = [];
    const wait = (client: string, name: string) => {
      const source = caller(client);
      all.push({ name, disconnect: source.disconnect });
      return queue.run(source, (call) => call.wait(() => () => {})).then(() => ended.push(name));
    };
    const waits = [wait('10.0.0.1', 'quiet')];
    for (let i = 0; i < 255; i++) waits.push(wait('10.0.0.2', `greedy ${i}`));
    await turn();
    expect(ended).toEqual([]);
    waits.push(wait('10.0.0.2', 'greedy 255'), wait('10.0.0.3', 'new'));
    await turn();
    expect(ended).toEqual(['greedy 0', 'greedy 1']);
    for (const { disconnect } of all) disconnect();
    await Promise.all(waits);
  });
});
