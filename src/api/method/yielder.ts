import { setImmediate } from 'node:timers/promises';
import { RpcCode, RpcError } from '../json/rpc-error.ts';

/** Default number of steps between two yields; short steps take a few milliseconds together. */
const DEFAULT_INTERVAL = 4096;

/** Yields to the event loop during a long computation, so that the rest of the node keeps running. */
export class Yielder {
  readonly #closing: AbortSignal;
  readonly #interval: number;
  #steps = 0;

  constructor(closing: AbortSignal, interval = DEFAULT_INTERVAL) {
    this.#closing = closing;
    this.#interval = interval;
  }

  /** Counts one step. Every `interval` steps, returns a promise to await; it rejects with `RpcError` on shutdown. */
  step(): Promise<void> | undefined {
    return ++this.#steps % this.#interval === 0 ? this.#pause() : undefined;
  }

  async #pause(): Promise<void> {
    await setImmediate();
    if (this.#closing.aborted) throw new RpcError(RpcCode.MISC_ERROR, 'Shutting down');
  }
}
