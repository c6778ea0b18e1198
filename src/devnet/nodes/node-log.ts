/** Lines of a node's log that are kept in memory. */
export const KEPT_LINES = 1_000;
/** Characters of a line; what is longer is shortened. */
const MAX_LENGTH = 4_000;

/** The level of a log line. */
export type LogLineLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** Levels by their numbers in log lines. */
const LEVELS: Readonly<Record<number, LogLineLevel>> = {
  ...{ 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'error' },
};

/** A line of a node's log. */
export interface LogLine {
  /** Counts the node's lines, from 1. */
  readonly line: number;
  /** Milliseconds since the Unix epoch, by the clock of the machine. */
  readonly time: number;
  readonly level: LogLineLevel;
  /** The part of the node, such as `chain` or `p2p`; empty if the line names none. */
  readonly category: string;
  readonly message: string;
  /** What else the line has, such as `height`. */
  readonly fields: Readonly<Record<string, unknown>>;
}

interface KeptLine {
  readonly text: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** The last lines of a node's log, in memory, and where all of them are. */
export class NodeLog {
  /** Path of the file with the lines; undefined for a node in this process, which has none. */
  readonly file: string | undefined;
  /** The line number `n` is at `n % KEPT_LINES`. */
  readonly #ring: KeptLine[] = [];
  #count = 0;
  readonly #listeners = new Set<(line: LogLine) => void>();

  constructor(file?: string) {
    this.file = file;
  }

  /** Adds a line as the node has written it. */
  add(text: string): void {
    const kept = { text: text.length > MAX_LENGTH ? shortened(text) : text, at: Date.now() };
    const line = ++this.#count;
    this.#ring[line % KEPT_LINES] = kept;
    if (this.#listeners.size === 0) return;
    const parsed = parse(line, kept);
    for (const listener of this.#listeners) listener(parsed);
  }

  /** Returns the last lines, up to `count`, oldest first; at most 1,000 are kept. */
  last(count: number): LogLine[] {
    const first = Math.max(1, this.#count - Math.min(count, KEPT_LINES) + 1);
    return Array.from({ length: this.#count - first + 1 }, (_, i) =>
      parse(first + i, this.#ring[(first + i) % KEPT_LINES]!),
    );
  }

  /** Calls `listener` for each new line. Returns a function that ends it. */
  follow(listener: (line: LogLine) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Returns the object that a line of JSON holds; undefined for other lines. */
function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function parse(line: number, { text, at }: KeptLine): LogLine {
  const object = objectOf(text);
  if (!object) return parseText(line, text, at);
  // The network knows the node by its name.
  const { time, level, category, msg, node: _node, ...fields } = object;
  return {
    ...{ line, time: typeof time === 'number' ? time : at, level: LEVELS[level as number] ?? 'info' },
    ...{ category: typeof category === 'string' ? category : '', message: typeof msg === 'string' ? msg : '', fields },
  };
}

/** A line of bitcoind begins with its time, to the second, and may name category and level. */
const BITCOIND_LINE =
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*Z (?:\(mocktime: \S+\) )?(?:\[(?:([\w-]+):)?(trace|debug|info|warning|error)\] )?(.*)$/s;

function parseText(line: number, text: string, time: number): LogLine {
  const [, category = '', level = 'info', message = text] = BITCOIND_LINE.exec(text) ?? [];
  return { line, time, level: level === 'warning' ? 'warn' : (level as LogLineLevel), category, message, fields: {} };
}

/** Returns a line in at most about `MAX_LENGTH` characters: long texts are cut, and fields that do not fit are left out. */
function shortened(text: string): string {
  const object = objectOf(text);
  if (!object) return `${text.slice(0, MAX_LENGTH)}…`;
  const kept: Record<string, unknown> = {};
  let left = MAX_LENGTH;
  for (const [name, value] of Object.entries({ msg: object.msg, ...object } as Record<string, unknown>)) {
    const isLong = typeof value === 'string' && value.length > MAX_LENGTH / 4;
    const shown = isLong ? `${value.slice(0, MAX_LENGTH / 4)}…` : value;
    const { length } = JSON.stringify({ [name]: shown });
    if (length > left) continue;
    kept[name] = shown;
    left -= length;
  }
  return JSON.stringify(kept);
}
