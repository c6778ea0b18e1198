import { type Command, CommanderError } from 'commander';
import { UsageError } from '../node/composition/usage-error.ts';
import { completeCommands } from './command-text.ts';
import { withOptionHint } from './core-options.ts';
import { nearestWords } from './nearest-words.ts';
import { reportError } from './output.ts';
import { createProgram } from './program.ts';
import { StdoutError } from './stdout.ts';
import { environmentLanguage, type Language, takeLanguage } from './text/language.ts';
import { useTexts } from './text/texts.ts';

/**
 * Runs `pier` with the words that follow its name, and reports its errors to stderr: as JSON if `--json` is among the
 * words. Returns the exit code: 0, 1 (failed) or 2 (wrong usage); undefined if the command has set it itself.
 */
export async function runCommand(given: readonly string[], version: string): Promise<number | undefined> {
  const program = createProgram(version);
  const { words, language, fault } = takeLanguage(given, (command, option) => takesValue(program, command, option));
  await speak(language ?? environmentLanguage(process.env));
  const complete = (text: string) => {
    const call = program.commands.find((command) => command.name() === words[0]);
    return call ? completeCommands(text, call) : text;
  };
  const isCommand = (word: string | undefined) => program.commands.some((command) => command.name() === word);
  try {
    if (fault) throw fault;
    // Commander prints the help of the program instead.
    if (words[0] === 'help' && words[1] !== undefined && !isCommand(words[1]))
      program.error(`error: unknown command '${words[1]}'`);
    await program.parseAsync([...words], { from: 'user' });
    return undefined;
  } catch (error) {
    // Reported where it occurs: see `stdoutFailed`.
    if (error instanceof StdoutError) return undefined;
    if (!(error instanceof CommanderError)) return reportError(withOptionHint(error), wantsJson(words), complete);
    // Commander throws for --help and --version too, and has printed the help of a call without a command.
    if (error.exitCode === 0) return 0;
    if (error.code === 'commander.help') return 2;
    return reportError(usageError(error, isCommand(words[0]) ? words[0] : undefined), wantsJson(words), complete);
  }
}

/** Says everything in a language from now on. Its tables are loaded only then. */
async function speak(language: Language): Promise<void> {
  useTexts(language === 'en' ? undefined : (await import('./text/zh/index.ts')).zh);
}

/** Returns whether the next word is the value of an option of a command, as Commander reads it. */
function takesValue(program: Command, command: string | undefined, option: string): boolean {
  const { options } = program.commands.find((each) => each.name() === command) ?? program;
  return options.some(({ long, short, required }) => required && (long === option || short === option));
}

/** Returns whether errors are to be printed as JSON. It holds for words that cannot be parsed too. */
export function wantsJson(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return words.slice(0, end < 0 ? words.length : end).includes('--json');
}

/** Returns Commander's error as one of Pier; `command` is the subcommand that was called. */
function usageError({ message }: CommanderError, command: string | undefined): UsageError {
  const [, fault = message, similar] = /^error: (.*?)\s*(?:\((Did you mean .*)\))?$/s.exec(message) ?? [];
  const suggestion = similar ?? choiceFor(fault);
  const help =
    command === undefined
      ? "'pier help' lists the commands."
      : `'pier help ${command}' lists its arguments and options.`;
  return new UsageError('usage', fault, { hint: suggestion === undefined ? help : `${suggestion} ${help}` });
}

/** Returns a question with the choices that may be meant by a word that is none; undefined if there are none. */
function choiceFor(fault: string): string | undefined {
  const [, word, choices] = /'([^']*)' is invalid.*\. Allowed choices are (.*)\.$/.exec(fault) ?? [];
  const similar = word === undefined ? [] : nearestWords(word, choices!.split(', '));
  return similar.length === 0 ? undefined : `Did you mean ${similar.join(', ')}?`;
}
