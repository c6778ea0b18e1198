import type { Command } from 'commander';
import type { Language } from '../../src/cli/text/language.ts';
import { type TextTable, useTexts } from '../../src/cli/text/texts.ts';
import { zh } from '../../src/cli/text/zh/index.ts';

/** Returns the help of a program and of its commands, with their names, as a terminal of so many columns shows it. */
export function printedHelp(
  program: Command,
  language: Language,
  columns: number,
  own: TextTable = zh.own,
): (readonly [name: string, text: string])[] {
  let text = '';
  const writeOut = (part: string) => {
    text += part;
  };
  useTexts(language === 'en' ? undefined : { own, foreign: {} });
  try {
    return [program, ...program.commands].map((command) => {
      text = '';
      command.configureOutput({ writeOut, getOutHelpWidth: () => columns }).outputHelp();
      return [command.name(), text] as const;
    });
  } finally {
    useTexts();
  }
}
