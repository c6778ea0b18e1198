import { formatAmount } from '../../primitives/amount.ts';

/** A number whose digits are given, because a double would lose or shorten them. */
export class JsonNumber {
  /** A JSON number. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What can be sent: JSON's values, with exact numbers. A member that is undefined is left out. */
export type Json = null | boolean | number | string | JsonNumber | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json | undefined };

/** Satoshis as a number of bitcoins with eight decimals, as Core prints amounts. */
export function amountJson(satoshis: bigint): JsonNumber {
  return new JsonNumber(formatAmount(satoshis));
}

/** Significant digits with which Core prints doubles. */
const CORE_PRECISION = 16;

/** Text that stands in JSON as it is. */
const PLAIN_TEXT = /^[ !#-[\]-~]*$/;

/** JSON text of `value`, doubles with as many digits as Core gives them. Throws `TypeError` for a number that JSON lacks. */
export function encodeJson(value: Json): string {
  const parts: string[] = [];
  write(parts, value);
  return parts.join('');
}

function write(parts: string[], value: Json): void {
  if (typeof value === 'string') {
    writeText(parts, value);
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${value} has no form in JSON`);
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

/** The name of a parsed value's type, as Core's messages have it. */
export function jsonTypeName(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
