import type { LogOutput } from '../node/log-output.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { categoryOf } from './log-categories.ts';

/** How lines of a debug log look, and which are written. */
export interface DebugLogOptions {
  /** Whether lines begin with their time (Core: -logtimestamps). */
  readonly timestamps: boolean;
  /** Whether times have microseconds (Core: -logtimemicros). */
  readonly micros: boolean;
  /** Categories whose lines of level debug are written (Core: -debug). */
  readonly categories: ReadonlySet<string>;
}

/** Where a debug log writes: a file, standard output, or both. */
export type DebugLogOutput = Pick<LogOutput, 'write'>;

/**
 * A log in Bitcoin Core's form: a line has its time in UTC, its category and level unless it is a plain line of level info,
 * the message, and its fields.
 */
export class DebugLog implements Logger {
  readonly #outputs: readonly DebugLogOutput[];
  readonly #options: DebugLogOptions;
  readonly #clock: Clock;
  readonly #category: string | undefined;
  readonly #bindings: object;

  constructor(
    outputs: readonly DebugLogOutput[],
    options: DebugLogOptions,
    clock: Clock,
    { category, ...bindings }: { readonly category?: string } = {},
  ) {
    this.#outputs = outputs;
    this.#options = options;
    this.#clock = clock;
    this.#category = category;
    this.#bindings = bindings;
  }

  trace(): void {}

  debug(fields: object, message: string): void {
    const category = categoryOf(this.#category ?? '');
    if (this.#options.categories.has(category)) this.line(`[${category}] ${message}${this.#text(fields)}`);
  }

  info(fields: object, message: string): void {
    this.line(`${message}${this.#text(fields)}`);
  }

  warn(fields: object, message: string): void {
    this.line(`[warning] ${message}${this.#text(fields)}`);
  }

  error(fields: object, message: string): void {
    this.line(`[error] ${message}${this.#text(fields)}`);
  }

  child(bindings: Record<string, unknown>): Logger {
    const all = {
      ...this.#bindings,
      ...(this.#category === undefined ? {} : { category: this.#category }),
      ...bindings,
    };
    return new DebugLog(this.#outputs, this.#options, this.#clock, all);
  }

  /** Writes a line, after its time. */
  line(text: string): void {
    const { timestamps, micros } = this.#options;
    const time = timestamps ? `${timeText(this.#clock.now(), micros)} ` : '';
    for (const output of this.#outputs) output.write(`${time}${oneLine(text)}\n`);
  }

  #text(fields: object): string {
    const entries = Object.entries({ ...this.#bindings, ...fields }).filter(([, value]) => value !== undefined);
    return entries.map(([name, value]) => ` ${name === 'err' ? 'error' : name}=${valueText(value)}`).join('');
  }
}

/** Returns a time in ISO 8601, in UTC, with seconds or microseconds. `milliseconds` may have a fraction. */
function timeText(milliseconds: number, micros: boolean): string {
  const iso = new Date(milliseconds).toISOString();
  if (!micros) return `${iso.slice(0, 19)}Z`;
  const digits = Math.floor((milliseconds % 1_000) * 1_000);
  return `${iso.slice(0, 19)}.${String(digits).padStart(6, '0')}Z`;
}

function valueText(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  if (typeof value === 'string') return /^[\x21-\x7e]*$/.test(value) ? value : JSON.stringify(value);
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value);
}

/** Returns a text as one line: what a peer has sent must not look like a line of its own (Core: LogEscapeMessage). */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced.
  return text.replace(/[\x00-\x1f\x7f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
