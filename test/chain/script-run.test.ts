import { describe, expect, it } from 'vitest';
import { ScriptCache } from '../../src/chain/scripts/script-cache.ts';
import { type ScriptCheck, splitIntoChunks } from '../../src/chain/scripts/script-check.ts';
import { ScriptQueue } from '../../src/chain/scripts/script-queue.ts';
import { ScriptRun, type ScriptRunModules } from '../../src/chain/scripts/script-run.ts';
import type { ScriptWorkers } from '../../src/chain/scripts/script-workers.ts';
import {
  ChunkState,
  chunkCount,
  chunkState,
  type SharedChunks,
  shareChunks,
  sharedVerifier,
  takeCostliest,
  verifyChunk,
  verifySharedChunks,
} from '../../src/chain/scripts/shared-chunks.ts';
import { MANDATORY_SCRIPT_VERIFY_FLAGS as FLAGS } from '../../src/script/flags.ts';
import { SignatureCache } from '../../src/script/signature-cache.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { OP_TRUE, spend } from './support/builder.ts';

/** Returns a script priced at 20 signature checks for each of `count` multisig opcodes, which are not executed. */
const priced = (count: number, result = 0x51) => Uint8Array.of(0x00, 0x63, ...Array(count).fill(0xae), 0x68, result);
/** About 3 ms, which the main thread may take, and about 4.5 ms, which only workers take. */
const [CHEAP, COSTLY] = [priced(2), priced(3)];
const CHEAP_INVALID = priced(2, 0x00);

const { OPEN, TAKEN, VALID, INVALID } = ChunkState;

/** Returns a check whose inputs have a chunk each. */
function checkOf(...scripts: readonly Uint8Array[]): ScriptCheck {
  const inputs = scripts.map((_, vout) => ({ txid: new Uint8Array(32).fill(1), vout }));
  const spentOutputs = scripts.map((scriptPubKey) => ({ value: 1n, scriptPubKey }));
  return { tx: spend({ inputs, outputs: [{ value: 1n, scriptPubKey: OP_TRUE }] }), spentOutputs };
}

const states = (shared: SharedChunks) =>
  Array.from({ length: chunkCount(shared) }, (_, chunk) => chunkState(shared, chunk));

const verifyAll = (shared: SharedChunks) => verifySharedChunks(shared);

/** Workers that do what the test says, and log each call with the states of the chunks before it. */
class TestWorkers {
  isUsable = true;
  count = 2;
  readonly log: (readonly [policy: string, states: readonly number[]])[] = [];
  readonly #work: (shared: SharedChunks, policy: string, onRecords?: (records: Uint8Array) => void) => unknown;

  constructor(work: (shared: SharedChunks, policy: string, onRecords?: (records: Uint8Array) => void) => unknown) {
    this.#work = work;
  }

  async help(shared: SharedChunks, policy: string, onRecords?: (records: Uint8Array) => void): Promise<void> {
    this.log.push([policy, states(shared)]);
    await this.#work(shared, policy, onRecords);
  }

  get typed(): ScriptWorkers {
    return this as unknown as ScriptWorkers;
  }
}

/** Starts a run of one check with these workers. */
function start(check: ScriptCheck, workers: TestWorkers, more: Partial<ScriptRunModules> = {}) {
  const chunks = splitIntoChunks([check]);
  const shared = shareChunks([check], chunks, FLAGS);
  const modules = {
    workers: workers.typed,
    shared,
    signatures: new SignatureCache().reader,
    clock: new VirtualClock(),
  };
  return { run: new ScriptRun([check], chunks, FLAGS, { ...modules, ...more }), shared };
}

