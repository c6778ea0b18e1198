import { describe, expect, it, vi } from 'vitest';
import { IdleMemory, type ProcessMemory, thisProcess } from '../../src/node/idle-memory.ts';
import { ioBlocks } from '../../src/p2p/transport/block-pool.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const MB = 1 << 20;

/** A process whose collections leave `afterCollection` bytes. */
class FakeProcess implements ProcessMemory {
  readonly collectYoung = () => {};
  readonly collectAll = () => {};
  readonly heapBytes = () => 0;
  bytes = 200 * MB;
  afterCollection = 200 * MB;
  /** Collections after which `afterCollection` is reached; those before leave 50 MB more each. */
  needed = 1;
  load = 0;
  loadOfCollection = 0;
  #collecting = 0;
  collections = 0;

  residentBytes(): number {
    return this.bytes;
  }

  utilization(): number {
    const load = this.load + this.#collecting;
    this.#collecting = 0;
    return load;
  }

  collect(): void {
    this.collections++;
    this.#collecting = this.loadOfCollection;
    this.bytes = this.afterCollection + 50 * MB * Math.max(0, this.needed - this.collections);
  }
}

/** A watched process that has been idle at 200 MB. */
function watched() {
  const clock = new VirtualClock();
  const process = new FakeProcess();
  const idleMemory = new IdleMemory(clock, process);
  idleMemory.start();
  clock.advance(10_000);
  process.collections = 0;
  /** Works for ten seconds, and leaves the process with so many bytes. */
  const work = (bytes: number) => {
    process.load = 0.9;
    clock.advance(10_000);
    process.bytes = bytes;
    process.load = 0;
  };
  return { clock, process, idleMemory, work };
}

describe('IdleMemory', () => {
  it('collects once, when the process has been idle for five seconds after load', () => {
    const { clock, process, work } = watched();
    work(900 * MB);
    clock.advance(4_999);
    expect(process.collections).toBe(0);
    clock.advance(1);
    expect(process.collections).toBe(1);
    clock.advance(3_600_000);
    expect(process.collections).toBe(1);
  });

  it('begins to count again when the process works meanwhile', () => {
    const { clock, process, work } = watched();
    work(900 * MB);
    clock.advance(4_000);
    process.load = 0.11;
    clock.advance(1_000);
    process.load = 0.1;
    clock.advance(4_999);
    expect(process.collections).toBe(0);
    clock.advance(1);
    expect(process.collections).toBe(1);
  });

  it('collects after each load', () => {
    const { clock, process, work } = watched();
    for (let i = 1; i <= 3; i++) {
      work(900 * MB);
      clock.advance(60_000);
      expect(process.collections).toBe(i);
    }
  });

  it.each([
    [240, 0],
    [241, 1],
  ])('from 200 MB to %i MB: %i collections', (mb, collections) => {
    const { clock, process, work } = watched();
    work(mb * MB);
    clock.advance(60_000);
    expect(process.collections).toBe(collections);
  });

  it('ignores growth of a small process by less than 16 MiB', () => {
    const { clock, process, work } = watched();
    process.afterCollection = 50 * MB;
    work(300 * MB);
    clock.advance(60_000);
    work(66 * MB);
    clock.advance(60_000);
    expect(process.collections).toBe(1);
    work(67 * MB);
    clock.advance(60_000);
    expect(process.collections).toBe(2);
  });

  it('collects each second until memory is within a tenth of what it was', () => {
    const { clock, process, work } = watched();
    process.needed = 4;
    work(900 * MB);
    clock.advance(5_000);
    expect([process.collections, process.bytes]).toEqual([1, 350 * MB]);
    clock.advance(2_000);
    expect([process.collections, process.bytes]).toEqual([3, 250 * MB]);
    clock.advance(60_000);
    expect([process.collections, process.bytes]).toEqual([4, 200 * MB]);
  });

  it('stops to collect when the process works again', () => {
    const { clock, process, work } = watched();
    process.needed = 4;
    work(900 * MB);
    clock.advance(6_000);
    work(900 * MB);
    expect(process.collections).toBe(2);
    // Then it must be idle for five seconds again.
    clock.advance(4_999);
    expect(process.collections).toBe(2);
    clock.advance(1);
    expect(process.collections).toBe(3);
  });

  it('does not count its own work as load', () => {
    const { clock, process, work } = watched();
    process.needed = 4;
    process.loadOfCollection = 1;
    work(900 * MB);
    clock.advance(8_000);
    expect(process.collections).toBe(4);
  });

  it('accepts what eight collections could not return', () => {
    const { clock, process, work } = watched();
    process.afterCollection = 500 * MB;
    work(900 * MB);
    clock.advance(60_000);
    expect(process.collections).toBe(8);
    work(600 * MB);
    clock.advance(60_000);
    expect(process.collections).toBe(8);
  });

  it.each([
    ['in all rounds, if it has had load from its start', 300, 8],
    ['in two rounds, if it has hardly grown since', 60, 2],
  ])('collects when the process is first idle: %s', (_, mb, rounds) => {
    const clock = new VirtualClock();
    const process = new FakeProcess();
    process.load = 1;
    process.bytes = 50 * MB;
    new IdleMemory(clock, process).start();
    clock.advance(20_000);
    process.bytes = mb * MB;
    process.load = 0;
    clock.advance(60_000);
    expect([process.collections, process.bytes]).toEqual([rounds, 200 * MB]);
    process.bytes = 240 * MB;
    clock.advance(60_000);
    expect(process.collections).toBe(rounds);
  });

  it('lets memory grow that an idle process uses', () => {
    const { clock, process, work } = watched();
    work(900 * MB);
    clock.advance(10_000);
    const before = process.collections;
    process.bytes = 900 * MB;
    clock.advance(3_600_000);
    expect(process.collections).toBe(before);
  });

  it('does nothing once stopped', () => {
    const { clock, process, idleMemory, work } = watched();
    work(900 * MB);
    idleMemory.stop();
    clock.advance(60_000);
    expect(process.collections).toBe(0);
  });
});

describe('thisProcess', () => {
  it('collects garbage', () => {
    const memory = thisProcess();
    const garbage = new WeakRef(new Array(1_000_000).fill({}));
    // A WeakRef keeps its target until the current job ends.
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      memory.collect();
      expect(garbage.deref()).toBeUndefined();
    });
  });

  it('returns the memory of unused blocks', () => {
    const trim = vi.spyOn(ioBlocks, 'trim');
    thisProcess().collect();
    expect(trim).toHaveBeenCalledOnce();
    trim.mockRestore();
  });

  it('measures memory and load', () => {
    const memory = thisProcess();
    expect(memory.residentBytes()).toBeGreaterThan(10 * MB);
    const start = performance.now();
    while (performance.now() < start + 20);
    const share = memory.utilization();
    expect(share).toBeGreaterThan(0);
  });
});
