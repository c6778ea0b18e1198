import { builtinModule } from './builtin-module.ts';

/** A thread that runs a file, and exchanges messages with this one. */
export interface Thread {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: never) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  once(event: 'message', listener: (message: never) => void): unknown;
  once(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'message', listener: (message: never) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  /** Keeps the process alive. */
  ref(): void;
  /** Lets the process end. */
  unref(): void;
  /** Ends the thread. */
  terminate(): Promise<unknown>;
}

const threads = builtinModule<{ readonly Worker: new (file: URL) => Thread }>('node:worker_threads');
const files = builtinModule<{ existsSync(path: URL): boolean }>('node:fs');
const system = builtinModule<{ availableParallelism(): number }>('node:os');

/** Returns how many threads run at once; 1 in a browser, whose threads this package does not use. */
export function processorCount(): number {
  return system?.availableParallelism() ?? 1;
}

/** Returns whether `startThread` can run a file. */
export function canStartThread(file: URL): boolean {
  return threads !== undefined && files?.existsSync(file) === true;
}

/** Starts a thread that runs a file (`workerUrl`). Throws in a browser. */
export function startThread(file: URL): Thread {
  if (!threads) throw new Error('there are no threads outside Node');
  return new threads.Worker(file);
}
