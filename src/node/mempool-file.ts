import { createHash } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { equalBytes } from '../bytes/compare.ts';
import {
  decodeLeadingDump,
  type LoadedDump,
  type LoadOptions,
  loadInSteps,
  mempoolDumpChunks,
} from '../mempool/dump.ts';
import type { Mempool } from '../mempool/mempool.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import { PierError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { TimeSlices } from '../platform/time-slices.ts';

/** Milliseconds between the checks whether the mempool has changed since it was saved. */
const SAVE_INTERVAL_MS = 60_000;
const CHECKSUM_BYTES = 32;

/** Saves of a file, one after the other: they share its temporary file. */
const saves = new Map<string, Promise<void>>();

/**
 * Writes the mempool to a file in the format of Core's mempool.dat, followed by its SHA-256, which Core ignores. The
 * file is replaced as a whole. Throws `PierError` 'mempool-not-saved'; the file is then as it was.
 */
export function saveMempool(mempool: Mempool, path: string): Promise<void> {
  const save = (saves.get(path) ?? Promise.resolve()).catch(() => {}).then(() => writeDump(mempool, path));
  saves.set(path, save);
  return save.finally(() => {
    if (saves.get(path) === save) saves.delete(path);
  });
}

async function writeDump(mempool: Mempool, path: string): Promise<void> {
  const draft = `${path}.new`;
  try {
    const hash = createHash('sha256');
    const file = await open(draft, 'w', 0o600);
    try {
      for (const chunk of mempoolDumpChunks(mempool)) {
        hash.update(chunk);
        await file.writeFile(chunk);
      }
      await file.writeFile(hash.digest());
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    // A part of it would only take the space that others need.
    await rm(draft, { force: true }).catch(() => {});
    throw new PierError('mempool-not-saved', `writing ${path} failed: ${(error as Error).message}`, {
      hint: 'Check the free space and the permissions of its folder. The file is as it was.',
      cause: error,
    });
  }
}

/**
 * Adds the transactions of a mempool.dat, Pier's or Core's, to a mempool, in slices. Throws `PierError` 'bad-mempool-file'
 * if the file is unreadable or damaged; the mempool is then unchanged.
 */
export async function loadMempool(
  mempool: Mempool,
  path: string,
  clock: Clock,
  options: LoadOptions & { readonly signal?: AbortSignal | undefined } = {},
): Promise<LoadedDump> {
  const dump = await readDump(path);
  const loading = loadInSteps(mempool, dump, clock, options);
  const slices = new TimeSlices(clock);
  for (;;) {
    const { done, value } = loading.next();
    if (done) return value;
    options.signal?.throwIfAborted();
    if (value) await value;
    else if (slices.isOver) await slices.turn();
  }
}

async function readDump(path: string) {
  try {
    const bytes = await readFile(path);
    const { dump, length } = decodeLeadingDump(bytes);
    const checksum = bytes.subarray(length);
    if (checksum.length !== 0) {
      const expected = createHash('sha256').update(bytes.subarray(0, length)).digest();
      if (checksum.length !== CHECKSUM_BYTES || !equalBytes(checksum, expected)) throw new Error('wrong checksum');
    }
    return dump;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PierError('bad-mempool-file', `mempool file ${path} cannot be read: ${reason}`, {
      hint: 'Delete the file: the mempool fills again from peers, and wallets offer their own transactions again.',
      cause: error,
    });
  }
}

/** Keeps the mempool of a node in a file: loaded at the start, saved when it has changed and at the stop. */
export class MempoolFile {
  readonly #mempool: Mempool;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #saved = -1;
  #timer: Timer | undefined;

  constructor(mempool: Mempool, path: string, { clock, logger }: { clock: Clock; logger: Logger }) {
    this.#mempool = mempool;
    this.#path = path;
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * Loads the file, if there is one, and begins to save. A damaged file is logged and left to the next save. Throws the
   * signal's reason if it is aborted.
   */
  async start(signal?: AbortSignal): Promise<void> {
    try {
      const loaded = await loadMempool(this.#mempool, this.#path, this.#clock, { signal });
      this.#logger.info({ ...loaded, path: this.#path }, 'mempool loaded');
    } catch (error) {
      signal?.throwIfAborted();
      const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
      if (cause?.code !== 'ENOENT') this.#logger.warn({ err: error, path: this.#path }, 'mempool file not loaded');
    }
    this.#saved = this.#mempool.updateCount;
    this.#arm();
  }

  /** Saves once more, if the mempool has changed. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#save();
  }

  #arm(): void {
    this.#timer = this.#clock.after(SAVE_INTERVAL_MS, () => {
      void this.#save().then(() => {
        if (this.#timer) this.#arm();
      });
    });
  }

  async #save(): Promise<void> {
    const { updateCount } = this.#mempool;
    if (updateCount === this.#saved) return;
    try {
      await saveMempool(this.#mempool, this.#path);
      this.#saved = updateCount;
    } catch (error) {
      this.#logger.warn({ err: error, path: this.#path }, 'mempool not saved');
    }
  }
}
