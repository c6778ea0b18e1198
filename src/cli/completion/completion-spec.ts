import { type Argument, type Command, Help, type Option } from 'commander';
import { knownNetworks } from '../../node/networks.ts';
import { globalOptions } from '../help.ts';
import { languages } from '../text/language.ts';
import { say } from '../text/texts.ts';

/** Names that a shell asks for when it completes a word: `pier completion SHELL --names KIND` prints them. */
export const nameKinds = ['networks', 'nodes', 'snapshots'] as const;

/** A kind of names. */
export type NameKind = (typeof nameKinds)[number];

/** What can stand at one place of a command line: fixed words, and what a kind says. */
export interface Candidates {
  readonly words: readonly string[];
  /** `node-list`: names of nodes, separated by commas. */
  readonly kind?: NameKind | 'node-list' | 'files' | 'folders';
}

/** An option, as far as completion needs it. */
export interface OptionSpec {
  /** Such as `--by`. */
  readonly flag: string;
  readonly description: string;
  /** Undefined for an option without a value. */
  readonly value: Candidates | undefined;
  readonly isRepeatable: boolean;
}

/** An argument, as far as completion needs it. */
export interface OperandSpec extends Candidates {
  readonly name: string;
  readonly isVariadic: boolean;
}

/** A command, as far as completion needs it. */
export interface CommandSpec {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionSpec[];
  readonly operands: readonly OperandSpec[];
}

/** What a placeholder of the help stands for. */
const placeholders: Readonly<Record<string, () => Candidates>> = {
  file: () => ({ words: [], kind: 'files' }),
  folder: () => ({ words: [], kind: 'folders' }),
  language: () => ({ words: languages }),
  'name|file': () => ({ words: knownNetworks(), kind: 'files' }),
  network: () => ({ words: [], kind: 'networks' }),
  node: () => ({ words: [], kind: 'nodes' }),
  other: () => ({ words: [], kind: 'nodes' }),
  groups: () => ({ words: [], kind: 'node-list' }),
  snapshot: () => ({ words: [], kind: 'snapshots' }),
};

function candidates(placeholder: string, choices: readonly string[] | undefined): Candidates {
  if (choices) return { words: choices };
  return Object.hasOwn(placeholders, placeholder) ? placeholders[placeholder]!() : { words: [] };
}

/** What can follow `pier`. */
export interface CompletionSpec {
  /** Options in the place of a command. */
  readonly options: readonly OptionSpec[];
  readonly commands: readonly CommandSpec[];
}

/** Returns what can follow a program's name. */
export function completionSpec(program: Command): CompletionSpec {
  const help = new Help();
  const optionsOf = (command: Command) => help.visibleOptions(command).map(optionSpec);
  const commands = program.commands.map((command) => ({
    name: command.name(),
    description: say(command.description()),
    options: [...optionsOf(command), ...globalOptions(program).map(optionSpec)],
    operands: command.registeredArguments.map(operandSpec),
  }));
  const named = { name: 'command', words: commands.map(({ name }) => name), isVariadic: false };
  const describe = {
    ...{ name: 'help', description: say('describe a command'), operands: [named] },
    options: globalOptions(program).map(optionSpec),
  };
  return { options: optionsOf(program), commands: [...commands, describe] };
}

function optionSpec({ long, flags, description, required, argChoices, parseArg }: Option): OptionSpec {
  const [, placeholder = ''] = /<(.*)>$/.exec(flags) ?? [];
  return {
    ...{
      flag: long!,
      description: say(description),
      value: required ? candidates(placeholder, argChoices) : undefined,
    },
    isRepeatable: parseArg !== undefined && !argChoices,
  };
}

function operandSpec(argument: Argument): OperandSpec {
  const { argChoices, variadic } = argument;
  return { name: argument.name(), isVariadic: variadic, ...candidates(argument.name(), argChoices) };
}
