import { describe, expect, it } from 'vitest';
import { pause } from '../../src/chain/connect/pause.ts';
import type { ChainState } from '../../src/chain/connect/state.ts';
import { Flusher } from '../../src/chain/storage/flusher.ts';
import { JobQueue } from '../../src/chain/storage/job-queue.ts';
import { TimeSlices } from '../../src/platform/time-slices.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const MIB = 1 << 20;
/** Bytes pending from which a busy chain writes, and from which it waits for the disk. */
const BATCH = 16 * MIB;
const LIMIT = 48 * MIB;

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A flusher of a disk whose writes end when the test says so. */
function makeFlusher() {
  const disk = { pending: 0, isIdle: false, writes: 0, failures: [] as unknown[] };
  const running: { resolve(): void; reject(error: Error): void }[] = [];
  const flusher = new Flusher({
    flush: () => {
      disk.writes++;
      return new Promise((resolve, reject) => {
        running.push({ resolve, reject });
      });
    },
    pendingBytes: () => disk.pending,
    isIdle: () => disk.isIdle,
    onFailure: (error) => disk.failures.push(error),
  });
  const end = async (error?: Error) => {
    const write = running.shift()!;
    if (error) write.reject(error);
    else write.resolve();
    await settle();
  };
  return { disk, flusher, end };
}

/** Returns a function that tells whether `promise` has settled: 'resolved', the message of the error, or undefined. */
function watch(promise: Promise<unknown>): () => Promise<string | undefined> {
  let state: string | undefined;
  promise.then(
    () => {
      state = 'resolved';
    },
    (error: Error) => {
      state = error.message;
    },
  );
  return async () => {
    await settle();
    return state;
  };
}

describe('the flusher', () => {
  it('writes at once while the chain is idle, and otherwise once it becomes idle', async () => {
    const { disk, flusher, end } = makeFlusher();
    const requested = watch(flusher.request());
    expect([disk.writes, await requested()]).toEqual([0, undefined]);
    disk.isIdle = true;
    flusher.poke();
    expect([disk.writes, await requested()]).toEqual([1, undefined]);
    await end();
    expect(await requested()).toBe('resolved');
    const other = watch(flusher.request());
    expect(disk.writes).toBe(2);
    await end();
    expect(await other()).toBe('resolved');
    flusher.poke();
    expect(disk.writes).toBe(2);
  });

  it('shares one write between requests while the chain is busy, up to a batch', async () => {
    const { disk, flusher, end } = makeFlusher();
    const requests = [flusher.request(), flusher.request()].map(watch);
    disk.pending = BATCH - 1;
    flusher.poke();
    expect(disk.writes).toBe(0);
    disk.pending = BATCH;
    flusher.poke();
    expect(disk.writes).toBe(1);
    await end();
    expect(await Promise.all(requests.map((state) => state()))).toEqual(['resolved', 'resolved']);
  });

  it('serves a request during a write by the next write', async () => {
    const { disk, flusher, end } = makeFlusher();
    disk.isIdle = true;
    const first = watch(flusher.request());
    // Its changes may not be in the write that is running.
    const second = watch(flusher.request());
    expect(disk.writes).toBe(1);
    await end();
    expect([await first(), await second(), disk.writes]).toEqual(['resolved', undefined, 2]);
    await end();
    expect(await second()).toBe('resolved');
  });

  it('reports a failed write to its callers alone, and writes again when asked', async () => {
    const { disk, flusher, end } = makeFlusher();
    disk.isIdle = true;
    const failing = watch(flusher.request());
    flusher.requestInBackground();
    const full = new Error('the disk is full');
    await end(full);
    expect([await failing(), disk.failures, disk.writes]).toEqual(['the disk is full', [full], 2]);
    // No caller waits for the second one: no unhandled rejection.
    await end(full);
    expect(disk.failures).toEqual([full, full]);
    const third = watch(flusher.request());
    await end();
    expect(await third()).toBe('resolved');
  });

  it('writes within a job after a running write', async () => {
    const { disk, flusher, end } = makeFlusher();
    const now = watch(flusher.flushNow());
    await settle();
    expect(disk.writes).toBe(1);
    const again = watch(flusher.flushNow());
    await settle();
    expect(disk.writes).toBe(1);
    await end();
    expect([await now(), await again(), disk.writes]).toEqual(['resolved', undefined, 2]);
    await end();
    expect(await again()).toBe('resolved');
    // On an idle chain, the request has started the write.
    disk.isIdle = true;
    const idle = watch(flusher.flushNow());
    await settle();
    expect(disk.writes).toBe(3);
    await end();
    expect([await idle(), disk.writes]).toEqual(['resolved', 3]);
  });
});

