import { en, type Texts } from './en.ts';
import { zh } from './zh.ts';

export type { Texts } from './en.ts';

/** Languages of the page, by their codes. */
export const languages = {
  en: { name: 'English', texts: en },
  zh: { name: '中文', texts: zh },
} as const satisfies Record<string, { readonly name: string; readonly texts: Texts }>;

/** A language of the page. */
export type Language = keyof typeof languages;

/** Returns the first language of a list that the page has; English if there is none. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const each of wanted) {
    const code = each.toLowerCase().split(/[-_]/)[0]!;
    if (code in languages) return code as Language;
  }
  return 'en';
}

/** Fills `{0}`, `{1}` and so on in a text. */
export function fill(text: string, ...values: readonly (string | number)[]): string {
  return text.replace(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)] ?? ''));
}
