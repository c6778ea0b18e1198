/** A template, compiled. */
interface Compiled {
  readonly pattern: RegExp;
  /** Indexes of the values, in the order in which the template has them. */
  readonly order: readonly number[];
  readonly text: string;
}

/** Nested translations at most: a value is a part of its text, so that there are few. */
const MAX_DEPTH = 8;

/**
 * Translates texts by templates: pairs of an English text with `{0}`, `{1}` and so on for its values, and its translation.
 * In a translation, `{0}` is the value as it is, and `{0!}` the value translated in turn, such as the reason of a failure.
 */
export class Templates {
  readonly #table: Readonly<Record<string, string>>;
  #compiled: readonly Compiled[] | undefined;

  constructor(table: Readonly<Record<string, string>>) {
    this.#table = table;
  }

  /** Returns a text translated: as a whole, or line by line. What no template matches stays as it is. */
  translate(text: string): string {
    return (
      this.#whole(text, 0) ??
      text
        .split('\n')
        .map((line) => this.#whole(line, 0) ?? line)
        .join('\n')
    );
  }

  #whole(text: string, depth: number): string | undefined {
    if (text === '') return text;
    if (Object.hasOwn(this.#table, text) && !text.includes('{')) return this.#table[text];
    for (const { pattern, order, text: translation } of this.#templates()) {
      const match = pattern.exec(text);
      if (!match) continue;
      return translation.replaceAll(/\{(\d)(!?)\}/g, (_, index: string, isNested: string) => {
        const value = match[order.indexOf(Number(index)) + 1]!;
        if (isNested === '' || depth >= MAX_DEPTH) return value;
        return this.#whole(value, depth + 1) ?? value;
      });
    }
    return undefined;
  }

  /** The templates with values, those with the most letters of their own first: of two that match, it says more. */
  #templates(): readonly Compiled[] {
    this.#compiled ??= Object.entries(this.#table)
      .filter(([english]) => /\{\d\}/.test(english))
      .map(([english, text]) => ({ letters: english.replaceAll(/\{\d\}/g, '').length, ...compile(english, text) }))
      .sort((a, b) => b.letters - a.letters);
    return this.#compiled;
  }
}

function compile(english: string, text: string): Compiled {
  const order = [...english.matchAll(/\{(\d)\}/g)].map(([, index]) => Number(index));
  const parts = english.split(/\{\d\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return { pattern: new RegExp(`^${parts.join('(.*?)')}$`, 's'), order, text };
}
