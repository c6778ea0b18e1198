import { parentPort } from 'node:worker_threads';
import { type SharedChunks, verifySharedChunks } from './shared-chunks.ts';

// Its messages say nothing but that it has started, and then, for each one received, that nothing is left to take.
parentPort?.on('message', (shared: SharedChunks) => {
  verifySharedChunks(shared);
  parentPort?.postMessage(undefined);
});
parentPort?.postMessage(undefined);
