import type { Logger } from '../../src/platform/logger.ts';

/** A line as it was logged: level, message, and the fields of the line and of the logger. */
export interface LogLine {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly [field: string]: unknown;
}

/** A logger that keeps its lines, and those of its children, in `lines`. Fields that are undefined are left out, as pino does. */
export class CapturedLogger implements Logger {
  readonly lines: LogLine[];
  readonly #bindings: Record<string, unknown>;
  readonly trace = this.#at('trace');
  readonly debug = this.#at('debug');
  readonly info = this.#at('info');
  readonly warn = this.#at('warn');
  readonly error = this.#at('error');

  constructor(lines: LogLine[] = [], bindings: Record<string, unknown> = {}) {
    this.lines = lines;
    this.#bindings = bindings;
  }

  child(bindings: Record<string, unknown>): Logger {
    return new CapturedLogger(this.lines, { ...this.#bindings, ...bindings });
  }

  /** The lines that a node shows by default. */
  get shown(): LogLine[] {
    return this.lines.filter(({ level }) => level !== 'debug' && level !== 'trace');
  }

  #at(level: LogLine['level']) {
    return (fields: object, message: string): void => {
      const all = Object.entries({ ...this.#bindings, ...fields }).filter(([, value]) => value !== undefined);
      this.lines.push({ level, message, ...Object.fromEntries(all) });
    };
  }
}
