import { canStartThread, processorCount, startThread, type Thread } from '../platform/threads.ts';
import { workerUrl } from '../platform/worker-url.ts';
import { type SearchJob, type SearchReport, stopSearch, takenNonces } from './search-job.ts';

/** One per processor, less one for the node. */
const DEFAULT_THREADS = Math.max(1, processorCount() - 1);

// Reused by the next search: starting a worker and compiling its kernel takes longer than many searches.
const idle: Thread[] = [];

/** Returns whether there are worker threads for a search. */
export function hasSearchWorkers(): boolean {
  return canStartThread(workerUrl('search-worker', import.meta.url));
}

/** Searches in `threads` worker threads until one finds a nonce, none is left or `signal` aborts. */
export async function searchInWorkers(
  search: Omit<SearchJob, 'control'>,
  signal: AbortSignal | undefined,
  threads: number = DEFAULT_THREADS,
  started?: (hashes: () => number) => void,
): Promise<SearchReport> {
  const control = new Int32Array(new SharedArrayBuffer(8));
  started?.(() => Math.min(search.count, takenNonces(control)));
  const stop = () => stopSearch(control);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const job: SearchJob = { ...search, control };
    const reports = await Promise.all(Array.from({ length: threads }, () => runInWorker(job)));
    const hashes = reports.reduce((sum, report) => sum + report.hashes, 0);
    return { nonce: reports.find(({ nonce }) => nonce !== undefined)?.nonce, hashes };
  } finally {
    // If one worker fails, the others must stop too.
    stop();
    signal?.removeEventListener('abort', stop);
  }
}

function runInWorker(job: SearchJob): Promise<SearchReport> {
  const worker = idle.pop() ?? startThread(workerUrl('search-worker', import.meta.url));
  // Only a busy worker keeps the process alive.
  worker.ref();
  return new Promise((resolve, reject) => {
    const onMessage = (report: SearchReport) => {
      worker.off('error', onError);
      worker.unref();
      idle.push(worker);
      resolve(report);
    };
    const onError = (error: Error) => {
      worker.off('message', onMessage);
      reject(error);
    };
    worker.once('message', onMessage);
    worker.once('error', onError);
    worker.postMessage(job);
  });
}
