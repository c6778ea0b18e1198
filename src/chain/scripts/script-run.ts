import type { SignatureVerifier } from '../../script/signature-cache.ts';
import { type FailedCheck, type InputRange, verifyRanges } from './script-check.ts';
import type { ScriptWorkers } from './script-workers.ts';
import {
  ChunkState,
  chunkState,
  closeChunks,
  noteChunk,
  type SharedChunks,
  shareChunks,
  takeChunk,
} from './shared-chunks.ts';

/** The scripts of one block under way. */
export class ScriptRun {
  readonly #chunks: readonly (readonly InputRange[])[];
  readonly #flags: number;
  readonly #signatures: SignatureVerifier;
  readonly #shared: SharedChunks | undefined;
  readonly #helped: Promise<void> | undefined;

  /** Without workers nothing happens before the result is asked for. `signatures` judges those that this thread comes to. */
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

  /** The first script that fails, or undefined. This thread takes part, with turns for everything else in between. */
  async result(): Promise<FailedCheck | undefined> {
    return this.#shared ? this.#share(this.#shared) : this.#verifyAlone();
  }

  /** Nobody will ask for the result. */
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
      noteChunk(shared, chunk, verifyRanges(this.#chunks[chunk]!, this.#flags, this.#signatures) === undefined);
      await turn();
    }
    await this.#helped;
    for (const [chunk, ranges] of this.#chunks.entries()) {
      if (chunkState(shared, chunk) === ChunkState.VALID) continue;
      // Invalid: another thread cannot tell which of these objects it was. Open: that thread has ended.
      const failure = verifyRanges(ranges, this.#flags, this.#signatures);
      if (failure) return failure;
    }
    return undefined;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
