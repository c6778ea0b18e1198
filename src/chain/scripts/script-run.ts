import type { SignatureVerifier } from '../../script/signature-cache.ts';
import { type FailedCheck, type InputRange, verifyRanges } from './script-check.ts';
import type { ScriptWorkers } from './script-workers.ts';
import {
  ChunkState,
  chunkState,
  closeChunks,
  markChunk,
  type SharedChunks,
  shareChunks,
  takeChunk,
} from './shared-chunks.ts';

/** The running script verification of one block (Core: CCheckQueueControl). */
export class ScriptRun {
  readonly #chunks: readonly (readonly InputRange[])[];
  readonly #flags: number;
  readonly #signatures: SignatureVerifier;
  readonly #shared: SharedChunks | undefined;
  readonly #helped: Promise<void> | undefined;

  /** Without `workers`, nothing runs before `result` is called. This thread verifies signatures with `signatures`. */
  constructor(
    chunks: readonly (readonly InputRange[])[],
    flags: number,
    signatures: SignatureVerifier,
    workers: ScriptWorkers | undefined,
  ) {
    this.#chunks = chunks;
    this.#flags = flags;
    this.#signatures = signatures;
    if (!workers) return;
    this.#shared = shareChunks(chunks, flags);
    this.#helped = workers.help(this.#shared);
  }

  /** Returns the first script failure. This thread verifies chunks too, and yields to the event loop between them. */
  async result(): Promise<FailedCheck | undefined> {
    return this.#shared ? this.#share(this.#shared) : this.#verifyAlone();
  }

  /** Stops the verification; `result` must not be called. */
  cancel(): void {
    if (this.#shared) closeChunks(this.#shared);
  }

  async #verifyAlone(): Promise<FailedCheck | undefined> {
    for (const [i, ranges] of this.#chunks.entries()) {
      if (i > 0) await turn();
      const failure = verifyRanges(ranges, this.#flags, this.#signatures);
      if (failure) return failure;
    }
    return undefined;
  }

  async #share(shared: SharedChunks): Promise<FailedCheck | undefined> {
    for (let chunk = takeChunk(shared); chunk !== undefined; chunk = takeChunk(shared)) {
      markChunk(shared, chunk, verifyRanges(this.#chunks[chunk]!, this.#flags, this.#signatures) === undefined);
      await turn();
    }
    await this.#helped;
    for (const [chunk, ranges] of this.#chunks.entries()) {
      if (chunkState(shared, chunk) === ChunkState.VALID) continue;
      // INVALID: verified again to find the failing input. OPEN: the worker that took the chunk has exited.
      const failure = verifyRanges(ranges, this.#flags, this.#signatures);
      if (failure) return failure;
    }
    return undefined;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
