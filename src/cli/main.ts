import './no-debugger.ts';
import { createRequire } from 'node:module';
import { reportError } from './output.ts';
import { runCommand, wantsJson } from './run.ts';
import { stdoutFailed, watchOutput } from './stdout.ts';

/** Milliseconds that the end of a command waits for the reader of its messages. */
const STDERR_GRACE_MS = 1_000;

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
const words = process.argv.slice(2);

watchOutput();
void stdoutFailed.then((failure) => {
  // A reader that closes the pipe, as `head` does, has all that it wants.
  if (!failure.isClosedPipe) process.exitCode = reportError(failure, wantsJson(words));
});
const exitCode = await runCommand(words, version);
if (exitCode !== undefined) process.exitCode = exitCode;
// The write to a pipe that is not read would keep the process alive.
setTimeout(() => {
  if (process.stderr.writableLength > 0) process.exit();
}, STDERR_GRACE_MS).unref();
