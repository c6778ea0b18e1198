import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { type NetworkName, networkNames } from '../../consensus/params.ts';
import { ChainChoiceError, chosenNetwork } from './chain-choice.ts';
import { add, checkAllAreOptions, parseCommandLine, sinceNegation } from './command-line.ts';
import { type ConfigSection, parseConfigText } from './config-text.ts';
import type { OptionTable } from './option.ts';
import { OptionError } from './option-error.ts';
import { interpretKey, interpretValue, type OptionValue, toText } from './option-value.ts';
import { Settings } from './settings.ts';

/** The name of the configuration file in the data directory (Core: BITCOIN_CONF_FILENAME). */
export const CONFIG_FILE = 'bitcoin.conf';
/** The folder of each network in the data directory (Core: CBaseChainParams::DataDir). */
const NETWORK_FOLDERS: Readonly<Record<NetworkName, string>> = {
  main: '',
  test: 'testnet3',
  testnet4: 'testnet4',
  signet: 'signet',
  regtest: 'regtest',
};

/** The settings of a start, and where its files are. */
export interface ReadSettings {
  readonly settings: Settings;
  readonly network: NetworkName;
  /** The configuration file; undefined if there is none. */
  readonly configFile: string | undefined;
  /** The data directory. */
  readonly dataDir: string;
  /** The network's folder in the data directory. */
  readonly networkDir: string;
  /** What is no reason to fail. */
  readonly warnings: readonly string[];
}

/** What `readSettings` does not find in its arguments. */
export interface SettingsHost {
  /** The data directory if none is named; default: `~/.bitcoin`. */
  readonly defaultDataDir?: string;
}

/**
 * Reads the settings of a command line and of the configuration files. Throws `OptionError` with Bitcoin Core's text
 * (Core: ParseParameters, InitConfig).
 */
export function readSettings(
  words: readonly string[],
  options: OptionTable,
  { defaultDataDir = join(homedir(), '.bitcoin') }: SettingsHost = {},
): ReadSettings {
  const commandLine = parseCommandLine(words, options);
  const config = new Map<string, Map<string, OptionValue[]>>();
  const sources = { commandLine, config };
  const unsectioned = new Settings(sources, options, '');
  const dataDirOf = (section: Settings): string => {
    const named = section.text('datadir');
    return named === undefined || named === '' ? defaultDataDir : resolve(named);
  };
  const named = dataDirOf(unsectioned);
  if (commandLine.has('datadir') && !isFolder(named)) {
    throw new OptionError(`Specified data directory "${unsectioned.text('datadir')}" does not exist.`);
  }
  const warnings: string[] = [];
  const sections: ConfigSection[] = [];
  const configFile = reading(() =>
    readFiles(options, named, { ...sources, warnings, sections, settings: unsectioned }),
  );
  const dataDir = dataDirOf(unsectioned);
  if (!isFolder(dataDir) && unsectioned.has('datadir')) {
    throw new OptionError(
      `Error reading configuration file: specified data directory "${unsectioned.text('datadir')}" does not exist.`,
    );
  }
  const network = chosenNetwork(sources);
  checkAllAreOptions(words);
  const settings = new Settings(sources, options, network);
  const ignored = settings.ignoredOutsideSections();
  if (ignored.length > 0) {
    throw new OptionError(
      ignored
        .map((name) => `Config setting for -${name} only applied on ${network} network when in [${network}] section.`)
        .join('\n'),
    );
  }
  const unknown = sections.filter(({ name }) => !networkNames.some((known) => known === name));
  if (unknown.length > 0) {
    warnings.push(
      unknown.map(({ name, path, line }) => `${path}:${line} Section [${name}] is not recognized.`).join('\n'),
    );
  }
  return { settings, network, configFile, dataDir, networkDir: join(dataDir, NETWORK_FOLDERS[network]), warnings };
}

interface Reading {
  readonly commandLine: ReadonlyMap<string, readonly OptionValue[]>;
  readonly config: Map<string, Map<string, OptionValue[]>>;
  readonly warnings: string[];
  readonly sections: ConfigSection[];
  readonly settings: Settings;
}

/** Reads the configuration file, and those that it includes. Returns its path, if there is one (Core: ReadConfigFiles). */
function readFiles(options: OptionTable, dataDir: string, reading: Reading): string | undefined {
  const { commandLine, config, warnings, settings } = reading;
  const named = commandLine.get('conf');
  if (named?.at(-1) === false) return undefined;
  const pathOf = (text: string) => (isAbsolute(text) ? text : join(dataDir, text));
  const given = settings.text('conf');
  const path = pathOf(given === undefined || given === '' ? CONFIG_FILE : given);
  const text = readText(path);
  if (text === undefined) {
    if (named) throw new OptionError(`specified config file "${path}" could not be opened.`);
    return undefined;
  }
  addText(text, path, options, reading);
  if (commandLine.has('includeconf')) return path;
  /** Returns the files that a section includes, behind those that it has included already. */
  const included = (section: string, skip = 0) => {
    const values = config.get(section)?.get('includeconf') ?? [];
    const since = sinceNegation(values);
    return since.slice(Math.max(0, skip - (values.length - since.length))).map(toText);
  };
  const count = (section: string) => config.get(section)?.get('includeconf')?.length ?? 0;
  const network = chosenNetwork(reading);
  const before = { network: count(network), none: count('') };
  for (const name of [...included(network), ...included('')]) {
    const more = readText(pathOf(name));
    if (more === undefined) throw new OptionError(`Failed to include configuration file ${name}`);
    addText(more, name, options, reading);
  }
  const final = chosenNetwork(reading);
  const nested = [
    ...included(network, before.network),
    ...included('', before.none),
    ...(final === network ? [] : included(final)),
  ];
  for (const name of nested) {
    warnings.push(`-includeconf cannot be used from included files; ignoring -includeconf=${name}`);
  }
  return path;
}

/** Adds the lines of a file (Core: ReadConfigStream). */
function addText(text: string, path: string, options: OptionTable, { config, warnings, sections }: Reading): void {
  const parsed = parseConfigText(text, path);
  sections.push(...parsed.sections);
  for (const { name, value } of parsed.lines) {
    const key = interpretKey(name);
    if (key.name === 'conf') {
      throw new OptionError(
        'conf cannot be set in the configuration file; use includeconf= if you want to include additional config files',
      );
    }
    const option = options.get(key.name);
    if (!option) {
      warnings.push(`Ignoring unknown configuration value ${name}`);
      continue;
    }
    const section = config.get(key.section) ?? new Map<string, OptionValue[]>();
    config.set(key.section, section);
    add(section, key.name, interpretValue(key, value, option));
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof OptionError) || error instanceof ChainChoiceError) throw error;
    throw new OptionError(`Error reading configuration file: ${error.message}`);
  }
}
