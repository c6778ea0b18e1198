import { UsageError } from '../node/config.ts';
import { stderrOutput } from '../node/log-output.ts';
import { PierError } from '../platform/errors.ts';
import { writeStdout } from './stdout.ts';
import { t, translate } from './text/texts.ts';

/** Prints data, to stdout. Throws `StdoutError` if stdout cannot be written. */
export function print(text: string): void {
  writeStdout(`${text}\n`);
}

/** Prints a message, to stderr: stdout carries only data. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Returns a function that prints the log lines of nodes to stderr, and drops lines that stderr does not take. */
export function logPrinter(): (nodeId: number, line: string) => void {
  const log = stderrOutput();
  log.onDropped((lines) => log.write(`${t`(${lines} lines of the nodes' logs dropped)`}\n`));
  return (_nodeId, line) => log.write(`${line}\n`);
}

/**
 * Prints the result of a command, as JSON with `--json`, otherwise as formatted by `format`; an empty text is no line. A
 * result without members, null, is an object in JSON, as all others.
 */
export function printResult<T>(json: boolean | undefined, result: T, format: (result: T) => string): void {
  const text = json ? JSON.stringify(result ?? {}, null, 2) : format(result);
  if (text !== '') print(text);
}

function wantsColor(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR: none, FORCE_COLOR: forced } = process.env;
  if (none) return false;
  // As in Node: an empty text forces colours too.
  return forced === undefined ? stream.isTTY === true : !['0', 'false'].includes(forced);
}

/** Returns text in bold on a terminal or with FORCE_COLOR, unless NO_COLOR is set. */
export function bold(text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return wantsColor(stream) ? `\u001b[1m${text}\u001b[22m` : text;
}

/** Returns dimmed text on a terminal or with FORCE_COLOR, unless NO_COLOR is set. */
export function dim(text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return wantsColor(stream) ? `\u001b[2m${text}\u001b[22m` : text;
}

/**
 * Prints an error and its hint in the language of the user, the commands in them as `complete` returns them. Returns the exit code: 2 for a
 * `UsageError`, otherwise 1.
 */
export function reportError(error: unknown, json: boolean, complete = (text: string) => text): number {
  const known = error instanceof PierError;
  // Programs read JSON, whatever the language of the user.
  const say = (text: string) => complete(json ? text : translate(text));
  const message = say(error instanceof Error ? error.message : String(error));
  const hint = known && error.hint ? say(error.hint) : undefined;
  if (json) {
    const code = known ? error.code : 'internal-error';
    note(JSON.stringify({ error: { code, message, ...(hint === undefined ? {} : { hint }) } }));
  } else {
    note(`pier: ${message}`);
    if (hint !== undefined) note(`      ${hint}`);
    // An unexpected error is a bug, which is reported with its stack.
    if (!known && error instanceof Error && error.stack) note(error.stack);
  }
  return error instanceof UsageError ? 2 : 1;
}
