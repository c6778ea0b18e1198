import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LogOutput, type LogSink } from '../../node/log-output.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';

/** Bytes above which a log file becomes an old one, and another begins. */
const MAX_BYTES = 4 << 20;
/** Old files that are kept: `NAME.1` is the newest. */
const KEPT = 3;
/** The end of a line. */
const NEWLINE = 0x0a;

/** Returns the path of a node's log. */
export function logPath(dataDir: string, nodeId: number): string {
  return join(dataDir, `node_${nodeId}.log`);
}

/** Returns the names of a log and of its old files. */
export function logNames(path: string): string[] {
  return [basename(path), ...Array.from({ length: KEPT }, (_, i) => `${basename(path)}.${i + 1}`)];
}

/** How a `LogFile` is written. */
export interface LogFileOptions {
  readonly maxBytes?: number;
  readonly clock?: Clock;
}

/**
 * The log of one node in a file of bounded size, with a few old ones. What an earlier run has written becomes an old file.
 * Lines that cannot be written wait, and are dropped and counted if they are many: nothing is ever thrown.
 */
export class LogFile {
  readonly path: string;
  readonly #output: LogOutput;
  readonly #file: RotatedFile;

  /** Creates no file before the first line. The folder must exist by then. */
  constructor(path: string, { maxBytes = MAX_BYTES, clock = systemClock }: LogFileOptions = {}) {
    this.path = path;
    this.#file = new RotatedFile(path, maxBytes);
    this.#output = new LogOutput(this.#file, clock);
    this.#output.onDropped((lines) => {
      const dropped = { level: 40, time: Date.now(), category: 'log', lines, msg: 'log lines dropped: not written' };
      this.write(JSON.stringify(dropped));
    });
  }

  /** Writes a line later, or drops it. */
  write(line: string): void {
    this.#output.write(`${line}\n`);
  }

  /** Resolves once the lines are written, or cannot be. Further lines are dropped. */
  async close(): Promise<void> {
    await this.#output.end();
    await this.#file.close();
  }
}

class RotatedFile implements LogSink {
  readonly #path: string;
  readonly #maxBytes: number;
  #file: FileHandle | undefined;
  /** Bytes in the file; undefined before it is opened for the first time. */
  #size: number | undefined;
  /** Whether the last line is whole: no line is divided between two files. */
  #isWhole = true;

  constructor(path: string, maxBytes: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  write(bytes: Uint8Array, done: (written: number, error?: unknown) => void): void {
    void this.#write(bytes).then(({ written, error }) => done(written, error));
  }

  async #write(bytes: Uint8Array): Promise<{ readonly written: number; readonly error?: unknown }> {
    let written = 0;
    try {
      const isFull = this.#size !== undefined && this.#size > 0 && this.#size + bytes.length > this.#maxBytes;
      if (isFull && this.#isWhole) await this.#rotate();
      const file = await this.#open();
      while (written < bytes.length) {
        const { bytesWritten } = await file.write(bytes, written);
        written += bytesWritten;
        this.#size! += bytesWritten;
        this.#isWhole = bytes[written - 1] === NEWLINE;
      }
      return { written };
    } catch (error) {
      return { written, error };
    }
  }

  async #open(): Promise<FileHandle> {
    if (this.#file) return this.#file;
    // What is there already is of an earlier run.
    if (this.#size === undefined) await this.#rotate();
    this.#file = await open(this.#path, 'a', 0o600);
    return this.#file;
  }

  /** Renames the file and the old ones. */
  async #rotate(): Promise<void> {
    await this.close();
    const nameOf = (age: number) => (age === 0 ? this.#path : `${this.#path}.${age}`);
    await rm(nameOf(KEPT), { force: true });
    for (let age = KEPT; age > 0; age--) {
      await rename(nameOf(age - 1), nameOf(age)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
    this.#size = 0;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => {});
  }
}
