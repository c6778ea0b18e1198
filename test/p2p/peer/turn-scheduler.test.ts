import { describe, expect, it } from 'vitest';
import { type PeerWorker, TurnScheduler } from '../../../src/p2p/peer/turn-scheduler.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { WorkClock } from '../support/work-clock.ts';

/** A worker that calls `step` `steps` times. */
class Steps implements PeerWorker {
  readonly #turns: TurnScheduler;
  readonly #step: () => void;
  left: number;

  constructor(turns: TurnScheduler, steps: number, step: () => void) {
    this.#turns = turns;
    this.#step = step;
    this.left = steps;
  }

  work(): boolean {
    while (this.left > 0) {
      this.left--;
      this.#step();
      if (this.#turns.isSliceOver) return true;
    }
    return false;
  }
}

describe('TurnScheduler', () => {
  it('returns to the event loop after 3 ms, however many peers have work', async () => {
    const clock = new WorkClock();
    const turns = new TurnScheduler(clock);
    const workers = Array.from({ length: 100 }, () => new Steps(turns, 50, () => clock.spend(0.25)));
    const start = clock.now();
    for (const worker of workers) turns.ready(worker);
    expect(clock.now() - start).toBe(3);
    let count = 0;
    while (workers.some(({ left }) => left > 0)) {
      expect(await clock.turn()).toBeLessThanOrEqual(3);
      count++;
    }
    expect(count).toBe(Math.ceil((100 * 50 * 0.25) / 3) - 1);
  });

  it('schedules round-robin: each peer gets a slice of 1 ms before any gets a second one', async () => {
    const clock = new WorkClock();
    const turns = new TurnScheduler(clock);
    const log: string[] = [];
    const worker = (name: string) =>
      new Steps(turns, 8, () => {
        clock.spend(0.5);
        log.push(name);
      });
    for (const name of ['a', 'b', 'c', 'd']) turns.ready(worker(name));
    while ((await clock.turn()) > 0);
    // The first worker also gets the rest of the turn in which no other one had work yet.
    expect(log.join('')).toBe('aaaaaaaabbccddbbccddbbccddbbccdd');
  });

  it('serves the peer that has lately used the least first', async () => {
    const clock = new WorkClock();
    const turns = new TurnScheduler(clock);
    const floods = Array.from({ length: 16 }, () => new Steps(turns, 1_000, () => clock.spend(0.5)));
    for (const worker of floods) turns.ready(worker);
    for (let i = 0; i < 20; i++) await clock.turn();
    const idle = new Steps(turns, 4, () => clock.spend(0.5));
    turns.ready(idle);
    // A new peer takes its turn among those that have used the least.
    while (idle.left > 0) await clock.turn();
    clock.spend(60_000);
    for (let i = 0; i < 20; i++) await clock.turn();
    idle.left = 4;
    turns.ready(idle);
    expect(idle.left).toBe(4);
    await clock.turn();
    expect(idle.left).toBe(0);
    const done = floods.map(({ left }) => 1_000 - left);
    expect(Math.max(...done) - Math.min(...done)).toBeLessThanOrEqual(8);
  });

  it('charges a long step to its peer, which then waits for the others', async () => {
    const clock = new WorkClock();
    const turns = new TurnScheduler(clock);
    const slow = new Steps(turns, 20, () => clock.spend(10));
    const quick = new Steps(turns, 200, () => clock.spend(0.5));
    turns.ready(slow);
    turns.ready(quick);
    for (let i = 0; i < 5; i++) await clock.turn();
    expect([slow.left, 200 - quick.left]).toEqual([17, 20]);
  });

  it('does not let many new peers go before one that has used some time for its handshake', async () => {
    const clock = new WorkClock();
    const turns = new TurnScheduler(clock);
    const honest = new Steps(turns, 1, () => clock.spend(40));
    turns.ready(honest);
    while ((await clock.turn()) > 0);
    const floods = Array.from({ length: 16 }, () => new Steps(turns, 1_000, () => clock.spend(1)));
    for (const worker of floods) turns.ready(worker);
    honest.left = 1;
    turns.ready(honest);
    const start = clock.now();
    while (honest.left > 0) await clock.turn();
    // At most a slice of each flood, a turn, and its own work.
    expect(clock.now() - start).toBeLessThanOrEqual(16 + 3 + 40);
  });

  it('gives a new peer no precedence over those that wait, so that reconnecting gains nothing', async () => {
    const clock = new WorkClock();
    const turns = new TurnScheduler(clock);
    const first = new Steps(turns, 10_000, () => clock.spend(1));
    turns.ready(first);
    for (let i = 0; i < 100; i++) await clock.turn();
    let others = 0;
    for (let i = 0; i < 100; i++) {
      const next = new Steps(turns, 100, () => {
        others++;
        clock.spend(1);
      });
      turns.ready(next);
      await clock.turn();
      turns.remove(next);
    }
    expect(others).toBeLessThan(180);
    expect(10_000 - first.left).toBeGreaterThan(400);
  });

  it.each([
    [190, 'early'],
    [210, 'late'],
  ])('halves the use of %d ms in ten seconds, and compares it with 100 ms just used', async (ms, next) => {
    const clock = new WorkClock();
    const turns = new TurnScheduler(clock);
    const log: string[] = [];
    const worker = (name: string) =>
      new Steps(turns, 0, () => {
        log.push(name);
        clock.spend(1);
      });
    const [blocker, early, late] = ['blocker', 'early', 'late'].map(worker) as [Steps, Steps, Steps];
    const use = async (steps: Steps, count: number) => {
      steps.left = count;
      turns.ready(steps);
      while ((await clock.turn()) > 0);
    };
    for (const steps of [early, late]) turns.ready(steps);
    await use(early, ms);
    clock.spend(10_000 - 100);
    await use(late, 100);
    log.length = 0;
    for (const [steps, count] of [
      [blocker, 3],
      [late, 1],
      [early, 1],
    ] as const) {
      steps.left = count;
      turns.ready(steps);
    }
    while ((await clock.turn()) > 0);
    expect(log.filter((name) => name !== 'blocker')[0]).toBe(next);
  });

  it('runs a worker at once if no other one waits, and sets no timer if no time has passed', () => {
    const clock = new VirtualClock();
    const turns = new TurnScheduler(clock);
    let timers = 0;
    const after = clock.after.bind(clock);
    clock.after = (ms, callback) => {
      timers++;
      return after(ms, callback);
    };
    const worker = new Steps(turns, 1_000, () => {});
    turns.ready(worker);
    expect([worker.left, timers]).toEqual([0, 0]);
  });

  it('runs one step per turn even if a step takes longer than a turn, and skips removed workers', async () => {
    const clock = new WorkClock();
    const turns = new TurnScheduler(clock);
    const [slow, other, removed] = [1, 2, 3].map(() => new Steps(turns, 2, () => clock.spend(20))) as [
      Steps,
      Steps,
      Steps,
    ];
    for (const worker of [slow, other, removed]) turns.ready(worker);
    expect([slow.left, other.left, removed.left]).toEqual([1, 2, 2]);
    turns.remove(removed);
    for (let i = 0; i < 3; i++) expect(await clock.turn()).toBe(20);
    expect([await clock.turn(), slow.left, other.left, removed.left]).toEqual([0, 0, 0, 2]);
  });

  it('runs a worker no more that removes itself while it has work left', async () => {
    const clock = new WorkClock();
    const turns = new TurnScheduler(clock);
    const worker: Steps = new Steps(turns, 10, () => {
      clock.spend(1);
      turns.remove(worker);
    });
    turns.ready(worker);
    expect(await clock.turn()).toBe(0);
    expect(worker.left).toBe(9);
  });
});
