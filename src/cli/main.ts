import { createRequire } from 'node:module';
import { CommanderError } from 'commander';
import { reportError } from './output.ts';
import { createProgram } from './program.ts';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

try {
  await createProgram(version).parseAsync();
} catch (error) {
  // Commander has already printed its error. It throws for --help and --version too, with exit code 0.
  process.exitCode =
    error instanceof CommanderError
      ? error.exitCode === 0
        ? 0
        : 2
      : reportError(error, process.argv.includes('--json'));
}
