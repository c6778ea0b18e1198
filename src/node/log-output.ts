import { closeSync, fstatSync, openSync, readlinkSync, statSync } from 'node:fs';
import { type Clock, systemClock, type Timer } from '../platform/clock.ts';
import { isFileLike, writeAll } from './write-all.ts';

/** Bytes of lines that wait for a slow reader or a full disk; more are dropped. */
const MAX_QUEUED_BYTES = 1 << 20;
/** Milliseconds from a failed write to the next attempt. */
const RETRY_MS = 1_000;

/** Where a `LogOutput` writes. */
export interface LogSink {
  /**
   * Writes bytes without blocking, and calls `done` once: with the number of bytes written, and the error that kept the
   * rest from being written.
   */
  write(bytes: Uint8Array, done: (written: number, error?: unknown) => void): void;
  /** Opens a log file again that has been renamed. */
  reopen?(): void;
}

/**
 * A log that never blocks, throws or grows: lines that cannot be written wait in a bounded queue, and those that do not
 * fit are dropped. A line written at once is on its way when `write` returns, so that a crash does not lose it.
 */
export class LogOutput {
  readonly #sink: LogSink;
  readonly #clock: Clock;
  #queue: Uint8Array[] = [];
  /** Bytes in the queue and in the write in progress. */
  #bytes = 0;
  #isWriting = false;
  /** Resolves `end`. */
  #ended: (() => void) | undefined;
  #retry: Timer | undefined;
  #dropped = 0;
  #onDropped: (lines: number) => void = () => {};

  constructor(sink: LogSink, clock: Clock = systemClock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** Sets the function that logs how many lines have been dropped, once lines are written again. */
  onDropped(report: (lines: number) => void): void {
    this.#onDropped = report;
  }

  /** Writes lines, or queues them; drops them if the queue is full. */
  write(lines: string): void {
    if (this.#ended) return;
    const bytes = Buffer.from(lines);
    // Once lines are dropped, so are all until the queue is empty: the report then stands where they are missing.
    if (this.#dropped > 0 || this.#bytes + bytes.length > MAX_QUEUED_BYTES) {
      this.#dropped++;
      return;
    }
    this.#queue.push(bytes);
    this.#bytes += bytes.length;
    if (!this.#isWriting) this.#writeQueue();
  }

  /** Opens the log file again after a log rotation has renamed it; has no effect on terminals and pipes. */
  reopen(): void {
    this.#sink.reopen?.();
  }

  /** Resolves once the lines that wait are written, or a write fails. Drops further lines. */
  async end(): Promise<void> {
    if (this.#isWriting) {
      this.#retry?.cancel();
      await new Promise<void>((resolve) => {
        this.#ended = resolve;
        if (this.#retry) this.#writeQueue();
      });
    }
    this.#ended ??= () => {};
  }

  #writeQueue(): void {
    this.#retry = undefined;
    const bytes = this.#queue.length === 1 ? this.#queue[0]! : Buffer.concat(this.#queue);
    this.#queue = [];
    this.#isWriting = true;
    this.#sink.write(bytes, (written, error) => {
      this.#bytes -= written;
      if (written < bytes.length) this.#queue.unshift(bytes.subarray(written));
      if (error === undefined) this.#written();
      else if (this.#ended) this.#giveUp();
      else this.#retry = this.#clock.after(RETRY_MS, () => this.#writeQueue());
    });
  }

  #written(): void {
    this.#isWriting = false;
    if (this.#queue.length > 0) {
      this.#writeQueue();
    } else if (this.#ended) {
      this.#ended();
    } else if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      this.#onDropped(dropped);
    }
  }

  #giveUp(): void {
    this.#isWriting = false;
    this.#queue = [];
    this.#ended!();
  }
}

/** Returns the log output of this process: its stderr. */
export function stderrOutput(): LogOutput {
  return new LogOutput(isFileLike(2) ? new FileSink(2) : new StreamSink(process.stderr));
}

/** Returns an output on this process's stdout. */
export function stdoutOutput(): LogOutput {
  return new LogOutput(isFileLike(1) ? new FileSink(1) : new StreamSink(process.stdout));
}

/** Writes to a file synchronously, so that no line is lost in a crash. */
export class FileSink implements LogSink {
  #fd: number;
  /** The path by which the file was opened; undefined if unknown. */
  readonly #path: string | undefined;
  readonly #inheritedFd: number;

  constructor(fd: number) {
    this.#fd = fd;
    this.#inheritedFd = fd;
    this.#path = pathOf(fd);
  }

  write(bytes: Uint8Array, done: (written: number, error?: unknown) => void): void {
    const { written, error } = writeAll(this.#fd, bytes);
    done(written, error);
  }

  reopen(): void {
    if (this.#path === undefined) return;
    try {
      const fd = openSync(this.#path, 'a');
      if (this.#fd !== this.#inheritedFd) closeSync(this.#fd);
      this.#fd = fd;
    } catch {
      // The renamed file is still open.
    }
  }
}

/** Returns the path of an open file, if the system says it (Linux does). */
function pathOf(fd: number): string | undefined {
  try {
    const path = readlinkSync(`/proc/self/fd/${fd}`);
    const [named, opened] = [statSync(path), fstatSync(fd)];
    return opened.isFile() && named.dev === opened.dev && named.ino === opened.ino ? path : undefined;
  } catch {
    return undefined;
  }
}

/** A stream of Node, with the handle of a terminal that Node makes blocking. */
interface OutputStream {
  on(event: 'error', listener: () => void): unknown;
  write(bytes: Uint8Array, done: (error?: Error | null) => void): unknown;
  readonly _handle?: { setBlocking?(isBlocking: boolean): unknown };
}

/** Writes to a terminal or a pipe: what the reader has no room for waits in the event loop. */
class StreamSink implements LogSink {
  readonly #stream: OutputStream;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream as unknown as OutputStream;
    // A terminal whose output is stopped (Ctrl-S), or whose connection is lost, must not stop the node.
    this.#stream._handle?.setBlocking?.(false);
    // The callback of `write` gets the same error.
    this.#stream.on('error', () => {});
  }

  write(bytes: Uint8Array, done: (written: number, error?: unknown) => void): void {
    this.#stream.write(bytes, (error) => {
      if (error) done(0, error);
      else done(bytes.length);
    });
  }
}
