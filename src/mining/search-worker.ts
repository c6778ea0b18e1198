import { parentPort } from 'node:worker_threads';
import { buildSearchKernel } from './kernel/search-kernel.ts';
import { type SearchJob, searchShare } from './search-job.ts';

const kernel = new WebAssembly.Module(buildSearchKernel());

parentPort?.on('message', (job: SearchJob) => parentPort?.postMessage(searchShare(kernel, job)));