describe('a script run', () => {
  it('leaves costly chunks to the workers, which it waits for if none is ready', async () => {
    const workers = new TestWorkers((shared, policy) => {
      if (policy === 'await-start') verifySharedChunks(shared);
    });
    const { run, shared } = start(checkOf(CHEAP, COSTLY, CHEAP, COSTLY), workers);
    expect(await run.result()).toBeUndefined();
    expect(workers.log).toEqual([
      ['ready-only', [OPEN, OPEN, OPEN, OPEN]],
      ['await-start', [VALID, OPEN, VALID, OPEN]],
    ]);
    expect(states(shared)).toEqual([VALID, VALID, VALID, VALID]);
  });

  it('does not wait for workers if the main thread has done all', async () => {
    const workers = new TestWorkers(() => {});
    const { run } = start(checkOf(CHEAP, CHEAP), workers);
    expect(await run.result()).toBeUndefined();
    expect(workers.log).toHaveLength(1);
  });

  it('leaves all to the workers if the main thread shall take nothing', async () => {
    const workers = new TestWorkers((shared, policy) => {
      if (policy === 'await-start') verifySharedChunks(shared);
    });
    const { run } = start(checkOf(CHEAP, COSTLY), workers);
    expect(await run.result('nothing')).toBeUndefined();
    expect(workers.log.at(-1)).toEqual(['await-start', [OPEN, OPEN]]);
  });

  it('lets idle workers of transactions help with what is left, if there are any', async () => {
    for (const isUsable of [true, false]) {
      const workers = new TestWorkers(() => {});
      const spare = new TestWorkers(verifyAll);
      spare.isUsable = isUsable;
      const { run } = start(checkOf(CHEAP, COSTLY), workers, { spareWorkers: spare.typed });
      expect(await run.result()).toBeUndefined();
      expect(spare.log).toEqual(isUsable ? [['await-start', [VALID, OPEN]]] : []);
    }
    const spare = new TestWorkers(verifyAll);
    const { run } = start(checkOf(CHEAP), new TestWorkers(() => {}), { spareWorkers: spare.typed });
    expect(await run.result()).toBeUndefined();
    expect(spare.log).toEqual([]);
  });

  it('waits for the idle workers of transactions while a chunk that matters has no result', async () => {
    let chunk: number | undefined;
    let end = () => {};
    const spare = new TestWorkers((shared) => {
      chunk = takeCostliest(shared);
      return new Promise<void>((resolve) => {
        end = () => {
          verifyChunk(shared, chunk!, sharedVerifier(shared));
          resolve();
        };
      });
    });
    const { run } = start(checkOf(CHEAP, COSTLY), new TestWorkers(() => {}), { spareWorkers: spare.typed });
    let isDone = false;
    const result = run.result().then((failure) => {
      isDone = true;
      return failure;
    });
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
    expect([chunk, isDone]).toEqual([1, false]);
    end();
    expect(await result).toBeUndefined();
  });

  it('does not wait for the idle workers of transactions once all chunks have results', async () => {
    const workers = new TestWorkers(async (shared) => {
      for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
      verifyAll(shared);
    });
    const spare = new TestWorkers(() => new Promise<void>(() => {}));
    const { run } = start(checkOf(COSTLY, COSTLY), workers, { spareWorkers: spare.typed });
    expect(await run.result()).toBeUndefined();
    expect(spare.log).toHaveLength(1);
  });

  it('leaves a chunk to the worker that has taken it', async () => {
    let end = () => {};
    const workers = new TestWorkers((shared) => {
      const chunk = takeCostliest(shared)!;
      return new Promise<void>((resolve) => {
        end = () => {
          verifyChunk(shared, chunk, sharedVerifier(shared));
          resolve();
        };
      });
    });
    const { run, shared } = start(checkOf(CHEAP, CHEAP), workers);
    const result = run.result();
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(states(shared)).toEqual([TAKEN, VALID]);
    end();
    expect(await result).toBeUndefined();
  });

  it('does not verify again what workers have verified', async () => {
    for (const [scripts, invalid] of [
      [[COSTLY, COSTLY], undefined],
      [[COSTLY, CHEAP_INVALID], 1],
    ] as const) {
      const clock = new VirtualClock();
      clock.monotonic = () => {
        clock.advance(1);
        return clock.now();
      };
      const workers = new TestWorkers((shared) => {
        verifyAll(shared);
        // The microseconds that they have spent.
        shared.control[2] = 0;
      });
      const { run } = start(checkOf(...scripts), workers, { clock });
      expect((await run.result('nothing'))?.inputIndex).toBe(invalid);
      expect(run.ms).toBe(0);
    }
  });

  it('verifies the chunks of workers that have exited, and those for which none could be started', async () => {
    const broken = new TestWorkers((shared) => {
      takeCostliest(shared);
      broken.isUsable = false;
    });
    const { run, shared } = start(checkOf(COSTLY, COSTLY, priced(3, 0x00)), broken);
    expect(await run.result()).toMatchObject({ inputIndex: 2, error: 'EVAL_FALSE' });
    expect(broken.log).toHaveLength(1);
    expect(states(shared)).toEqual([TAKEN, OPEN, OPEN]);
  });

  it('returns the first invalid input, whichever was found first', async () => {
    const workers = new TestWorkers(verifyAll);
    const { run, shared } = start(checkOf(CHEAP, CHEAP_INVALID, priced(3, 0x00), CHEAP), workers);
    expect(await run.result()).toMatchObject({ inputIndex: 1, error: 'EVAL_FALSE' });
    // The worker stops at the costliest, which is invalid too.
    expect(states(shared)).toEqual([VALID, INVALID, INVALID, OPEN]);
  });

  it('verifies every chunk on the main thread if there are no workers', async () => {
    const check = checkOf(COSTLY, COSTLY, priced(3, 0x00));
    const modules = { signatures: new SignatureCache().reader, clock: new VirtualClock() };
    const alone = new ScriptRun([check], splitIntoChunks([check]), FLAGS, modules);
    expect(await alone.result()).toMatchObject({ inputIndex: 2, error: 'EVAL_FALSE' });
  });

  it('stops when it is cancelled, with and without workers', async () => {
    const workers = new TestWorkers(() => {});
    const { run, shared } = start(checkOf(CHEAP, COSTLY), workers);
    run.cancel();
    verifySharedChunks(shared);
    expect(states(shared)).toEqual([OPEN, OPEN]);

    const check = checkOf(CHEAP_INVALID);
    const modules = { signatures: new SignatureCache().reader, clock: new VirtualClock() };
    const alone = new ScriptRun([check], splitIntoChunks([check]), FLAGS, modules);
    alone.cancel();
    expect(await alone.result()).toBeUndefined();
    expect(alone.ms).toBe(0);
  });

  it('counts the time of the workers and of the main thread', async () => {
    const clock = new VirtualClock();
    clock.monotonic = () => {
      clock.advance(1);
      return clock.now();
    };
    // A worker takes a chunk, exits, and has spent 7 ms.
    const workers = new TestWorkers((shared, policy) => {
      if (policy !== 'ready-only') return;
      takeCostliest(shared);
      // The third word counts microseconds.
      shared.control[2] = 7_000;
    });
    const { run } = start(checkOf(CHEAP), workers, { clock });
    expect(run.ms).toBe(7);
    expect(await run.result('nothing')).toBeUndefined();
    expect(run.ms).toBe(8);
  });
});

