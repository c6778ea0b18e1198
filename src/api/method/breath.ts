import { setImmediate } from 'node:timers/promises';
import { RpcCode, RpcError } from '../json/rpc-error.ts';

/** Short steps of a long computation between two breaths: some milliseconds. */
const STEPS_AT_ONCE = 4096;

/**
 * Counts the steps of a long computation, and now and then returns a promise to wait for, so that the rest of the node
 * can run meanwhile. The promise rejects once `closing` is aborted.
 */
export class Breath {
  readonly #closing: AbortSignal;
  readonly #stepsAtOnce: number;
  #steps = 0;

  constructor(closing: AbortSignal, stepsAtOnce = STEPS_AT_ONCE) {
    this.#closing = closing;
    this.#stepsAtOnce = stepsAtOnce;
  }

  step(): Promise<void> | undefined {
    return ++this.#steps % this.#stepsAtOnce === 0 ? this.#pause() : undefined;
  }

  async #pause(): Promise<void> {
    await setImmediate();
    if (this.#closing.aborted) throw new RpcError(RpcCode.MISC_ERROR, 'Shutting down');
  }
}
