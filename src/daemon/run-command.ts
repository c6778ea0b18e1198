import { spawn } from 'node:child_process';
import type { Logger } from '../platform/logger.ts';

/**
 * Runs a command in the shell, with its placeholders replaced. Resolves when it has ended; a failure is a line in the log
 * (Core: runCommand).
 */
export function runCommand(command: string, values: Readonly<Record<string, string>>, logger: Logger): Promise<void> {
  const text = Object.entries(values).reduce((result, [name, value]) => result.replaceAll(name, value), command);
  return new Promise((resolve) => {
    const child = spawn(text, { shell: true, stdio: 'ignore' });
    child.once('error', (error) => {
      logger.warn({ command: text, err: error }, 'command not run');
      resolve();
    });
    child.once('exit', (code, signal) => {
      if (code !== 0) logger.warn({ command: text, code, signal }, 'command failed');
      resolve();
    });
  });
}
