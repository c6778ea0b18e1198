import type { Logger } from '../../src/platform/logger.ts';

/** A logged line: level, message, and the fields of the line and of its logger. */
export interface LogLine {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly [field: string]: unknown;
}

/** A logger that stores its lines and those of its children in `lines`. Like pino, it omits undefined fields. */
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

  /** Lines at the levels that a node prints by default. */
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
