import { binaryKey } from '../../bytes/compare.ts';
import type { Clock } from '../../platform/clock.ts';
import type { SignatureCache } from '../../script/signature-cache.ts';
import { ChainError } from '../records/errors.ts';
import type { ScriptCache } from './script-cache.ts';
import { type ScriptCheck, splitIntoChunks } from './script-check.ts';
import { ScriptRun } from './script-run.ts';
import type { ScriptWorkers } from './script-workers.ts';
import { shareChunks } from './shared-chunks.ts';

/** Transactions that wait at a time. A peer has one, so that only the user's own requests come near it. */
const MAX_WAITING = 2_000;

/** On whose behalf transactions are verified. */
export interface ScriptPayer {
  /** Those with lower values go first; read when a place becomes free. */
  readonly precedence: number;
  /** Called with the milliseconds, summed over all threads, that a verification has taken. */
  spent(ms: number): void;
}

interface Waiting {
  readonly check: ScriptCheck;
  readonly flags: number;
  readonly payer: ScriptPayer;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The parts that a `ScriptQueue` works with. */
export interface ScriptQueueModules {
  /** Not those of blocks, which must not wait for a transaction. */
  readonly workers: ScriptWorkers;
  readonly cache: ScriptCache;
  readonly signatures: SignatureCache;
  readonly clock: Clock;
}

/**
 * Verifies costly transactions before the mempool accepts them, off the main thread if there are workers. Results go to
 * the caches. At most one transaction runs for each worker; the others wait, fairly between their payers.
 */
export class ScriptQueue {
  readonly #modules: ScriptQueueModules;
  /** Oldest first. */
  readonly #waiting = new Set<Waiting>();
  /** By wtxid and flags: waiting and running. */
  readonly #pending = new Map<string, Promise<void>>();
  readonly #runs = new Set<ScriptRun>();
  #isClosed = false;

  constructor(modules: ScriptQueueModules) {
    this.#modules = modules;
  }

  /** Transactions that wait or run. */
  get size(): number {
    return this.#pending.size;
  }

  /**
   * Verifies the scripts of a transaction. Resolves when the cache holds the result. Only the first of several callers with
   * the same transaction pays. Rejects with `ChainError`: code 'busy' if too many transactions wait, 'closed' at the end.
   */
  verify(check: ScriptCheck, flags: number, payer: ScriptPayer): Promise<void> {
    if (this.#isClosed) return Promise.reject(closed());
    const key = `${flags} ${binaryKey(check.tx.wtxid)}`;
    let pending = this.#pending.get(key);
    if (!pending) {
      if (this.#waiting.size >= MAX_WAITING) {
        return Promise.reject(new ChainError('busy', 'too many transactions wait for script verification'));
      }
      pending = new Promise<void>((resolve, reject) => {
        this.#waiting.add({ check, flags, payer, resolve, reject });
      }).finally(() => this.#pending.delete(key));
      this.#pending.set(key, pending);
      this.#startNext();
    }
    return pending;
  }

  #startNext(): void {
    const { workers } = this.#modules;
    while (this.#waiting.size > 0 && this.#runs.size < (workers.isUsable ? workers.count : 1)) {
      void this.#run(this.#takeFirst());
    }
  }

  /** Removes the one with the lowest precedence; of equals, the one that has waited longest. */
  #takeFirst(): Waiting {
    let first: Waiting | undefined;
    for (const each of this.#waiting) if (!first || each.payer.precedence < first.payer.precedence) first = each;
    this.#waiting.delete(first!);
    return first!;
  }

  async #run({ check, flags, payer, resolve, reject }: Waiting): Promise<void> {
    const { workers, cache, signatures, clock } = this.#modules;
    const chunks = splitIntoChunks([check]);
    const run = new ScriptRun([check], chunks, flags, {
      ...(workers.isUsable && { workers, shared: shareChunks([check], chunks, flags, true) }),
      signatures,
      clock,
      onRecords: (records) => signatures.addRecorded(records),
    });
    this.#runs.add(run);
    try {
      const failure = await run.result('nothing');
      if (this.#isClosed) throw closed();
      if (failure) cache.addFailure(check.tx, flags, failure);
      else cache.add(check.tx, flags);
      payer.spent(run.ms);
      resolve();
    } catch (error) {
      reject(error);
    } finally {
      this.#runs.delete(run);
      this.#startNext();
    }
  }

  /** Rejects what waits and stops what runs. */
  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#waiting) reject(closed());
    this.#waiting.clear();
    for (const run of this.#runs) run.cancel();
  }
}

function closed(): ChainError {
  return new ChainError('closed', 'the chain is closed');
}
