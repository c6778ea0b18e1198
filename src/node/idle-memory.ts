import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock, Timer } from '../platform/clock.ts';

/** Milliseconds between two looks at the process. */
const CHECK_MS = 1_000;
/** Share of the main thread's time up to which the process is idle. */
const IDLE_UTILIZATION = 0.1;
/** Looks in a row at which the process must be idle. */
const IDLE_CHECKS = 5;
/** Growth of the resident memory since the process was last idle that is worth a collection: a factor, and bytes. */
const GROWTH_FACTOR = 1.2;
const GROWTH_BYTES = 16 << 20;

/** The process as `IdleMemory` sees it. */
export interface ProcessMemory {
  /** Returns the resident memory, in bytes. */
  residentBytes(): number;
  /** Returns the share of its time that the main thread has worked since the last call, from 0 to 1. */
  utilization(): number;
  /** Collects all garbage and returns free memory to the system. */
  collect(): void;
}

/**
 * Returns memory to the system after load. V8 collects garbage as memory is allocated, so a process that becomes idle
 * keeps what the load has left. This class then collects it once. The main thread waits for about a millisecond for
 * each megabyte in use, which is why it does so only when the process is idle and has grown.
 */
export class IdleMemory {
  readonly #clock: Clock;
  readonly #process: ProcessMemory;
  /** Resident bytes after the last collection. The first one is when the process is first idle, whatever came before. */
  #level: number | undefined;
  #idleChecks = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, process: ProcessMemory) {
    this.#clock = clock;
    this.#process = process;
  }

  /** Starts to watch the process. */
  start(): void {
    this.#timer ??= this.#clock.after(CHECK_MS, () => {
      this.#timer = undefined;
      this.#check();
      this.start();
    });
  }

  /** Stops watching. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #check(): void {
    if (this.#process.utilization() > IDLE_UTILIZATION) this.#idleChecks = 0;
    else if (++this.#idleChecks === IDLE_CHECKS) this.#becameIdle();
  }

  #becameIdle(): void {
    const level = this.#level;
    const bytes = this.#process.residentBytes();
    if (level !== undefined && bytes <= Math.max(level * GROWTH_FACTOR, level + GROWTH_BYTES)) return;
    this.#process.collect();
    this.#level = this.#process.residentBytes();
  }
}

/** Returns access to the memory of this process. */
export function thisProcess(): ProcessMemory {
  // V8 offers its collector to scripts whose context is created while the flag is set.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  let last = performance.eventLoopUtilization();
  return {
    residentBytes: () => process.memoryUsage.rss(),
    utilization: () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization;
    },
    collect,
  };
}
