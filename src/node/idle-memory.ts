import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BlockPool } from '../p2p/transport/block-pool.ts';
import type { Clock, Timer } from '../platform/clock.ts';

/** Milliseconds between two looks at the process. */
const CHECK_MS = 1_000;
/** Share of one CPU up to which the process is idle. A busy machine does not make it look busy. */
const IDLE_UTILIZATION = 0.1;
/** Looks in a row at which the process must be idle. */
const IDLE_CHECKS = 5;
/**
 * Rounds of a collection, one for each look. The first finds what the load has left. V8 then gives pages back, and only
 * once it sees that little is allocated makes its space for young objects small again: 32 MB, after four to six rounds.
 */
const ROUNDS = 8;
/** Rounds when the process is first idle. */
const FIRST_ROUNDS = 2;
/** Resident memory, as a multiple of what it was when the process was last idle, at which no more rounds are needed. */
const ENOUGH_FACTOR = 1.1;
/** Growth of the resident memory since the process was last idle that is worth a collection: a factor, and bytes. */
const GROWTH_FACTOR = 1.2;
const GROWTH_BYTES = 16 << 20;

/** The process as `IdleMemory` sees it. */
export interface ProcessMemory {
  /** Returns the resident memory, in bytes. */
  residentBytes(): number;
  /** Returns the CPU time that the process has used since the last call, as a share of the time that has passed. */
  utilization(): number;
  /** Collects all garbage and returns free memory to the system. */
  collect(): void;
  /** Collects all garbage. */
  collectAll(): void;
  /** Collects the garbage among young objects. */
  collectYoung(): void;
  /** Returns the bytes in use in V8's heap. */
  heapBytes(): number;
}

/**
 * Returns memory to the system after load. V8 collects garbage as memory is allocated, so a process that becomes idle
 * keeps what the load has left. This class then collects it, in a few rounds. The main thread waits for about a
 * millisecond for each megabyte in use, which is why it does so only when the process is idle and has grown.
 */
export class IdleMemory {
  readonly #clock: Clock;
  readonly #process: ProcessMemory;
  /** Resident bytes after the last collection. The first one is when the process is first idle. */
  #level: number | undefined;
  /** Resident bytes at the start. */
  #startLevel = 0;
  #idleChecks = 0;
  #nextRound: (() => void) | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock, process: ProcessMemory) {
    this.#clock = clock;
    this.#process = process;
  }

  /** Starts to watch the process. */
  start(): void {
    this.#startLevel = this.#process.residentBytes();
    this.#watch();
  }

  #watch(): void {
    this.#timer ??= this.#clock.after(CHECK_MS, () => {
      this.#timer = undefined;
      this.#check();
      this.#watch();
    });
  }

  /** Stops watching. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #check(): void {
    if (this.#process.utilization() > IDLE_UTILIZATION) {
      this.#idleChecks = 0;
      this.#nextRound = undefined;
    } else if (this.#nextRound) {
      this.#nextRound();
    } else if (++this.#idleChecks === IDLE_CHECKS) {
      this.#becameIdle();
    }
  }

  #becameIdle(): void {
    const bytes = this.#process.residentBytes();
    const level = this.#level;
    const last = level ?? this.#startLevel;
    if (bytes > Math.max(last * GROWTH_FACTOR, last + GROWTH_BYTES)) this.#collect(ROUNDS, last * ENOUGH_FACTOR);
    else if (level === undefined) this.#collect(FIRST_ROUNDS, 0);
  }

  /** Collects now and at the next looks, until `rounds` are done or at most `enough` bytes are resident. */
  #collect(rounds: number, enough: number): void {
    this.#process.collect();
    // The collection's own work is no load.
    this.#process.utilization();
    this.#level = this.#process.residentBytes();
    const isDone = rounds === 1 || this.#level <= enough;
    this.#nextRound = isDone ? undefined : () => this.#collect(rounds - 1, enough);
  }
}

/** Returns access to the memory of this process. */
export function thisProcess(): ProcessMemory {
  // V8 offers its collector to scripts whose context is created while the flag is set.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;
  setFlagsFromString('--no-expose-gc');
  const collectYoung = () => collect({ type: 'minor' });
  let last = { at: performance.now(), cpu: process.cpuUsage() };
  return {
    residentBytes: () => process.memoryUsage.rss(),
    utilization: () => {
      const { user, system } = process.cpuUsage(last.cpu);
      const share = (user + system) / 1_000 / (performance.now() - last.at);
      last = { at: performance.now(), cpu: process.cpuUsage() };
      return share;
    },
    collect: () => {
      collect();
      // Only a collection of young objects makes their space smaller.
      collectYoung();
      BlockPool.trimAll();
    },
    collectAll: () => collect(),
    collectYoung,
    heapBytes: () => getHeapStatistics().used_heap_size,
  };
}
