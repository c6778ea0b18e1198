import { UsageError } from '../node/config.ts';
import { PierError } from '../platform/errors.ts';

/** Data goes to stdout. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Messages go to stderr, so that what stdout is piped to sees only data. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** The result of a command: JSON with `--json`, otherwise as `format` tells it. */
export function printResult<T>(json: boolean | undefined, result: T, format: (result: T) => string): void {
  print(json ? JSON.stringify(result, null, 2) : format(result));
}

function wantsColor(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR;
}

/** Bold on a terminal that has not opted out, plain elsewhere. */
export function bold(text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return wantsColor(stream) ? `\u001b[1m${text}\u001b[22m` : text;
}

export function dim(text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return wantsColor(stream) ? `\u001b[2m${text}\u001b[22m` : text;
}

/** Tells what went wrong and what to do next; returns the exit code, 2 for wrong use and 1 for the rest. */
export function reportError(error: unknown, json: boolean): number {
  const known = error instanceof PierError;
  const message = error instanceof Error ? error.message : String(error);
  if (json) {
    const code = known ? error.code : 'internal-error';
    note(JSON.stringify({ error: { code, message, ...(known && error.hint ? { hint: error.hint } : {}) } }));
  } else {
    note(`pier: ${message}`);
    if (known && error.hint) note(`      ${error.hint}`);
    // Not thrown on purpose: a defect, for whose report the place is needed.
    if (!known && error instanceof Error && error.stack) note(error.stack);
  }
  return error instanceof UsageError ? 2 : 1;
}
