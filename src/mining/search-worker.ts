import { parentPort } from 'node:worker_threads';
import { buildSearchKernel } from './kernel/search-kernel.ts';
import { runSearchJob, type SearchJob } from './search-job.ts';

const kernel = new WebAssembly.Module(buildSearchKernel());

parentPort?.on('message', (job: SearchJob) => parentPort?.postMessage(runSearchJob(kernel, job)));
