import type { Step } from './step.ts';

/** Characters that are parsed without a pause: well under a millisecond. */
const CHARS_PER_STEP = 32_768;
/** Structural characters that are scanned without a pause. */
const SCANNED_PER_STEP = 8_192;
/** Containers inside each other that are divided. A scan reads all of a container, so each level costs one more. */
const MAX_DIVIDED_DEPTH = 4;

const QUOTE = 34;
const COMMA = 44;
const OPEN_ARRAY = 91;
const BACKSLASH = 92;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/** Parses JSON as `JSON.parse` does, but a long text in steps. Rejects with `SyntaxError`. */
export async function parseJson(text: string, step: Step): Promise<unknown> {
  return text.length <= CHARS_PER_STEP ? JSON.parse(text) : parseSpan(text, 0, text.length, step, 0);
}

/** Parses the value between two offsets. */
async function parseSpan(text: string, from: number, to: number, step: Step, depth: number): Promise<unknown> {
  const start = skipSpace(text, from);
  const opening = text.charCodeAt(start);
  const isArray = opening === OPEN_ARRAY;
  if (to - start <= CHARS_PER_STEP || depth >= MAX_DIVIDED_DEPTH || !(isArray || opening === OPEN_OBJECT)) {
    const pause = step();
    if (pause) await pause;
    return JSON.parse(text.slice(from, to));
  }
  const container = isArray ? new ArrayParser(text, step, depth) : new ObjectParser(text, step, depth);
  let runStart = start + 1;
  let memberStart = start + 1;
  let scanned = 0;
  let nesting = 0;
  for (let i = start + 1; i < to; i++) {
    if (++scanned % SCANNED_PER_STEP === 0) {
      const pause = step();
      if (pause) await pause;
    }
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(text, i);
      continue;
    }
    const closes = code === CLOSE_ARRAY || code === CLOSE_OBJECT;
    if (code === OPEN_ARRAY || code === OPEN_OBJECT) nesting++;
    else if (closes && nesting > 0) nesting--;
    else if (closes || (code === COMMA && nesting === 0)) {
      if (i - memberStart > CHARS_PER_STEP && skipSpace(text, memberStart) < i) {
        // The comma between the run and this member is in neither.
        if (memberStart > runStart) await container.addRun(runStart, memberStart - 1);
        await container.addMember(memberStart, i);
        runStart = i + 1;
      } else if (closes ? i > runStart : i - runStart > CHARS_PER_STEP) {
        await container.addRun(runStart, i, closes && memberStart === runStart);
        runStart = i + 1;
      }
      memberStart = i + 1;
      if (!closes) continue;
      // A comma before the end has been consumed with the member or run before it.
      const hasTrailingComma = text.charCodeAt(lastNonSpace(text, i - 1)) === COMMA;
      const isEnd = skipSpace(text, i + 1) >= to;
      if (code !== (isArray ? CLOSE_ARRAY : CLOSE_OBJECT) || hasTrailingComma || !isEnd) break;
      return container.value;
    }
  }
  throw new SyntaxError('malformed JSON');
}

/** Parses the items of an array. */
class ArrayParser {
  readonly value: unknown[] = [];
  readonly #text: string;
  readonly #step: Step;
  readonly #depth: number;

  constructor(text: string, step: Step, depth: number) {
    this.#text = text;
    this.#step = step;
    this.#depth = depth;
  }

  /** Adds consecutive items. `mayBeEmpty`: there may be none. */
  async addRun(from: number, to: number, mayBeEmpty = false): Promise<void> {
    const items = JSON.parse(`[${this.#text.slice(from, to)}]`) as unknown[];
    if (items.length === 0 && !mayBeEmpty) throw new SyntaxError('missing array item');
    for (const item of items) this.value.push(item);
    const pause = this.#step();
    if (pause) await pause;
  }

  /** Adds a long item. */
  async addMember(from: number, to: number): Promise<void> {
    this.value.push(await parseSpan(this.#text, from, to, this.#step, this.#depth + 1));
  }
}

/** Parses the members of an object. */
class ObjectParser {
  readonly value: Record<string, unknown> = {};
  readonly #text: string;
  readonly #step: Step;
  readonly #depth: number;

  constructor(text: string, step: Step, depth: number) {
    this.#text = text;
    this.#step = step;
    this.#depth = depth;
  }

  /** Adds consecutive members. `mayBeEmpty`: there may be none. */
  async addRun(from: number, to: number, mayBeEmpty = false): Promise<void> {
    const entries = Object.entries(JSON.parse(`{${this.#text.slice(from, to)}}`) as object);
    if (entries.length === 0 && !mayBeEmpty) throw new SyntaxError('missing object member');
    for (const [key, value] of entries) this.#set(key, value);
    const pause = this.#step();
    if (pause) await pause;
  }

  /** Adds a member with a long value. */
  async addMember(from: number, to: number): Promise<void> {
    const start = skipSpace(this.#text, from);
    const end = this.#text.charCodeAt(start) === QUOTE ? endOfString(this.#text, start) + 1 : to;
    const colon = skipSpace(this.#text, end);
    if (colon >= to || this.#text[colon] !== ':') throw new SyntaxError('malformed object member');
    const key = JSON.parse(this.#text.slice(start, end)) as string;
    this.#set(key, await parseSpan(this.#text, colon + 1, to, this.#step, this.#depth + 1));
  }

  /** Defines an own property, also if the key is `__proto__`, as `JSON.parse` does. */
  #set(key: string, value: unknown): void {
    Object.defineProperty(this.value, key, { value, writable: true, enumerable: true, configurable: true });
  }
}

/** Returns the offset of the quote that ends the string at `start`; past the text if there is none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    at = text.indexOf('"', at);
    if (at < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
  }
}

function isSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  return at;
}

function lastNonSpace(text: string, from: number): number {
  let at = from;
  while (at >= 0 && isSpace(text.charCodeAt(at))) at--;
  return at;
}
