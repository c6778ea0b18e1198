import type { OptionTable } from './option.ts';
import { OptionError } from './option-error.ts';
import { interpretKey, interpretValue, type OptionValue } from './option-value.ts';

/** Values of options by name, in the order in which they were given. */
export type OptionValues = ReadonlyMap<string, readonly OptionValue[]>;

/**
 * Reads the options of a command line: `-name`, `-name=value`, `-noname`, each with one hyphen or two, up to the first
 * word that is none. Throws `OptionError` (Core: ArgsManager::ParseParameters).
 */
export function parseCommandLine(words: readonly string[], options: OptionTable): OptionValues {
  const values = new Map<string, OptionValue[]>();
  for (const word of words) {
    if (word === '-' || !word.startsWith('-')) break;
    const [, given, text] = /^--?([^=]*)(?:=([\s\S]*))?$/.exec(word)!;
    const key = interpretKey(given!);
    const option = options.get(key.name);
    // Sections are a matter of configuration files.
    if (!option || key.section !== '') throw parsingError(`Invalid parameter ${word}`);
    add(
      values,
      key.name,
      parse(() => interpretValue(key, text, option)),
    );
  }
  const [included] = sinceNegation(values.get('includeconf') ?? []);
  if (included !== undefined) {
    throw parsingError(`-includeconf cannot be used from commandline; -includeconf=${JSON.stringify(included)}`);
  }
  return values;
}

/** Throws `OptionError` if a command line has a word that is no option. */
export function checkAllAreOptions(words: readonly string[]): void {
  const other = words.find((word) => !word.startsWith('-'));
  if (other === undefined) return;
  throw new OptionError(`Command line contains unexpected token '${other}', see pierd -h for a list of options.`);
}

/** Returns the values behind the last negation (Core: SettingsSpan). */
export function sinceNegation(values: readonly OptionValue[]): readonly OptionValue[] {
  return values.slice(values.lastIndexOf(false) + 1);
}

/** Adds a value to the list of a name. */
export function add(lists: Map<string, OptionValue[]>, name: string, value: OptionValue): void {
  const list = lists.get(name);
  if (list) list.push(value);
  else lists.set(name, [value]);
}

function parse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw parsingError((error as Error).message);
  }
}

function parsingError(reason: string): OptionError {
  return new OptionError(`Error parsing command line arguments: ${reason}`);
}
