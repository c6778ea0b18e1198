import { Templates } from './templates.ts';

/** Texts of a language, by the English ones. `{0}`, `{1}` and so on stand for values. */
export type TextTable = Readonly<Record<string, string>>;

/** What is said in another language than English. */
interface Catalog {
  /** What the command says itself. */
  readonly own: TextTable;
  /** What it prints of other layers: errors, hints, and the steps of the scenario. */
  readonly foreign: Templates;
}

let catalog: Catalog | undefined;

/** Says everything in the language of the tables from now on; without tables, in English. */
export function useTexts(tables?: { readonly own: TextTable; readonly foreign: TextTable }): void {
  catalog = tables && { own: tables.own, foreign: new Templates(tables.foreign) };
}

/** Returns whether texts are in another language than English. */
export function isTranslated(): boolean {
  return catalog !== undefined;
}

/**
 * Returns a text of the command itself in the language of the user. It is written in English where it is used; a test
 * requires its entry in the table of each other language.
 *
 * @example
 * note(t`block ${height} of ${total}`);
 */
export function t(strings: TemplateStringsArray, ...values: readonly unknown[]): string {
  const texts = values.map(String);
  const table = catalog?.own;
  const translated = table && textOf(table, templateOf(strings));
  if (translated === undefined) return strings.reduce((all, part, i) => `${all}${texts[i - 1]}${part}`);
  return translated.replaceAll(/\{(\d)\}/g, (_, index: string) => texts[Number(index)]!);
}

/** Returns a text of the command's own definitions, such as a description in the help, in the language of the user. */
export function say(text: string): string {
  return (catalog && textOf(catalog.own, text)) ?? text;
}

/** Returns what another layer says, such as the message of an error, in the language of the user. */
export function translate(text: string): string {
  return catalog ? catalog.foreign.translate(text) : text;
}

/** Returns the English text of a template, with `{0}`, `{1}` and so on for its values. */
function templateOf(strings: TemplateStringsArray): string {
  return strings.reduce((all, part, i) => `${all}{${i - 1}}${part}`);
}

function textOf(table: TextTable, text: string): string | undefined {
  return Object.hasOwn(table, text) ? table[text] : undefined;
}
