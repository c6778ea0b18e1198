import type { Argument, Command, Option } from 'commander';
import { environment, examples, exitCodes, globalOptions } from '../../src/cli/help.ts';
import type { Language } from '../../src/cli/text/language.ts';
import { say, useTexts } from '../../src/cli/text/texts.ts';
import { zh } from '../../src/cli/text/zh/index.ts';

/** What the reference says besides the definitions. */
interface Words {
  readonly title: string;
  readonly intro: string;
  readonly environment: string;
  readonly exitCodes: string;
  readonly common: string;
  readonly errors: string;
  readonly headings: Readonly<Record<'variable' | 'meaning' | 'code' | 'argument' | 'option', string>>;
  readonly required: string;
  readonly colon: string;
  readonly oneOf: (choices: readonly string[]) => string;
  readonly byDefault: (value: unknown) => string;
  /** Adds notes to a description. */
  readonly noted: (description: string, notes: readonly string[]) => string;
  /** Makes a sentence of a description. */
  readonly sentence: (text: string) => string;
}

const words: Readonly<Record<Language, Words>> = {
  en: {
    title: 'Command reference',
    intro:
      'What `pier help` and `pier help COMMAND` print, generated from the definitions by `npm run docs:cli`. [Commands](commands.md) describes what the commands do.',
    environment: 'Environment',
    exitCodes: 'Exit codes',
    common: 'Options of all commands',
    errors: 'With `--json`, an error is one line on stderr: `{"error":{"code":…,"message":…,"hint":…}}`.',
    headings: { variable: 'variable', meaning: 'meaning', code: 'code', argument: 'argument', option: 'option' },
    required: 'required',
    colon: ': ',
    oneOf: (choices) => `one of ${choices.join(', ')}`,
    byDefault: (value) => `default: ${value}`,
    noted: (description, notes) => `${description} (${notes.join('; ')})`,
    sentence: (text) => `${text[0]!.toUpperCase()}${text.slice(1)}.`,
  },
  zh: {
    title: '命令参考',
    intro:
      '`pier help` 和 `pier help COMMAND` 输出的内容，由 `npm run docs:cli` 根据定义生成。各命令的作用见[命令](commands.md)。',
    environment: '环境变量',
    exitCodes: '退出码',
    common: '所有命令的选项',
    errors: '加上 `--json` 后，错误是标准错误上的一行，内容为英文：`{"error":{"code":…,"message":…,"hint":…}}`。',
    headings: { variable: '变量', meaning: '含义', code: '退出码', argument: '参数', option: '选项' },
    required: '必填',
    colon: '：',
    oneOf: (choices) => `可选 ${choices.join('、')}`,
    byDefault: (value) => `默认 ${value}`,
    noted: (description, notes) => `${description}（${notes.join('；')}）`,
    sentence: (text) => `${text}。`,
  },
};

/**
 * Returns the reference of the command line (docs/cli.md, docs/zh/cli.md), generated from the definitions that `pier help`
 * prints.
 */
export function cliReference(program: Command, language: Language): string {
  useTexts(language === 'en' ? undefined : zh);
  try {
    return reference(program, words[language]);
  } finally {
    useTexts();
  }
}

function reference(program: Command, text: Words): string {
  const { headings, colon } = text;
  return [
    `# ${text.title}`,
    text.intro,
    ['```sh', 'pier COMMAND [options] [arguments]', '```'].join('\n'),
    list(
      program.commands.map((command) => [`[\`${command.name()}\`](#${command.name()})`, say(command.description())]),
      colon,
    ),
    `## ${text.common}`,
    optionTable(globalOptions(program), text),
    `## ${text.environment}`,
    table(
      [headings.variable, headings.meaning],
      environment.map(([name, meaning]) => [`\`${name}\``, say(meaning)]),
    ),
    `## ${text.exitCodes}`,
    table(
      [headings.code, headings.meaning],
      exitCodes.map(([code, meaning]) => [code, say(meaning)]),
    ),
    text.errors,
    ...program.commands.flatMap((command) => section(command, text)),
  ]
    .join('\n\n')
    .concat('\n');
}

function section(command: Command, text: Words): string[] {
  const name = command.name();
  const synopsis = command.registeredArguments.map(usage).join(' ');
  const described = command.registeredArguments.filter(({ description }) => description !== '');
  const options = command.options.filter(({ hidden }) => !hidden);
  return [
    `## ${name}`,
    ['```sh', `pier ${name} [options]${synopsis === '' ? '' : ` ${synopsis}`}`, '```'].join('\n'),
    text.sentence(say(command.description())),
    ...(described.length === 0
      ? []
      : [
          table(
            [text.headings.argument, text.headings.meaning],
            described.map((each) => [`\`${usage(each)}\``, argumentMeaning(each, text)]),
          ),
        ]),
    ...(options.length === 0 ? [] : [optionTable(options, text)]),
    ['```sh', ...(examples[name] ?? []), '```'].join('\n'),
  ];
}

function optionTable(options: readonly Option[], text: Words): string {
  return table(
    [text.headings.option, text.headings.meaning],
    options.map((option) => [`\`${option.flags}\``, optionMeaning(option, text)]),
  );
}

/** Returns an argument as in the synopsis of Commander. */
function usage(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function argumentMeaning({ description, argChoices }: Argument, { oneOf, noted }: Words): string {
  return argChoices ? noted(say(description), [oneOf(argChoices)]) : say(description);
}

function optionMeaning(option: Option, { required, oneOf, byDefault, noted }: Words): string {
  const { description, argChoices, defaultValue, mandatory } = option;
  const notes = [
    ...(mandatory ? [required] : []),
    ...(argChoices ? [oneOf(argChoices)] : []),
    // Of --no-x, the default is that x holds.
    ...(defaultValue === undefined || typeof defaultValue === 'boolean' ? [] : [byDefault(defaultValue)]),
  ];
  return escaped(notes.length === 0 ? say(description) : noted(say(description), notes));
}

/** Keeps a placeholder such as `<network>` from being read as HTML. */
function escaped(text: string): string {
  return text.replaceAll('<', '\\<');
}

function list(rows: readonly (readonly string[])[], colon: string): string {
  return rows.map(([term, text]) => `- ${term}${colon}${text}`).join('\n');
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line)].join('\n');
}
