import {
  hasOtherMembers,
  type Json,
  JsonList,
  JsonMembers,
  JsonNumber,
  type JsonObject,
  JsonText,
  members,
} from './json.ts';

/** Significant digits of a double in Core's JSON (UniValue: setprecision). */
const CORE_PRECISION = 16;

/** Text that needs no escapes in JSON. */
const PLAIN_TEXT = /^[ !#-[\]-~]*$/;

/** Members of arrays and objects that one call of `advance` encodes at most. */
const MEMBERS_PER_ADVANCE = 32;

/** A container that is open: what of it is not encoded yet. Returns false once it has been closed. */
type OpenContainer = { encodeNext(encoder: JsonEncoder): boolean; readonly isComputed: boolean };

/** Encodes a value as JSON text, doubles with as many digits as in Core. Throws `TypeError` for NaN and infinities. */
export function encodeJson(value: Json): string {
  const encoder = new JsonEncoder(value);
  while (encoder.advance());
  return encoder.take();
}

/** Encodes a value as JSON text in steps, so that the caller can send and forget what is encoded. */
export class JsonEncoder {
  readonly #open: OpenContainer[] = [];
  #text = '';

  constructor(value: Json) {
    this.encode(value);
  }

  /** Number of characters that `take` would return. */
  get pending(): number {
    return this.#text.length;
  }

  /** Encodes some members, or one if members are computed. Returns false when everything is encoded. */
  advance(): boolean {
    const open = this.#open;
    for (let i = 0; i < MEMBERS_PER_ADVANCE; i++) {
      const last = open[open.length - 1];
      if (!last) return false;
      // A member may have been opened above the container that is closed: closing comes only after all members.
      if (!last.encodeNext(this)) open.pop();
      else if (last.isComputed) break;
    }
    return open.length > 0;
  }

  /** Returns the text since the last call. */
  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  /** Appends JSON text. @internal */
  append(text: string): void {
    this.#text += text;
  }

  /** Encodes a scalar, or opens a container. @internal */
  encode(value: Json): void {
    if (typeof value === 'string') this.encodeText(value);
    else if (typeof value === 'number') this.#text += numberText(value);
    else if (value === null || typeof value === 'boolean') this.#text += String(value);
    else if (value instanceof JsonNumber) this.#text += value.text;
    else this.#open.push(openContainer(value));
  }

  /** Encodes a string. @internal */
  encodeText(text: string): void {
    // UniValue escapes DEL, too.
    this.#text += PLAIN_TEXT.test(text) ? `"${text}"` : JSON.stringify(text).replaceAll('\x7f', '\\u007f');
  }
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`${value} cannot be represented in JSON`);
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(CORE_PRECISION)));
}

function openContainer(value: Exclude<Json, null | boolean | number | string | JsonNumber>): OpenContainer {
  if (isArray(value)) return new OpenArray(value);
  if (value instanceof JsonList) return new OpenList(value.items);
  if (value instanceof JsonMembers) return new OpenMembers(value.members);
  if (value instanceof JsonText) return new OpenText(value.pieces);
  if (hasOtherMembers(value)) return new OpenMembers(members(value) as readonly [string, Json][]);
  return new OpenObject(value as JsonObject);
}

class OpenArray implements OpenContainer {
  readonly isComputed = false;
  readonly #items: readonly Json[];
  #next = 0;

  constructor(items: readonly Json[]) {
    this.#items = items;
  }

  encodeNext(encoder: JsonEncoder): boolean {
    const at = this.#next++;
    if (at >= this.#items.length) {
      encoder.append(at === 0 ? '[]' : ']');
      return false;
    }
    encoder.append(at === 0 ? '[' : ',');
    encoder.encode(this.#items[at]!);
    return true;
  }
}

class OpenObject implements OpenContainer {
  readonly isComputed = false;
  readonly #members: JsonObject;
  readonly #keys: readonly string[];
  #next = 0;
  #separator = '{';

  constructor(members: JsonObject) {
    this.#members = members;
    this.#keys = Object.keys(members);
  }

  encodeNext(encoder: JsonEncoder): boolean {
    while (this.#next < this.#keys.length) {
      const key = this.#keys[this.#next++]!;
      const member = this.#members[key];
      if (member === undefined) continue;
      encoder.append(this.#separator);
      this.#separator = ',';
      encoder.encodeText(key);
      encoder.append(':');
      encoder.encode(member);
      return true;
    }
    encoder.append(this.#separator === '{' ? '{}' : '}');
    return false;
  }
}

class OpenList implements OpenContainer {
  readonly isComputed = true;
  readonly #items: Iterator<Json>;
  #isFirst = true;

  constructor(items: Iterable<Json>) {
    this.#items = items[Symbol.iterator]();
  }

  encodeNext(encoder: JsonEncoder): boolean {
    const { done, value } = this.#items.next();
    if (this.#isFirst) encoder.append('[');
    else if (!done) encoder.append(',');
    this.#isFirst = false;
    if (done) encoder.append(']');
    else encoder.encode(value);
    return !done;
  }
}

class OpenMembers implements OpenContainer {
  readonly isComputed = true;
  readonly #members: Iterator<readonly [key: string, value: Json]>;
  #isFirst = true;

  constructor(members: Iterable<readonly [key: string, value: Json]>) {
    this.#members = members[Symbol.iterator]();
  }

  encodeNext(encoder: JsonEncoder): boolean {
    const { done, value } = this.#members.next();
    if (this.#isFirst) encoder.append('{');
    else if (!done) encoder.append(',');
    this.#isFirst = false;
    if (done) {
      encoder.append('}');
      return false;
    }
    encoder.encodeText(value[0]);
    encoder.append(':');
    encoder.encode(value[1]);
    return true;
  }
}

class OpenText implements OpenContainer {
  readonly isComputed = true;
  readonly #pieces: Iterator<string>;
  #isFirst = true;

  constructor(pieces: Iterable<string>) {
    this.#pieces = pieces[Symbol.iterator]();
  }

  encodeNext(encoder: JsonEncoder): boolean {
    const { done, value } = this.#pieces.next();
    if (this.#isFirst) encoder.append('"');
    this.#isFirst = false;
    encoder.append(done ? '"' : value);
    return !done;
  }
}

// Array.isArray does not narrow to a read-only array.
function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
