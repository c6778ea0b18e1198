import { isFileLike, writeAll } from '../node/write-all.ts';
import { PierError } from '../platform/errors.ts';

/** Says why stdout cannot be written. `stdoutFailed` resolves to it too, and reports it. */
export class StdoutError extends PierError {
  /** Whether the reader of a pipe has closed it, as `head` does: it has all that it wants. */
  readonly isClosedPipe: boolean;

  constructor(cause: NodeJS.ErrnoException) {
    super('output-failed', `the output cannot be written: ${cause.message}`, {
      hint: 'Free disk space, or write the output to another place.',
      cause,
    });
    this.isClosedPipe = cause.code === 'EPIPE' || cause.code === 'ECONNRESET';
  }
}

let failure: StdoutError | undefined;
let onFailure: (failure: StdoutError) => void = () => {};

/** Resolves to the error of the first write to stdout that fails. */
export const stdoutFailed: Promise<StdoutError> = new Promise((resolve) => {
  onFailure = resolve;
});

/** Keeps failures of stdout and stderr from ending the process with a stack. Runs before anything is written. */
export function watchOutput(): void {
  process.stdout.on('error', fail);
  // There is no place left to report it.
  process.stderr.on('error', () => {});
  if (isFileLike(1)) process.stdout._write = writeWhole;
}

function fail(error: Error): void {
  if (failure) return;
  failure = new StdoutError(error);
  onFailure(failure);
}

/** Replaces the write of Node's stream for files, which ignores that a full disk may take a part only. */
function writeWhole(bytes: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
  done(writeAll(1, bytes).error as Error | undefined);
}

/** Writes text to stdout. Throws `StdoutError` if an earlier write has failed. */
export function writeStdout(text: string): void {
  if (failure) throw failure;
  process.stdout.write(text);
}
