import { OptionError } from './option-error.ts';

/** A line `name=value` of a configuration file. */
export interface ConfigLine {
  /** With the section in front, as `regtest.port`. */
  readonly name: string;
  readonly value: string;
}

/** A section of a configuration file, and where it is. */
export interface ConfigSection {
  readonly name: string;
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
}

/** What a configuration file says. */
export interface ConfigText {
  readonly lines: readonly ConfigLine[];
  readonly sections: readonly ConfigSection[];
}

/** Reads the text of a configuration file. Throws `OptionError` with the line's number (Core: GetConfigOptions). */
export function parseConfigText(text: string, path: string): ConfigText {
  const lines: ConfigLine[] = [];
  const sections: ConfigSection[] = [];
  let prefix = '';
  for (const [i, whole] of text.split('\n').entries()) {
    const hash = whole.indexOf('#');
    const line = trim(hash === -1 ? whole : whole.slice(0, hash));
    const failure = (what: string) => new OptionError(`parse error on line ${i + 1}${what}`);
    if (line === '') continue;
    if (line.startsWith('[') && line.endsWith(']')) {
      const name = line.slice(1, -1);
      sections.push({ name, path, line: i + 1 });
      prefix = `${name}.`;
      continue;
    }
    if (line.startsWith('-')) {
      throw failure(`: ${line}, options in configuration file must be specified without leading -`);
    }
    const equals = line.indexOf('=');
    if (equals === -1) {
      const advice = `, if you intended to specify a negated option, use ${line}=1 instead`;
      throw failure(`: ${line}${line.startsWith('no') ? advice : ''}`);
    }
    const name = prefix + trim(line.slice(0, equals));
    if (hash !== -1 && name.includes('rpcpassword')) {
      throw failure(', using # in rpcpassword can be ambiguous and should be avoided');
    }
    lines.push({ name, value: trim(line.slice(equals + 1)) });
    const dot = name.lastIndexOf('.');
    if (dot !== -1 && prefix.length <= dot) sections.push({ name: name.slice(0, dot), path, line: i + 1 });
  }
  return { lines, sections };
}

/** Removes white space at both ends. */
function trim(text: string): string {
  return text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
}
