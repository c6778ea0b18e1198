import { systemClock } from '../platform/clock.ts';
import { TimeSlices } from '../platform/time-slices.ts';
import { buildSearchKernel } from './kernel/search-kernel.ts';
import { RangeSearch, type SearchJob, type SearchReport } from './search-job.ts';

/** Nonces tried before the clock is read: less than a millisecond. */
const STEP = 1 << 10;

/** Searches on this thread, in slices, until it finds a nonce, none is left or `signal` aborts. */
export async function searchInSlices(
  { header, target, firstNonce, count }: Omit<SearchJob, 'control'>,
  signal: AbortSignal | undefined,
  started?: (hashes: () => number) => void,
): Promise<SearchReport> {
  const search = new RangeSearch(new WebAssembly.Module(buildSearchKernel()), header, target);
  const slices = new TimeSlices(systemClock);
  const end = firstNonce + count;
  let tried = 0;
  started?.(() => tried);
  for (let start = firstNonce; start < end && !signal?.aborted; start += STEP) {
    const nonce = search.run(start, Math.min(start + STEP, end));
    if (nonce !== undefined) return { nonce, hashes: nonce + 1 - firstNonce };
    tried = Math.min(start + STEP, end) - firstNonce;
    if (slices.isOver) await slices.turn();
  }
  return { nonce: undefined, hashes: count };
}