describe('the queue of costly transactions', () => {
  /** Returns a transaction for each number. */
  const numbered = (i: number): ScriptCheck => {
    const inputs = [{ txid: new Uint8Array(32).fill(2), vout: i }];
    const tx = spend({ inputs, outputs: [{ value: 1n, scriptPubKey: OP_TRUE }] });
    return { tx, spentOutputs: [{ value: 1n, scriptPubKey: CHEAP }] };
  };

  it('runs one transaction for each worker, the next when one is done, and keeps the signatures', async () => {
    const ends: (() => void)[] = [];
    const recording: boolean[] = [];
    const workers = new TestWorkers((shared, _, onRecords) => {
      recording.push(shared.recordsSignatures);
      return new Promise<void>((resolve) => {
        ends.push(() => {
          verifySharedChunks(shared);
          onRecords?.(new Uint8Array(32).fill(3));
          resolve();
        });
      });
    });
    const records: Uint8Array[] = [];
    const signatures = new SignatureCache();
    signatures.addRecorded = (each) => void records.push(each);
    const cache = new ScriptCache();
    const queue = new ScriptQueue({ workers: workers.typed, cache, signatures, clock: new VirtualClock() });
    const all = Array.from({ length: 5 }, (_, i) => queue.verify(numbered(i), FLAGS, { precedence: 0, spent() {} }));
    expect([workers.log.length, queue.size]).toEqual([2, 5]);
    ends[0]!();
    await all[0];
    await new Promise((resolve) => setImmediate(resolve));
    expect([workers.log.length, queue.size]).toEqual([3, 4]);
    expect(cache.has(numbered(0).tx, FLAGS)).toBe(true);
    for (let i = 1; i < 5; i++) {
      ends[i]!();
      await all[i];
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([workers.log.length, queue.size, records.length]).toEqual([5, 0, 5]);
    expect(recording).toEqual([true, true, true, true, true]);
  });

  it('stops what runs when it closes', async () => {
    let end = () => {};
    let chunks: SharedChunks | undefined;
    const workers = new TestWorkers((shared) => {
      chunks = shared;
      return new Promise<void>((resolve) => {
        end = resolve;
      });
    });
    const cache = new ScriptCache();
    const signatures = new SignatureCache();
    const queue = new ScriptQueue({ workers: workers.typed, cache, signatures, clock: new VirtualClock() });
    const verified = queue.verify(numbered(0), FLAGS, { precedence: 0, spent() {} });
    queue.close();
    verifySharedChunks(chunks!);
    end();
    await expect(verified).rejects.toMatchObject({ code: 'closed' });
    expect(states(chunks!)).toEqual([OPEN]);
    const late = queue.verify(numbered(1), FLAGS, { precedence: 0, spent() {} });
    await expect(late).rejects.toMatchObject({ code: 'closed' });
    expect(workers.log).toHaveLength(1);
  });
});
