import { EventEmitter } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { availableParallelism } from 'node:os';
import workerThreads from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { splitIntoChunks } from '../../src/chain/scripts/script-check.ts';
import { ScriptVerifier } from '../../src/chain/scripts/script-verifier.ts';
import { ScriptWorkers } from '../../src/chain/scripts/script-workers.ts';
import { type SharedChunks, shareChunks, verifySharedChunks } from '../../src/chain/scripts/shared-chunks.ts';
import { MANDATORY_SCRIPT_VERIFY_FLAGS } from '../../src/script/flags.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { CapturedLogger } from '../support/captured-logger.ts';
import { requireOracles } from '../support/oracles.ts';
import { hasScriptThreads } from '../support/script-threads.ts';
import { OP_TRUE, spend } from './support/builder.ts';

const withThreads = hasScriptThreads || requireOracles ? describe : describe.skip;

/** A thread that does what the test says. */
class TestWorker extends EventEmitter {
  static all: TestWorker[] = [];
  readonly url: URL;
  readonly posted: SharedChunks[] = [];
  isUnref = false;
  isTerminated = false;

  constructor(url: URL) {
    super();
    this.url = url;
    TestWorker.all.push(this);
  }

  unref(): void {
    this.isUnref = true;
  }

  postMessage(shared: SharedChunks): void {
    this.posted.push(shared);
  }

  /** Says that it has started, or has finished its oldest job. */
  report(records?: Uint8Array): void {
    this.emit('message', records);
  }

  async terminate(): Promise<void> {
    this.isTerminated = true;
    this.emit('exit', 1);
  }
}

const { Worker } = workerThreads;
beforeEach(() => {
  TestWorker.all = [];
  workerThreads.Worker = TestWorker as unknown as typeof Worker;
  syncBuiltinESMExports();
});
afterEach(() => {
  workerThreads.Worker = Worker;
  syncBuiltinESMExports();
});

/** Returns a job of one chunk. */
function makeJob(): SharedChunks {
  const tx = spend({ inputs: [{ txid: new Uint8Array(32), vout: 0 }], outputs: [] });
  const checks = [{ tx, spentOutputs: [{ value: 1n, scriptPubKey: OP_TRUE }] }];
  return shareChunks(checks, splitIntoChunks(checks), MANDATORY_SCRIPT_VERIFY_FLAGS);
}

/** Returns a function that tells whether a promise has resolved. */
function watch(promise: Promise<void>): () => Promise<boolean> {
  let isDone = false;
  void promise.then(() => {
    isDone = true;
  });
  return async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return isDone;
  };
}

function start(count: number) {
  const logger = new CapturedLogger();
  const clock = new VirtualClock();
  return { workers: new ScriptWorkers(count, clock, logger), logger, clock };
}

