import { closeSync, fstatSync, ftruncateSync, openSync, statSync, truncateSync, writeSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { freeBytes } from './prerequisites.ts';

// LMDB does not survive a write that fails for lack of space: lmdb-js writes beyond the end of the buffer for its error
// message. A commit therefore starts only once the file has room for it beyond its last page, which LMDB then overwrites.

/** Bytes that are reserved at a time. */
const STEP = 256 << 10;
/** Bytes that are reserved at most, so that a rare large commit does not make the file grow; the rest must be free. */
const MAX_RESERVED = 256 << 20;
/** Bytes that are written at a time. */
const ZEROS = new Uint8Array(1 << 20);

/** Room in a database file beyond its last page. */
export class Reserve {
  readonly #path: string;

  /** `path` names an existing file. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Makes room for `bytes` beyond `used`, the length of the file's content. Throws the system's error, such as ENOSPC. */
  makeSync(used: number, bytes: number): void {
    const steps = this.#steps(used, bytes);
    while (!steps.next().done);
  }

  /** Makes room as `makeSync` does, a mebibyte a turn of the event loop. */
  async make(used: number, bytes: number): Promise<void> {
    const steps = this.#steps(used, bytes);
    while (!steps.next().done) await nextTurn();
  }

  /** Removes the room beyond `used`. */
  cut(used: number): void {
    if (statSync(this.#path).size > used) truncateSync(this.#path, used);
  }

  *#steps(used: number, bytes: number): Generator<void, void> {
    const needed = used + Math.min(bytes, MAX_RESERVED);
    const free = bytes > MAX_RESERVED ? freeBytes(this.#path) : undefined;
    if (free !== undefined && free < bytes) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
    // Appended, so that it never overwrites what LMDB writes meanwhile.
    const fd = openSync(this.#path, 'a');
    try {
      let { size } = fstatSync(fd);
      if (size >= needed) return;
      const end = Math.ceil(needed / STEP) * STEP;
      while (size < end) {
        size += writeSync(fd, ZEROS, 0, Math.min(ZEROS.length, end - size));
        yield;
      }
    } catch (error) {
      // The step is larger than what is needed.
      if (fstatSync(fd).size < needed) throw error;
    } finally {
      closeSync(fd);
    }
  }
}

/** Checks that a new, empty file can grow to `bytes`. Throws the system's error. */
export function probe(path: string, bytes: number): void {
  const fd = openSync(path, 'a');
  try {
    for (let size = 0; size < bytes; ) size += writeSync(fd, ZEROS, 0, Math.min(ZEROS.length, bytes - size));
  } finally {
    ftruncateSync(fd);
    closeSync(fd);
  }
}
