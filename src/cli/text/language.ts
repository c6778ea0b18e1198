import { UsageError } from '../../node/composition/usage-error.ts';

/** Languages of the command, by their codes. */
export const languages = ['en', 'zh'] as const;

/** A language of the command. */
export type Language = (typeof languages)[number];

/** The option that chooses a language, as the help has it. */
export const LANG_FLAGS = '--lang <language>';

/** Commands that pass the words after their first argument on as they are. */
const PASSING: readonly string[] = ['rpc'];

/** The words of a call without the option that chooses a language. */
export interface LanguageChoice {
  readonly words: readonly string[];
  /** Undefined if no option chooses one. */
  readonly language: Language | undefined;
  /** What is wrong with the option; it is among `words` then. */
  readonly fault: UsageError | undefined;
}

/** Says which options of a command take the next word as their value. */
export type TakesValue = (command: string | undefined, option: string) => boolean;

/**
 * Takes `--lang LANGUAGE` out of the words of a call, before and after the command; of several, the last one holds. Values
 * of other options, what follows `--`, and arguments of `pier rpc METHOD` stay.
 */
export function takeLanguage(words: readonly string[], takesValue: TakesValue): LanguageChoice {
  const rest: string[] = [];
  let language: Language | undefined;
  let fault: UsageError | undefined;
  let command: string | undefined;
  let at = 0;
  while (at < words.length) {
    const word = words[at++]!;
    const isOption = word === '--lang' || word.startsWith('--lang=');
    if (word === '--' || (command !== undefined && PASSING.includes(command) && !word.startsWith('-'))) {
      rest.push(word, ...words.slice(at));
      break;
    }
    if (isOption) {
      const value = word === '--lang' ? words[at++] : word.slice('--lang='.length);
      if (isLanguage(value)) language = value;
      else fault = languageFault(value);
      continue;
    }
    rest.push(word);
    if (word.startsWith('-')) {
      if (at < words.length && takesValue(command, word)) rest.push(words[at++]!);
    } else {
      command ??= word;
    }
  }
  return { words: rest, language, fault };
}

/** Returns the language of messages by the environment, as other programs choose it: by the first variable that is set. */
export function environmentLanguage({ LC_ALL, LC_MESSAGES, LANG }: NodeJS.ProcessEnv): Language {
  return /^zh(?:[_.@-]|$)/i.test(LC_ALL || LC_MESSAGES || LANG || '') ? 'zh' : 'en';
}

function isLanguage(value: string | undefined): value is Language {
  return (languages as readonly (string | undefined)[]).includes(value);
}

/** Returns the error for a value that is no language, in the words of Commander. */
function languageFault(value: string | undefined): UsageError {
  const message =
    value === undefined
      ? `option '${LANG_FLAGS}' argument missing`
      : `option '${LANG_FLAGS}' argument '${value}' is invalid. Allowed choices are ${languages.join(', ')}.`;
  return new UsageError('usage', message, { hint: "'pier help' lists the commands." });
}
