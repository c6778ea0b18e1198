import { formatAmount } from '../../primitives/amount.ts';

/** A JSON number kept as decimal text, where a double would lose digits. */
export class JsonNumber {
  /** The number as JSON text. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value that `encodeJson` accepts. */
export type Json = null | boolean | number | string | JsonNumber | readonly Json[] | JsonObject;

/** A JSON object; members that are undefined are omitted. */
export type JsonObject = { readonly [key: string]: Json | undefined };

/** Returns satoshis as a number of bitcoins with eight decimals (Core: ValueFromAmount). */
export function amountJson(satoshis: bigint): JsonNumber {
  return new JsonNumber(formatAmount(satoshis));
}

/** Significant digits of a double in Core's JSON (UniValue: setprecision). */
const CORE_PRECISION = 16;

/** Text that needs no escapes in JSON. */
const PLAIN_TEXT = /^[ !#-[\]-~]*$/;

/** Encodes a value as JSON text, doubles with as many digits as in Core. Throws `TypeError` for NaN and infinities. */
export function encodeJson(value: Json): string {
  const parts: string[] = [];
  write(parts, value);
  return parts.join('');
}

function write(parts: string[], value: Json): void {
  if (typeof value === 'string') {
    writeText(parts, value);
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${value} cannot be represented in JSON`);
    parts.push(String(Number.isInteger(value) ? value : Number(value.toPrecision(CORE_PRECISION))));
  } else if (value === null || typeof value === 'boolean') {
    parts.push(String(value));
  } else if (value instanceof JsonNumber) {
    parts.push(value.text);
  } else if (isArray(value)) {
    writeArray(parts, value);
  } else {
    writeObject(parts, value);
  }
}

function writeText(parts: string[], text: string): void {
  if (PLAIN_TEXT.test(text)) parts.push('"', text, '"');
  else parts.push(JSON.stringify(text));
}

function writeArray(parts: string[], items: readonly Json[]): void {
  parts.push('[');
  for (let i = 0; i < items.length; i++) {
    if (i > 0) parts.push(',');
    write(parts, items[i]!);
  }
  parts.push(']');
}

function writeObject(parts: string[], members: JsonObject): void {
  let separator = '{';
  for (const key of Object.keys(members)) {
    const member = members[key];
    if (member === undefined) continue;
    parts.push(separator);
    writeText(parts, key);
    parts.push(':');
    write(parts, member);
    separator = ',';
  }
  parts.push(separator === '{' ? '{}' : '}');
}

// Array.isArray does not narrow to a read-only array.
function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Returns the name of a parsed value's type in Core's error messages (Core: uvTypeName). */
export function jsonTypeName(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
