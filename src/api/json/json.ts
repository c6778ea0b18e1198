import { formatAmount } from '../../primitives/amount.ts';

/** A JSON number kept as decimal text, where a double would lose digits. */
export class JsonNumber {
  /** The number as JSON text. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Returns `text`. */
  toString(): string {
    return this.text;
  }
}

/**
 * The members of parsed objects that an object of JavaScript cannot hold as they were: those with a name more than once,
 * of which it has the first only, and those with the name of an array index, which it puts first.
 */
const asParsed = new WeakMap<object, readonly [name: string, value: unknown][]>();

/** Remembers the members of `object` as they were parsed. @internal */
export function setMembers(object: object, list: readonly [name: string, value: unknown][]): void {
  asParsed.set(object, list);
}

/** Returns whether a parsed object has other members, or in another order, than JavaScript returns. */
export function hasOtherMembers(object: object): boolean {
  return asParsed.has(object);
}

/** Returns the members of a parsed object in their order, also those that repeat a name (UniValue: getKeys, getValues). */
export function members(object: object): readonly [name: string, value: unknown][] {
  return asParsed.get(object) ?? Object.entries(object);
}

/** An array whose items are computed one by one as they are encoded: a large result neither blocks nor is held whole. */
export class JsonList {
  /** @internal */
  readonly items: Iterable<Json>;

  /** `items` is iterated over once, possibly over several turns of the event loop. */
  constructor(items: Iterable<Json>) {
    this.items = items;
  }
}

/** An object whose members are computed one by one as they are encoded, as the items of a `JsonList`. */
export class JsonMembers {
  /** @internal */
  readonly members: Iterable<readonly [key: string, value: Json]>;

  /** `members` is iterated over once, possibly over several turns of the event loop. */
  constructor(members: Iterable<readonly [key: string, value: Json]>) {
    this.members = members;
  }
}

/** A long string that is computed in pieces as it is encoded. No piece may have a character that JSON escapes. */
export class JsonText {
  /** @internal */
  readonly pieces: Iterable<string>;

  /** `pieces` is iterated over once, possibly over several turns of the event loop. */
  constructor(pieces: Iterable<string>) {
    this.pieces = pieces;
  }
}

/** A value that `encodeJson` accepts. */
export type Json =
  | null
  | boolean
  | number
  | string
  | JsonNumber
  | JsonList
  | JsonMembers
  | JsonText
  | readonly Json[]
  | JsonObject;

/** A JSON object; members that are undefined are omitted. */
export type JsonObject = { readonly [key: string]: Json | undefined };

/** Returns satoshis as a number of bitcoins with eight decimals (Core: ValueFromAmount). */
export function amountJson(satoshis: bigint): JsonNumber {
  return new JsonNumber(formatAmount(satoshis));
}

/** Returns whether a parsed value is a number. */
export function isJsonNumber(value: unknown): value is number | JsonNumber {
  return typeof value === 'number' || value instanceof JsonNumber;
}

/** Returns whether a parsed value is an object. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);
}

/** Returns the name of a parsed value's type in Core's error messages (Core: uvTypeName). */
export function jsonTypeName(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (isJsonNumber(value)) return 'number';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
