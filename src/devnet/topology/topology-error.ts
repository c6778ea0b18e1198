import { UsageError } from '../../node/composition/usage-error.ts';

/** Names and indexes that lead to an option, such as `['nodes', 2, 'role']`. */
export type OptionPath = readonly (string | number)[];

/** A fault in the options of a network. */
export interface TopologyFault {
  readonly path: OptionPath;
  /** What is wrong, without the path. */
  readonly reason: string;
  /** The file that holds it, if a file does. */
  readonly file?: string | undefined;
  /** Its line there, from 1, if known. */
  readonly line?: number | undefined;
}

/** Options of a network that cannot be used: `PierError` 'bad-topology' with a line for each fault. */
export class TopologyError extends UsageError {
  readonly faults: readonly TopologyFault[];

  constructor(faults: readonly TopologyFault[], options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super('bad-topology', listFaults(faults.map(formatFault)), {
      hint: 'See the options of createNetwork().',
      ...options,
    });
    this.faults = faults;
  }
}

/** Returns a fault as `file:line: path: reason`, as far as they are known. */
export function formatFault({ file, line, path, reason }: TopologyFault): string {
  const where = line === undefined ? file : `${file}:${line}`;
  return [where, path.length === 0 ? undefined : formatPath(path), reason]
    .filter((part) => part !== undefined)
    .join(': ');
}

/** Faults that an error lists. */
const MAX_LISTED = 20;

/** Returns one line for each fault; those beyond the first twenty are counted. */
export function listFaults(lines: readonly string[]): string {
  const more = lines.length - MAX_LISTED;
  return [...lines.slice(0, MAX_LISTED), ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

/** Returns a path as text: `nodes[2].role`. */
export function formatPath(path: OptionPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    if (text === '') return /^[\w $-]{1,80}$/.test(part) ? part : `[${quote(part)}]`;
    return /^[\w$-]{1,80}$/.test(part) ? `${text}.${part}` : `${text}[${quote(part)}]`;
  }, '');
}

/** Characters of a text that an error quotes. */
const MAX_QUOTED = 80;

/** Returns a text in quotes for an error, without control characters, and shortened if it is long. */
export function quote(text: string): string {
  const short = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
  return `'${JSON.stringify(short).slice(1, -1).replaceAll('\\"', '"')}'`;
}

/** Names that an error lists. */
const MAX_NAMES = 10;

/** Returns names as a list for an error; those beyond the first ten are counted. */
export function listed(names: readonly string[]): string {
  const more = names.length - MAX_NAMES;
  return names.slice(0, MAX_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
