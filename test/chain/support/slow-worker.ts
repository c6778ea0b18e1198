import { EventEmitter } from 'node:events';
import {
  type SharedChunks,
  sharedVerifier,
  takeCostliest,
  verifyChunk,
} from '../../../src/chain/scripts/shared-chunks.ts';
import { randomInt } from '../../../src/platform/random.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';

// Simulated workers on this thread with seeded random timing: they start late, run at different speeds, and sometimes
// die with a chunk taken. The chain's results must not depend on it.

/** The random source and the counters of all `SlowWorker`s. */
export const slowWorkers = { random: new SeededRandom(0), died: 0, verified: 0 };

async function turns(max: number): Promise<void> {
  for (let i = randomInt(slowWorkers.random, max); i > 0; i--) await new Promise((resolve) => setImmediate(resolve));
}

/** Replaces Node's `Worker` for `chain/scripts/script-worker.ts`. */
export class SlowWorker extends EventEmitter {
  #work: Promise<void>;
  #isDead = false;

  constructor() {
    super();
    this.#work = turns(10).then(() => void this.emit('message', undefined));
  }

  unref(): void {}

  postMessage(shared: SharedChunks): void {
    this.#work = this.#work.then(() => this.#verify(shared));
  }

  async #verify(shared: SharedChunks): Promise<void> {
    await turns(12);
    const verifier = sharedVerifier(shared);
    for (let chunk = takeCostliest(shared); chunk !== undefined; chunk = takeCostliest(shared)) {
      if (this.#isDead) return;
      if (randomInt(slowWorkers.random, 30) === 0) {
        slowWorkers.died++;
        return this.#end();
      }
      await turns(5);
      verifyChunk(shared, chunk, verifier);
      slowWorkers.verified++;
      await turns(5);
    }
    this.emit('message', undefined);
  }

  async terminate(): Promise<void> {
    this.#end();
  }

  #end(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.emit('exit', 0);
  }
}
