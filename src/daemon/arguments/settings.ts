import { type OptionValues, sinceNegation } from './command-line.ts';
import type { OptionTable } from './option.ts';
import { type OptionValue, toBool, toInt, toText } from './option-value.ts';

/** Where values of options come from. */
export interface SettingSources {
  readonly commandLine: OptionValues;
  /** Configuration files, by section; '' is what stands outside of sections. */
  readonly config: ReadonlyMap<string, OptionValues>;
}

/** Values of one option from one source. */
interface Source {
  readonly values: readonly OptionValue[];
  readonly isConfig: boolean;
  /** Whether it stands outside of the sections of configuration files. */
  readonly isDefaultSection: boolean;
}

/**
 * The values of options in effect: those of the command line, before those of the network's section, before those outside
 * of sections. Bitcoin Core's order, with its exceptions (Core: common::GetSetting, GetSettingsList).
 */
export class Settings {
  readonly #sources: SettingSources;
  readonly #options: OptionTable;
  /** The section of the network: `main`, `test`, `testnet4`, `signet` or `regtest`. */
  readonly section: string;

  constructor(sources: SettingSources, options: OptionTable, section: string) {
    this.#sources = sources;
    this.#options = options;
    this.section = section;
  }

  /** Returns the value of an option that has one; undefined if it is not set. */
  value(name: string): OptionValue | undefined {
    for (const { values, isConfig, isDefaultSection } of this.#sourcesOf(name)) {
      // A negation outside of sections holds for each network.
      if (isDefaultSection && this.#ignoresDefaultSection(name) && values.at(-1) !== false) return undefined;
      const since = sinceNegation(values);
      // The last one on the command line, the first one in a file.
      if (since.length > 0) return isConfig ? since[0] : since.at(-1);
      if (values.length > 0) return false;
    }
    return undefined;
  }

  /** Returns the values of an option that may have several. */
  list(name: string): string[] {
    const list: OptionValue[] = [];
    let isDone = false;
    let isNegatedAndEmpty = false;
    for (const { values, isConfig, isDefaultSection } of this.#sourcesOf(name)) {
      if (isDefaultSection && this.#ignoresDefaultSection(name) && values.at(-1) !== false) break;
      // Values of a file count beside those of a command line that negates and sets an option.
      if (!isDone || (isConfig && !isNegatedAndEmpty)) list.push(...sinceNegation(values));
      isDone ||= values.includes(false);
      isNegatedAndEmpty ||= values.at(-1) === false && list.length === 0;
    }
    return list.map(toText);
  }

  /** Returns whether an option is set or negated. */
  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  isNegated(name: string): boolean {
    return this.value(name) === false;
  }

  bool(name: string, fallback: boolean): boolean {
    const value = this.value(name);
    return value === undefined ? fallback : toBool(value);
  }

  int(name: string, fallback: bigint): bigint {
    const value = this.value(name);
    return value === undefined ? fallback : toInt(value);
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : toText(value);
  }

  /** Returns the names of options that are set outside of sections and hold there for the main network only. */
  ignoredOutsideSections(): string[] {
    if (this.section === 'main') return [];
    return [...this.#options.values()]
      .filter(({ isNetworkOnly }) => isNetworkOnly)
      .map(({ name }) => name)
      .filter((name) => {
        const set = this.#sourcesOf(name).filter(({ values }) => sinceNegation(values).length > 0);
        return set.length > 0 && set.every(({ isDefaultSection }) => isDefaultSection);
      })
      .sort();
  }

  #sourcesOf(name: string): Source[] {
    const { commandLine, config } = this.#sources;
    const of = (values: readonly OptionValue[] | undefined, isConfig: boolean, isDefaultSection = false): Source[] =>
      values ? [{ values, isConfig, isDefaultSection }] : [];
    return [
      ...of(commandLine.get(name), false),
      ...of(config.get(this.section)?.get(name), true),
      ...of(config.get('')?.get(name), true, true),
    ];
  }

  #ignoresDefaultSection(name: string): boolean {
    return this.section !== 'main' && this.#options.get(name)?.isNetworkOnly === true;
  }
}
