/** A template, compiled. */
interface Compiled {
  readonly english: string;
  readonly pattern: RegExp;
  /** The translation: texts, and values by their groups in the pattern. */
  readonly parts: readonly (string | { readonly group: number; readonly kind: Kind })[];
}

/** How a value is translated: as it is, if possible, or necessarily. */
type Kind = '' | '?' | '!';

/** Nested translations at most: a value is a part of its text, so that there are few. */
const MAX_DEPTH = 8;

const PLACEHOLDER = /\{\d\}/;
/** A value in a translation, with its kind. */
const VALUE = /\{(\d)([?!#]?)\}/;
/** An argument, member or place such as `nodes[2].role` and `file.yaml:3` with a colon, or an option; and the rest. */
const NAMED = /^(?:([^\s:]+(?::\d+)?)(: )|(--[a-z-]+|NODE_ID|\s+)( ?))(\S.*)$/;

/**
 * Translates texts by templates: pairs of an English text with `{0}`, `{1}` and so on for its values, and its translation.
 * In a translation, `{0}` is the value as it is, `{0?}` the value translated in turn if that is possible, such as the reason
 * of a failure, and `{0!}` a value that must be translated, `{0#}` one that must be a number: other texts do not match.
 */
export class Templates {
  readonly #table: Readonly<Record<string, string>>;
  #compiled: readonly Compiled[] | undefined;

  constructor(table: Readonly<Record<string, string>>) {
    this.#table = table;
  }

  /** Returns a text translated: as a whole, or in parts. What no template matches stays as it is. */
  translate(text: string): string {
    return this.#translate(text, 0) ?? text;
  }

  #translate(text: string, depth: number): string | undefined {
    if (depth > MAX_DEPTH) return undefined;
    return (
      this.#lines(text, depth) ??
      // Of an option that has a text of its own, the name is a part of it.
      (text.startsWith('--') ? this.#whole(text, depth, (english) => english.startsWith('--')) : undefined) ??
      this.#named(text, depth) ??
      this.#whole(text, depth) ??
      this.#sentences(text, depth)
    );
  }

  /** Translates a text of several lines that no template has as a whole. */
  #lines(text: string, depth: number): string | undefined {
    if (!text.includes('\n')) return undefined;
    const whole = this.#whole(text, depth);
    if (whole !== undefined) return whole;
    const lines = text.split('\n').map((line) => ({ line, translated: this.#translate(line, depth + 1) }));
    if (lines.every(({ translated }) => translated === undefined)) return text;
    return lines.map(({ line, translated }) => translated ?? line).join('\n');
  }

  /** Translates what follows the name of an argument, a member, a place in a file or an option. */
  #named(text: string, depth: number): string | undefined {
    const [, place, colon, option, space, rest] = NAMED.exec(text) ?? [];
    const translated = rest === undefined ? undefined : this.#translate(rest, depth + 1);
    return translated === undefined
      ? undefined
      : `${colon === undefined ? `${option}${space}` : `${place}：`}${translated}`;
  }

  #whole(text: string, depth: number, isMeant = (_english: string) => true): string | undefined {
    if (Object.hasOwn(this.#table, text) && !PLACEHOLDER.test(text)) return this.#table[text];
    for (const { english, pattern, parts } of this.#templates()) {
      const match = isMeant(english) ? pattern.exec(text) : null;
      const translated = match && this.#fill(parts, match, depth);
      if (translated !== null && translated !== undefined) return translated;
    }
    return undefined;
  }

  #fill(parts: Compiled['parts'], match: RegExpExecArray, depth: number): string | undefined {
    let text = '';
    for (const part of parts) {
      if (typeof part === 'string') {
        text += part;
        continue;
      }
      const value = match[part.group]!;
      const translated = part.kind === '' ? value : this.#translate(value, depth + 1);
      if (translated === undefined && part.kind === '!') return undefined;
      text += translated ?? value;
    }
    return text;
  }

  /** Translates sentences one by one. */
  #sentences(text: string, depth: number): string | undefined {
    for (const { index } of text.matchAll(/\. (?=\S)/g)) {
      const [first, second] = [text.slice(0, index), text.slice(index + 2)];
      const translated = this.#whole(first, depth) ?? this.#whole(`${first}.`, depth);
      if (translated === undefined) continue;
      return `${translated.replace(/。$/, '')}。${this.#translate(second, depth + 1) ?? second}`;
    }
    return undefined;
  }

  /** The templates with values, those with the most letters of their own first: of two that match, it says more. */
  #templates(): readonly Compiled[] {
    this.#compiled ??= Object.entries(this.#table)
      .filter(([english]) => PLACEHOLDER.test(english))
      .map(([english, text]) => ({ letters: english.replaceAll(/\{\d\}/g, '').length, ...compile(english, text) }))
      .sort((a, b) => b.letters - a.letters);
    return this.#compiled;
  }
}

function compile(english: string, text: string): Compiled {
  const order = [...english.matchAll(/\{(\d)\}/g)].map(([, index]) => Number(index));
  const numbers = [...text.matchAll(/\{(\d)#\}/g)].map(([, index]) => Number(index));
  const literals = english.split(PLACEHOLDER);
  const pattern = literals.slice(1).reduce((all, literal, i) => {
    // Values are of one line, except what follows a colon or a line.
    const any = /[:\n]$/.test(literals[i]!) ? '([^]*?)' : '(.*?)';
    const value = numbers.includes(order[i]!) ? '(-?[\\d.]+)' : any;
    return all + value + escaped(literal);
  }, escaped(literals[0]!));
  const parts = text.split(/(\{\d[?!#]?\})/).map((part) => {
    const [, index, kind] = VALUE.exec(part) ?? [];
    return index === undefined
      ? part
      : { group: order.indexOf(Number(index)) + 1, kind: (kind === '#' ? '' : kind) as Kind };
  });
  return { english, pattern: new RegExp(`^${pattern}$`), parts };
}

function escaped(literal: string): string {
  return literal.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
