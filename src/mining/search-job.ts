import { hashToBigInt } from '../consensus/pow.ts';
import { sha256d } from '../crypto/hash.ts';
import { HEADER_SIZE } from '../primitives/header.ts';
import { LANES, SearchKernel } from './kernel/search-kernel.ts';

/** A search for a nonce, shared by several workers. */
export interface SearchJob {
  /** 80 bytes; the nonce in the last four is ignored. */
  readonly header: Uint8Array;
  /** Maximum of the header hash as a number. */
  readonly target: bigint;
  /** Where the search starts. */
  readonly firstNonce: number;
  /** Number of nonces to try. */
  readonly count: number;
  /** Two words of shared memory, initially 0: the next range of nonces to take, and whether to stop. */
  readonly control: Int32Array;
}

/** The result of one worker. */
export interface SearchReport {
  /** The nonce found, if any. */
  readonly nonce: number | undefined;
  /** Headers hashed. */
  readonly hashes: number;
}

const NEXT_RANGE = 0;
const STOP = 1;
/** Nonces per range: tens of milliseconds, after which a worker checks whether to stop. */
const RANGE_SIZE = 1 << 16;

/** Tells all workers of a job to stop after their current range. */
export function stopSearch(control: Int32Array): void {
  Atomics.store(control, STOP, 1);
}

/** Returns how many nonces the workers of a job have taken: a range for each is not hashed yet. */
export function takenNonces(control: Int32Array): number {
  return Atomics.load(control, NEXT_RANGE) * RANGE_SIZE;
}

/** Searches one range of nonces after another until a nonce is found, none is left or the job is stopped. */
export function runSearchJob(module: WebAssembly.Module, job: SearchJob): SearchReport {
  const { header, target, control } = job;
  const search = new RangeSearch(module, header, target);
  const end = job.firstNonce + job.count;
  let hashes = 0;
  while (Atomics.load(control, STOP) === 0) {
    const start = job.firstNonce + Atomics.add(control, NEXT_RANGE, 1) * RANGE_SIZE;
    if (start >= end) break;
    const rangeEnd = Math.min(start + RANGE_SIZE, end);
    const nonce = search.run(start, rangeEnd);
    hashes += (nonce === undefined ? rangeEnd : nonce + 1) - start;
    if (nonce === undefined) continue;
    stopSearch(control);
    return { nonce, hashes };
  }
  return { nonce: undefined, hashes };
}

/** Searches ranges of nonces of one header. */
export class RangeSearch {
  readonly #kernel: SearchKernel;
  readonly #check: (nonce: number) => boolean;

  constructor(module: WebAssembly.Module, header: Uint8Array, target: bigint) {
    this.#kernel = new SearchKernel(module, header, target);
    this.#check = nonceChecker(header, target);
  }

  /** Returns the first nonce from `start` and below `end` that meets the target; undefined if there is none. */
  run(start: number, end: number): number | undefined {
    let from = start;
    while (from < end) {
      const group = this.#kernel.nextCandidates(from, end - from);
      if (group === undefined) return undefined;
      from = group + LANES;
      for (let nonce = group; nonce < Math.min(from, end); nonce++) if (this.#check(nonce)) return nonce;
    }
    return undefined;
  }
}

/** Returns a function that checks exactly whether the header with a given nonce meets the target. */
export function nonceChecker(header: Uint8Array, target: bigint): (nonce: number) => boolean {
  const bytes = header.slice();
  const view = new DataView(bytes.buffer);
  return (nonce) => {
    view.setUint32(HEADER_SIZE - 4, nonce, true);
    return hashToBigInt(sha256d(bytes)) <= target;
  };
}
