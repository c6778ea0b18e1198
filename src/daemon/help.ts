import type { Option } from './arguments/option.ts';
import { optionsByGroup } from './options/index.ts';

/** Columns of a line of help. */
const WIDTH = 79;
const INDENT = ' '.repeat(7);

/** Returns the help of `pierd`: the options by group, those of tests and diagnosis too if `all` (Core: GetHelpMessage). */
export function helpText(version: string, all: boolean): string {
  const groups = Object.entries(optionsByGroup)
    .map(([title, list]) => [title, list.filter(({ isDebugOnly }) => all || !isDebugOnly)] as const)
    .filter(([, list]) => list.length > 0)
    .map(([title, list]) => `${title}:\n\n${list.map(entry).join('\n\n')}\n`);
  return [`Pier daemon version v${version}\n`, 'Usage:  pierd [options]\n', ...groups].join('\n');
}

function entry({ name, value = '', help, support }: Option): string {
  const note =
    support === 'used'
      ? ''
      : 'ignored' in support
        ? ` (ignored: ${support.ignored})`
        : ` (not supported: ${support.refused})`;
  return `  -${name}${value}\n${wrap(`${help}${note}`)}`;
}

function wrap(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last !== '' && INDENT.length + last.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.map((line) => INDENT + line).join('\n');
}
