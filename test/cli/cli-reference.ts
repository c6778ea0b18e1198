import type { Argument, Command, Option } from 'commander';
import { environment, examples, exitCodes } from '../../src/cli/help.ts';

/** Returns the reference of the command line (docs/cli.md), generated from the definitions that `pier help` prints. */
export function cliReference(program: Command): string {
  return [
    '# Command reference',
    `What \`pier help\` and \`pier help COMMAND\` print, generated from the definitions by \`npm run docs:cli\`. [Commands](commands.md) describes what the commands do.`,
    ['```sh', 'pier COMMAND [options] [arguments]', '```'].join('\n'),
    list(program.commands.map((command) => [`[\`${command.name()}\`](#${command.name()})`, command.description()])),
    '## Environment',
    table(
      ['variable', 'meaning'],
      environment.map(([name, meaning]) => [`\`${name}\``, meaning]),
    ),
    '## Exit codes',
    table(['code', 'meaning'], exitCodes),
    'With `--json`, an error is one line on stderr: `{"error":{"code":…,"message":…,"hint":…}}`.',
    ...program.commands.flatMap(section),
  ]
    .join('\n\n')
    .concat('\n');
}

function section(command: Command): string[] {
  const name = command.name();
  const text = command.registeredArguments.map(usage).join(' ');
  const described = command.registeredArguments.filter(({ description }) => description !== '');
  const options = command.options.filter(({ hidden }) => !hidden);
  return [
    `## ${name}`,
    ['```sh', `pier ${name} [options]${text === '' ? '' : ` ${text}`}`, '```'].join('\n'),
    `${sentence(command.description())}`,
    ...(described.length === 0
      ? []
      : [
          table(
            ['argument', 'meaning'],
            described.map((each) => [`\`${usage(each)}\``, `${each.description}${oneOf(each)}`]),
          ),
        ]),
    ...(options.length === 0
      ? []
      : [
          table(
            ['option', 'meaning'],
            options.map((option) => [`\`${option.flags}\``, meaning(option)]),
          ),
        ]),
    ['```sh', ...(examples[name] ?? []), '```'].join('\n'),
  ];
}

/** Returns an argument as in the synopsis of Commander. */
function usage(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

/** Returns the fixed choices of an argument. */
function oneOf({ argChoices }: Argument): string {
  return argChoices ? ` (one of ${argChoices.join(', ')})` : '';
}

function meaning({ description, argChoices, defaultValue, mandatory }: Option): string {
  const notes = [
    ...(mandatory ? ['required'] : []),
    ...(argChoices ? [`one of ${argChoices.join(', ')}`] : []),
    // Of --no-x, the default is that x holds.
    ...(defaultValue === undefined || typeof defaultValue === 'boolean' ? [] : [`default: ${defaultValue}`]),
  ];
  return escaped(notes.length === 0 ? description : `${description} (${notes.join('; ')})`);
}

/** Keeps a placeholder such as `<network>` from being read as HTML. */
function escaped(text: string): string {
  return text.replaceAll('<', '\\<');
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

function list(rows: readonly (readonly string[])[]): string {
  return rows.map(([term, text]) => `- ${term}: ${text}`).join('\n');
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line)].join('\n');
}