describe('processing blocks', () => {
  it('does not write less than a batch', async () => {
    const { disk, flusher } = makeFlusher();
    disk.pending = BATCH - 1;
    expect(await watch(flusher.throttle())()).toBe('resolved');
    // It has not requested a write either.
    disk.isIdle = true;
    flusher.poke();
    expect(disk.writes).toBe(0);
  });

  it('starts a write with a batch and goes on meanwhile, below the limit', async () => {
    const { disk, flusher, end } = makeFlusher();
    disk.pending = BATCH;
    expect(await watch(flusher.throttle())()).toBe('resolved');
    expect(disk.writes).toBe(1);
    disk.pending = LIMIT - 1;
    expect(await watch(flusher.throttle())()).toBe('resolved');
    expect(disk.writes).toBe(1);
    await end();
    expect(disk.writes).toBe(1);
  });

  it('waits for a slow disk from the limit on', async () => {
    const { disk, flusher, end } = makeFlusher();
    disk.pending = LIMIT;
    const first = watch(flusher.throttle());
    expect([await first(), disk.writes]).toEqual([undefined, 1]);
    const second = watch(flusher.throttle());
    expect([await second(), disk.writes]).toEqual([undefined, 1]);
    disk.pending = 0;
    await end();
    expect([await first(), await second(), disk.writes]).toEqual(['resolved', 'resolved', 1]);
  });

  it('does not wait for ever for a disk that fails', async () => {
    const { disk, flusher, end } = makeFlusher();
    disk.pending = LIMIT;
    const waiting = watch(flusher.throttle());
    await end(new Error('the disk is gone'));
    expect(await waiting()).toBe('resolved');
    expect(disk.failures).toHaveLength(1);
  });

  it('pauses for the disk after each block, and for other work when a slice is over', async () => {
    let release = () => {};
    const throttle = () =>
      new Promise<void>((resolve) => {
        release = resolve;
      });
    const clock = new VirtualClock();
    const slices = new TimeSlices(clock);
    const state = { flusher: { throttle }, slices } as unknown as ChainState;
    const slow = watch(pause(state));
    expect(await slow()).toBeUndefined();
    release();
    expect(await slow()).toBe('resolved');

    let turns = 0;
    const next = () => {
      const after = pause(state).then(() => turns);
      release();
      return after;
    };
    setImmediate(() => turns++);
    clock.advance(3);
    expect(await next()).toBe(0);
    clock.advance(1);
    expect(await next()).toBe(1);
    setImmediate(() => turns++);
    // A new slice has begun.
    expect(await next()).toBe(1);
  });
});

describe('the job queue', () => {
  it('runs jobs in order, one at a time, also after one that failed, and tells when it is idle', async () => {
    const log: string[] = [];
    const queue = new JobQueue({ onBusy: () => log.push('busy'), onIdle: () => log.push('idle') });
    expect(queue.isIdle).toBe(true);
    const job = (name: string, fails = false) =>
      queue.run(async () => {
        log.push(`${name} starts`);
        await settle();
        log.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      });
    const results = Promise.allSettled([job('a'), job('b', true), job('c')]);
    expect([queue.isIdle, log]).toEqual([false, ['busy']]);
    expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(log).toEqual(['busy', 'a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends', 'idle']);
    expect(queue.isIdle).toBe(true);
    expect(await job('d')).toBe('d');
    expect(log.slice(8)).toEqual(['busy', 'd starts', 'd ends', 'idle']);
  });
});
