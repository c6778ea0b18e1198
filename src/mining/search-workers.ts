import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { workerUrl } from '../platform/worker-url.ts';
import { type SearchJob, type SearchReport, stopSearch } from './search-job.ts';

/** One processor is left to the node. */
const DEFAULT_THREADS = Math.max(1, availableParallelism() - 1);

// Kept for the next search: to start one and make its kernel takes longer than many a search.
const idle: Worker[] = [];

/** Searches in so many worker threads; resolves when all of them have ended, soon after a find or the signal. */
export async function searchInWorkers(
  search: Omit<SearchJob, 'control'>,
  signal: AbortSignal | undefined,
  threads: number = DEFAULT_THREADS,
): Promise<SearchReport> {
  const control = new Int32Array(new SharedArrayBuffer(8));
  const stop = () => stopSearch(control);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const job: SearchJob = { ...search, control };
    const reports = await Promise.all(Array.from({ length: threads }, () => runInWorker(job)));
    const hashes = reports.reduce((sum, report) => sum + report.hashes, 0);
    return { nonce: reports.find(({ nonce }) => nonce !== undefined)?.nonce, hashes };
  } finally {
    // After a failure the others must not go on alone.
    stop();
    signal?.removeEventListener('abort', stop);
  }
}

function runInWorker(job: SearchJob): Promise<SearchReport> {
  const worker = idle.pop() ?? new Worker(workerUrl('search-worker', import.meta.url));
  // An idle worker does not keep the process alive; one at work does.
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
