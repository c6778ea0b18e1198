import { parentPort } from 'node:worker_threads';
import { type SharedChunks, verifySharedChunks } from './shared-chunks.ts';

// Posts one empty message when it has started, and one for each job when no chunk of it is left to take.
parentPort?.on('message', (shared: SharedChunks) => {
  verifySharedChunks(shared);
  parentPort?.postMessage(undefined);
});
parentPort?.postMessage(undefined);
