import { JsonNumber, setMembers } from './json.ts';
import type { Step } from './step.ts';

/** Values that are parsed without a pause: well under a millisecond. */
const VALUES_PER_STEP = 2_048;
/** Characters after which a step ends. */
const CHARS_PER_STEP = 65_536;
/** Containers inside each other (UniValue: MAX_JSON_DEPTH). */
const MAX_DEPTH = 512;
/** Characters of a number. Core has no limit; converting digits takes quadratic time. */
const MAX_NUMBER_LENGTH = 1_024;

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
/** The names that an object of JavaScript puts before all others. */
const ARRAY_INDEX = /^(?:0|[1-9]\d{0,9})$/;
/** An escape of half a character outside Unicode's basic plane. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;
/** Escapes, and control characters, which JSON forbids in strings. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is searched for.
const NOT_VERBATIM = /[\\\u0000-\u001f]/;
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Characters from which a string is a slice of the text rather than a copy, which would keep the text in memory. */
const MIN_SLICE = 1_024;

/**
 * Parses JSON in steps, losing nothing that a method may have to refuse (UniValue: read). A number that a double would
 * print differently becomes a `JsonNumber`. If an object has a name twice the first value counts; `members` returns
 * both. Half a surrogate pair is refused. Rejects with `SyntaxError`.
 */
export async function parseJson(text: string, step: Step): Promise<unknown> {
  const parser = new JsonParser(text);
  while (parser.advance()) {
    const pause = step();
    if (pause) await pause;
  }
  return parser.value;
}

/** Parses JSON as `parseJson` does, without a pause. Throws `SyntaxError`. */
export function parseJsonNow(text: string): unknown {
  const parser = new JsonParser(text);
  while (parser.advance());
  return parser.value;
}

/** A container whose end has not been read. */
type Container = ArrayBuilder | ObjectBuilder;

class ArrayBuilder {
  readonly value: unknown[] = [];
  readonly end = ']';

  add(value: unknown): void {
    this.value.push(value);
  }
}

class ObjectBuilder {
  readonly value: Record<string, unknown> = {};
  readonly end = '}';
  /** Name of the next member. */
  name = '';
  /** All members in their order, from the first on that `value` cannot hold in its place. */
  #members: [name: string, value: unknown][] | undefined;

  add(value: unknown): void {
    const { name } = this;
    const isRepeated = Object.hasOwn(this.value, name);
    if (!this.#members && (isRepeated || ARRAY_INDEX.test(name))) {
      this.#members = Object.entries(this.value);
      setMembers(this.value, this.#members);
    }
    this.#members?.push([name, value]);
    if (isRepeated) return;
    if (name === '__proto__') {
      Object.defineProperty(this.value, name, { value, writable: true, enumerable: true, configurable: true });
    } else {
      this.value[name] = value;
    }
  }
}

class JsonParser {
  /** The parsed value, once `advance` has returned false. */
  value: unknown;
  readonly #text: string;
  readonly #open: Container[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Parses some values. Returns false when the text has been parsed. Throws `SyntaxError`. */
  advance(): boolean {
    const end = this.#at + CHARS_PER_STEP;
    for (let i = 0; i < VALUES_PER_STEP && this.#at < end; i++) {
      if (this.#readValue()) {
        if (this.#at < this.#text.length) throw this.#error();
        return false;
      }
    }
    return true;
  }

  /** Reads a scalar or opens a container. Returns whether the text's outermost value is complete. */
  #readValue(): boolean {
    this.#match(SPACE);
    const first = this.#text[this.#at];
    if (first === '[' || first === '{')
      return this.#openContainer(first === '[' ? new ArrayBuilder() : new ObjectBuilder());
    return this.#finish(first === '"' ? this.#readString() : this.#readWord());
  }

  #openContainer(container: Container): boolean {
    if (this.#open.length >= MAX_DEPTH) throw new SyntaxError(`more than ${MAX_DEPTH} nested JSON values`);
    this.#at++;
    this.#match(SPACE);
    if (this.#text[this.#at] === container.end) {
      this.#at++;
      return this.#finish(container.value);
    }
    this.#open.push(container);
    if (container instanceof ObjectBuilder) this.#readName(container);
    return false;
  }

  /** Adds a complete value to its container, and closes the containers that end after it. */
  #finish(complete: unknown): boolean {
    let value = complete;
    for (;;) {
      this.#match(SPACE);
      const container = this.#open.at(-1);
      if (!container) {
        this.value = value;
        return true;
      }
      container.add(value);
      const next = this.#text[this.#at];
      if (next !== ',' && next !== container.end) throw this.#error();
      this.#at++;
      if (next === ',') {
        if (container instanceof ObjectBuilder) this.#readName(container);
        return false;
      }
      this.#open.pop();
      value = container.value;
    }
  }

  #readName(container: ObjectBuilder): void {
    this.#match(SPACE);
    if (this.#text[this.#at] !== '"') throw this.#error();
    container.name = this.#readString();
    this.#match(SPACE);
    if (this.#text[this.#at] !== ':') throw this.#error();
    this.#at++;
  }

  #readString(): string {
    const start = this.#at;
    const end = endOfString(this.#text, start);
    this.#at = end + 1;
    const content = this.#text.slice(start + 1, end);
    const isVerbatim = content.length >= MIN_SLICE && !NOT_VERBATIM.test(content);
    if (isVerbatim) return content;
    const value = JSON.parse(this.#text.slice(start, end + 1)) as string;
    if (SURROGATE_ESCAPE.test(content) && LONE_SURROGATE.test(value)) throw this.#error();
    return value;
  }

  #readWord(): unknown {
    const word = this.#match(WORD);
    if (word !== '') return word === 'null' ? null : word === 'true';
    const number = this.#match(NUMBER);
    if (number === '' || number.length > MAX_NUMBER_LENGTH) throw this.#error();
    const value = Number(number);
    return String(value) === number ? value : new JsonNumber(number);
  }

  /** Skips and returns what `pattern`, a sticky one, matches here; '' if nothing does. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #error(): SyntaxError {
    return new SyntaxError(`malformed JSON at character ${this.#at}`);
  }
}

/** Returns the offset of the quote that ends the string at `start`. Throws `SyntaxError` if there is none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    at = text.indexOf('"', at);
    if (at < 0) throw new SyntaxError('JSON ends inside a string');
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === 92) slashes++;
    if (slashes % 2 === 0) return at;
  }
}
