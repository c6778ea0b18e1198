import { parentPort } from 'node:worker_threads';
import { SignatureRecorder } from '../../script/signature-cache.ts';
import { type SharedChunks, verifySharedChunks } from './shared-chunks.ts';

// Posts one empty message when it has started, and one for each job when no chunk of it is left to take: the valid
// signatures, if the job asks for them.
const recorder = new SignatureRecorder();
parentPort?.on('message', (shared: SharedChunks) => {
  verifySharedChunks(shared, shared.recordsSignatures ? recorder : undefined);
  parentPort?.postMessage(shared.recordsSignatures ? recorder.take() : undefined);
});
parentPort?.postMessage(undefined);