withThreads(`script workers${hasScriptThreads ? '' : ' (skipped: not built)'}`, () => {
  it('start on first use, all at once, and do not keep the process alive', async () => {
    const { workers } = start(3);
    expect(TestWorker.all).toEqual([]);
    await workers.help(makeJob(), 'ready-only');
    await workers.help(makeJob(), 'ready-only');
    expect(TestWorker.all.map(({ isUnref }) => isUnref)).toEqual([true, true, true]);
    expect(TestWorker.all[0]!.url.pathname).toMatch(/script-worker\.js$/);
  });

  it('take part once they are ready; a job waits for their start only if it asks for it', async () => {
    const { workers } = start(2);
    const [early, waiting] = [
      watch(workers.help(makeJob(), 'ready-only')),
      watch(workers.help(makeJob(), 'await-start')),
    ];
    const [first, second] = TestWorker.all as [TestWorker, TestWorker];
    expect([await early(), await waiting()]).toEqual([true, false]);
    expect([first.posted.length, second.posted.length]).toEqual([1, 1]);
    // The first message says that the thread is ready, the next ones end its jobs.
    first.report();
    expect(await waiting()).toBe(false);
    const late = watch(workers.help(makeJob(), 'await-start'));
    expect([first.posted.length, second.posted.length]).toEqual([2, 1]);
    first.report();
    second.report();
    expect([await waiting(), await late()]).toEqual([false, false]);
    second.report();
    expect([await waiting(), await late()]).toEqual([true, false]);
    first.report();
    expect(await late()).toBe(true);
  });

  it('end a job that is complete, though one of them has not come to it', async () => {
    const { workers } = start(2);
    await workers.help(makeJob(), 'ready-only');
    for (const worker of TestWorker.all) worker.report();
    const [open, complete] = [makeJob(), makeJob()];
    const states = [open, complete].map((job) => watch(workers.help(job, 'ready-only')));
    const [first] = TestWorker.all as [TestWorker];
    expect(first.posted).toEqual([open, complete]);
    verifySharedChunks(complete);
    first.report();
    first.report();
    expect(await Promise.all(states.map((isDone) => isDone()))).toEqual([false, true]);
  });

  it('hand over the signatures that they have recorded', async () => {
    const { workers } = start(1);
    await workers.help(makeJob(), 'ready-only');
    const [worker] = TestWorker.all as [TestWorker];
    worker.report();
    const records: Uint8Array[] = [];
    const some = Uint8Array.of(1, 2);
    for (const each of [some, new Uint8Array(0), undefined]) {
      const done = workers.help(makeJob(), 'ready-only', (recorded) => records.push(recorded));
      worker.report(each);
      await done;
    }
    const done = workers.help(makeJob(), 'ready-only');
    worker.report(some);
    await done;
    expect(records).toEqual([some]);
  });

  it('are unusable after one has failed', async () => {
    const { workers, logger } = start(2);
    const job = watch(workers.help(makeJob(), 'await-start'));
    const [first, second] = TestWorker.all as [TestWorker, TestWorker];
    first.emit('error', new Error('out of memory'));
    first.emit('exit', 1);
    expect(workers.isUsable).toBe(false);
    expect(logger.lines.map(({ level, err }) => [level, (err as Error).message])).toEqual([['error', 'out of memory']]);
    expect(await job()).toBe(false);
    second.report();
    second.report();
    expect(await job()).toBe(true);
    expect(TestWorker.all).toHaveLength(2);
  });

  it('that exit end their jobs, and are replaced', async () => {
    const { workers } = start(2);
    const jobs = [1, 2].map(() => watch(workers.help(makeJob(), 'await-start')));
    const [first, second] = TestWorker.all as [TestWorker, TestWorker];
    second.report();
    second.report();
    second.report();
    first.emit('exit', 0);
    expect(await Promise.all(jobs.map((isDone) => isDone()))).toEqual([true, true]);
    const again = workers.help(makeJob(), 'ready-only');
    expect(TestWorker.all).toHaveLength(3);
    second.report();
    await again;
    expect([first.posted.length, second.posted.length]).toEqual([2, 3]);
  });

  it('end when they are closed, and start again when they are used', async () => {
    const { workers, clock } = start(2);
    const job = watch(workers.help(makeJob(), 'await-start'));
    await workers.close();
    expect(TestWorker.all.map(({ isTerminated }) => isTerminated)).toEqual([true, true]);
    expect(await job()).toBe(true);
    await workers.help(makeJob(), 'ready-only');
    expect(TestWorker.all).toHaveLength(4);
    // After thirty idle seconds.
    clock.advance(30_000);
    expect(TestWorker.all.map(({ isTerminated }) => isTerminated)).toEqual([true, true, true, true]);
  });

  it('are not idle while any job runs', async () => {
    const { workers, clock } = start(1);
    const job = watch(workers.help(makeJob(), 'await-start'));
    await workers.help(makeJob(), 'ready-only');
    clock.advance(60_000);
    const [worker] = TestWorker.all as [TestWorker];
    expect([worker.isTerminated, await job()]).toEqual([false, false]);
    worker.report();
    worker.report();
    expect(await job()).toBe(true);
    clock.advance(30_000);
    expect(worker.isTerminated).toBe(true);
  });
});

withThreads(`the number of threads${hasScriptThreads ? '' : ' (skipped: not built)'}`, () => {
  /** Returns the threads that a costly block and costly transactions start. */
  async function started(threads?: number): Promise<[block: number, transactions: number]> {
    const verifier = new ScriptVerifier({ threads }, new VirtualClock(), new CapturedLogger());
    const inputs = Array.from({ length: 200 }, (_, vout) => ({ txid: new Uint8Array(32), vout }));
    // Each input is priced as a signature check.
    const scriptPubKey = Uint8Array.of(0, 20, ...new Uint8Array(20));
    const check = { tx: spend({ inputs, outputs: [] }), spentOutputs: inputs.map(() => ({ value: 1n, scriptPubKey })) };
    TestWorker.all = [];
    verifier.start([check], MANDATORY_SCRIPT_VERIFY_FLAGS).cancel();
    const block = TestWorker.all.length;
    const verified = verifier.queue.verify(check, MANDATORY_SCRIPT_VERIFY_FLAGS, { precedence: 0, spent: () => {} });
    const all = TestWorker.all.length;
    await Promise.all([verifier.close(), verified.catch(() => {})]);
    expect(TestWorker.all.map(({ isTerminated }) => isTerminated)).toEqual(TestWorker.all.map(() => true));
    return [block, all - block];
  }

  it('is one per processor less one by default, at most 15, and half as many for transactions', async () => {
    const count = Math.min(availableParallelism() - 1, 15);
    expect(await started()).toEqual([count, Math.ceil(count / 2)]);
    expect(await started(4)).toEqual([4, 2]);
    expect(await started(5)).toEqual([5, 3]);
    expect(await started(100)).toEqual([15, 8]);
    expect(await started(0)).toEqual([0, 0]);
  });

  it('is none for a block that is verified faster than it is shared', async () => {
    const verifier = new ScriptVerifier({ threads: 2 }, new VirtualClock(), new CapturedLogger());
    const tx = spend({ inputs: [{ txid: new Uint8Array(32), vout: 0 }], outputs: [] });
    const checks = [{ tx, spentOutputs: [{ value: 1n, scriptPubKey: OP_TRUE }] }];
    expect(await verifier.start(checks, MANDATORY_SCRIPT_VERIFY_FLAGS).result()).toBeUndefined();
    expect(TestWorker.all).toEqual([]);
    await verifier.close();
  });
});

describe('script workers that are not configured', () => {
  it('cannot be used', () => {
    expect(start(0).workers.isUsable).toBe(false);
    expect(start(1).workers.isUsable).toBe(hasScriptThreads);
  });
});
