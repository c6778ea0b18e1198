import { connectPort } from '../../control/client/connect-port.ts';
import { PierError } from '../../platform/errors.ts';
import type { OpenClient } from '../model/connection.ts';
import { loadEverything } from '../model/on-demand.ts';
import type { TabAnswer } from './tab-worker.ts';

/**
 * Returns a function that creates a network in a worker, so that neither waits for the other, and connects to it. The
 * network ends with the tab.
 */
export function openTab(): OpenClient {
  let worker: Promise<Worker> | undefined;
  return async () => {
    worker ??= startNetwork();
    const { port1, port2 } = new MessageChannel();
    (await worker).postMessage(port2, [port2]);
    return connectPort(port1);
  };
}

/** Resolves with the worker once its network runs. Rejects with an error that is `final`: another try would fail too. */
async function startNetwork(): Promise<Worker> {
  // After the first paint: the network is the larger part of what is loaded.
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
  const worker = new Worker(new URL('./tab-worker.ts', import.meta.url), { type: 'module' });
  const answer = await new Promise<TabAnswer>((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<TabAnswer>) => resolve(data);
    worker.onerror = ({ message }) => resolve({ failure: message || 'its program could not be loaded' });
  });
  if (answer.failure !== undefined) {
    worker.terminate();
    throw Object.assign(new PierError('no-network', answer.failure), { final: true });
  }
  // From now on the page does without a connection, as in a classroom.
  await loadEverything();
  return worker;
}
