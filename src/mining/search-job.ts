import { hashToBigInt } from '../consensus/pow.ts';
import { sha256d } from '../crypto/hash.ts';
import { HEADER_SIZE } from '../primitives/header.ts';
import { LANES, SearchKernel } from './kernel/search-kernel.ts';

/** A search for a nonce that several workers share. */
export interface SearchJob {
  /** 80 bytes, of which the last four, the nonce, do not matter. */
  readonly header: Uint8Array;
  /** The header's hash, as a number, may not exceed this. */
  readonly target: bigint;
  readonly firstNonce: number;
  /** How many nonces to try. */
  readonly count: number;
  /** Two words of shared memory, both 0 at first: the next part of the nonces, and whether to stop. */
  readonly control: Int32Array;
}

export interface SearchReport {
  readonly nonce: number | undefined;
  /** Headers hashed. */
  readonly hashes: number;
}

const NEXT_PART = 0;
const STOP = 1;
/** Nonces in a part: some tens of milliseconds, after which a worker looks whether it is to stop. */
const PART_SIZE = 1 << 16;

/** Makes all who work on a job end soon. */
export function stopSearch(control: Int32Array): void {
  Atomics.store(control, STOP, 1);
}

/** Works on a job, part by part, until a nonce is found, none is left, or it is stopped. */
export function runSearchJob(module: WebAssembly.Module, job: SearchJob): SearchReport {
  const { header, target, control } = job;
  const kernel = new SearchKernel(module, header, target);
  const check = nonceChecker(header, target);
  const end = job.firstNonce + job.count;
  let hashes = 0;
  while (Atomics.load(control, STOP) === 0) {
    const start = job.firstNonce + Atomics.add(control, NEXT_PART, 1) * PART_SIZE;
    if (start >= end) break;
    const partEnd = Math.min(start + PART_SIZE, end);
    const nonce = searchPart(kernel, check, start, partEnd);
    hashes += (nonce === undefined ? partEnd : nonce + 1) - start;
    if (nonce === undefined) continue;
    stopSearch(control);
    return { nonce, hashes };
  }
  return { nonce: undefined, hashes };
}

function searchPart(
  kernel: SearchKernel,
  check: (nonce: number) => boolean,
  start: number,
  end: number,
): number | undefined {
  let from = start;
  while (from < end) {
    const group = kernel.nextCandidates(from, end - from);
    if (group === undefined) return undefined;
    from = group + LANES;
    for (let nonce = group; nonce < Math.min(from, end); nonce++) if (check(nonce)) return nonce;
  }
  return undefined;
}

/** Whether a header with a nonce meets the target, exactly. */
export function nonceChecker(header: Uint8Array, target: bigint): (nonce: number) => boolean {
  const bytes = header.slice();
  const view = new DataView(bytes.buffer);
  return (nonce) => {
    view.setUint32(HEADER_SIZE - 4, nonce, true);
    return hashToBigInt(sha256d(bytes)) <= target;
  };
}
