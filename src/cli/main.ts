import './no-debugger.ts';
import { createRequire } from 'node:module';
import { CommanderError } from 'commander';
import { reportError } from './output.ts';
import { createProgram } from './program.ts';
import { StdoutError, stdoutFailed, watchOutput } from './stdout.ts';

/** Milliseconds that the end of a command waits for the reader of its messages. */
const STDERR_GRACE_MS = 1_000;

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
const report = (error: unknown) => reportError(error, process.argv.includes('--json'));

watchOutput();
void stdoutFailed.then((failure) => {
  // A reader that closes the pipe, as `head` does, has all that it wants.
  if (!failure.isClosedPipe) process.exitCode = report(failure);
});
try {
  await createProgram(version).parseAsync();
} catch (error) {
  // Commander has already printed its error. It throws for --help and --version too, with exit code 0.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (!(error instanceof StdoutError)) process.exitCode = report(error);
}
// The write to a pipe that is not read would keep the process alive.
setTimeout(() => {
  if (process.stderr.writableLength > 0) process.exit();
}, STDERR_GRACE_MS).unref();
