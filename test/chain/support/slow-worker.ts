import { EventEmitter } from 'node:events';
import { verifyRanges } from '../../../src/chain/scripts/script-check.ts';
import { markChunk, readChunk, type SharedChunks, takeChunk } from '../../../src/chain/scripts/shared-chunks.ts';
import { randomInt } from '../../../src/platform/random.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';

// Threads of this one, which take their turns when a seed says so: they begin late, are slow, fall behind each other, and
// now and then one dies with work in its hands. What the chain makes of its blocks must not depend on it.

export const slowWorkers = { random: new SeededRandom(0), died: 0, verified: 0 };

async function turns(most: number): Promise<void> {
  for (let i = randomInt(slowWorkers.random, most); i > 0; i--) await new Promise((resolve) => setImmediate(resolve));
}

/** In place of Node's `Worker` where that is to run `chain/script-worker.ts`. */
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
    for (let chunk = takeChunk(shared); chunk !== undefined; chunk = takeChunk(shared)) {
      if (this.#isDead) return;
      if (randomInt(slowWorkers.random, 30) === 0) {
        slowWorkers.died++;
        return this.#end();
      }
      await turns(5);
      markChunk(
        shared,
        chunk,
        verifyRanges(readChunk(shared, shared.bytes.slice(), chunk), shared.flags) === undefined,
      );
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
