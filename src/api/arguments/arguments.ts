import { z } from 'zod';
import { fromHex, fromReversedHex } from '../../bytes/hex.ts';
import { moneyRange, parseAmount } from '../../primitives/amount.ts';
import { jsonTypeName } from '../json/json.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';

/** One argument of a method: how it is checked, and how help describes it. */
export interface Argument<T> {
  /** Its name, then older names that are understood too, separated by `|`. */
  readonly name: string;
  /** The type's name in help. */
  readonly type: string;
  /** How it stands in the usage line. */
  readonly usage: string;
  /** Checks a value that is present. */
  readonly schema: z.ZodType<T>;
  readonly required: boolean;
  /** The value of an optional argument that is absent or null. */
  readonly fallback?: T;
  /** The default, as help shows it. */
  readonly defaultText?: string;
  readonly description: string;
}

/** The values that a list of arguments yields. */
export type ArgumentValues<A extends readonly Argument<unknown>[]> = {
  -readonly [K in keyof A]: A[K] extends Argument<infer T> ? T : never;
};

/** Makes an argument optional, with a value for when it is left out. */
export function optional<T, F extends T | undefined = undefined>(
  argument: Argument<T>,
  fallback?: F,
  defaultText?: string,
): Argument<T | F> {
  const text = defaultText ?? (fallback === undefined ? undefined : String(fallback));
  return {
    ...argument,
    required: false,
    ...(fallback === undefined ? {} : { fallback }),
    ...(text === undefined ? {} : { defaultText: text }),
  };
}

export function textArgument(name: string, description: string): Argument<string> {
  return define('string', z.string(), name, description, quoted(name));
}

/** One of a few words; `unknown` makes Core's message for any other. */
export function wordArgument<W extends string>(
  name: string,
  words: readonly W[],
  description: string,
  unknown: (word: string) => RpcError,
): Argument<W> {
  const schema = z.string().transform((text, context) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    const error = unknown(text);
    return refuse(context, error.rpcCode, error.message);
  });
  return define('string', schema, name, description, quoted(name));
}

/** 64 hex digits as people see hashes; yields 32 bytes in internal order. */
export function hashArgument(name: string, description: string): Argument<Uint8Array> {
  return define('string', hashSchema(firstName(name)), name, description, quoted(name));
}

/** `called` is what Core's message calls it. */
export function hexArgument(name: string, description: string, called = firstName(name)): Argument<Uint8Array> {
  const schema = z.string().transform((text, context) => {
    if (!isHex(text)) {
      const message = `${called} must be hexadecimal string (not '${text}')`;
      return refuse(context, RpcCode.INVALID_PARAMETER, message);
    }
    return fromHex(text);
  });
  return define('string', schema, name, description, quoted(name));
}

/** A whole number; outside of int32 it is out of range as it would be in Core. */
export function integerArgument(name: string, description: string): Argument<number> {
  return define('numeric', integerSchema, name, description);
}

/** A whole number of 64 bits; a number of JavaScript's, so exact up to 2^53. */
export function int64Argument(name: string, description: string): Argument<number> {
  const schema = z.number().transform((value, context) => {
    if (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63) return value;
    return refuse(context, RpcCode.MISC_ERROR, 'JSON integer out of range');
  });
  return define('numeric', schema, name, description);
}

/** A whole number from 0 to 2^32 - 1. */
export function unsignedArgument(name: string, description: string): Argument<number> {
  const schema = z.number().transform((value, context) => {
    if (Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff) return value;
    return refuse(context, RpcCode.MISC_ERROR, 'JSON integer out of range');
  });
  return define('numeric', schema, name, description);
}

export function numberArgument(name: string, description: string): Argument<number> {
  return define('numeric', z.number(), name, description);
}

export function booleanArgument(name: string, description: string): Argument<boolean> {
  return define('boolean', z.boolean(), name, description);
}

/** Levels of detail: a number, or false for 0 and true for 1. */
export function verbosityArgument(name: string, description: string): Argument<number> {
  const schema = z.unknown().transform((value, context) => {
    if (typeof value === 'boolean') return value ? 1 : 0;
    return nested(integerSchema, value, context);
  });
  return define('numeric', schema, name, description);
}

/** Bitcoins, as a number or a decimal string; yields satoshis. */
export function amountArgument(name: string, description: string): Argument<bigint> {
  return define('numeric or string', amountSchema, name, description);
}

export function arrayArgument<T>(
  name: string,
  item: z.ZodType<T>,
  description: string,
  usage: string,
): Argument<readonly T[]> {
  return define('json array', z.array(item), name, description, usage);
}

export function objectArgument<T>(name: string, schema: z.ZodType<T>, description: string, usage: string): Argument<T> {
  return define('json object', schema, name, description, usage);
}

/** An argument that its own schema describes altogether. */
export function customArgument<T>(
  name: string,
  type: string,
  schema: z.ZodType<T>,
  description: string,
  usage = firstName(name),
): Argument<T> {
  return define(type, schema, name, description, usage);
}

export const integerSchema: z.ZodType<number> = z.number().transform((value, context) => {
  if (!Number.isInteger(value) || value > 0x7fff_ffff || value < -0x8000_0000) {
    return refuse(context, RpcCode.MISC_ERROR, 'JSON integer out of range');
  }
  return value;
});

export const amountSchema: z.ZodType<bigint> = z.unknown().transform((value, context) => {
  if (typeof value !== 'number' && typeof value !== 'string') {
    return refuse(context, RpcCode.TYPE_ERROR, 'Amount is not a number or string');
  }
  const satoshis = typeof value === 'number' ? amountOfNumber(value) : parseAmount(value);
  if (satoshis === undefined) return refuse(context, RpcCode.TYPE_ERROR, 'Invalid amount');
  if (!moneyRange(satoshis)) return refuse(context, RpcCode.TYPE_ERROR, 'Amount out of range');
  return satoshis;
});

/** A schema of hashes that calls the value `name` in its messages. */
export function hashSchema(name: string): z.ZodType<Uint8Array> {
  return z.string().transform((text, context) => {
    if (text.length !== 64) {
      const message = `${name} must be of length 64 (not ${text.length}, for '${text}')`;
      return refuse(context, RpcCode.INVALID_PARAMETER, message);
    }
    if (!isHex(text)) {
      return refuse(context, RpcCode.INVALID_PARAMETER, `${name} must be hexadecimal string (not '${text}')`);
    }
    return fromReversedHex(text);
  });
}

/**
 * Satoshis of a JSON number of bitcoins, undefined where it has more than eight decimals. A double holds every amount
 * of eight decimals up to 21 million exactly enough: rounded to eight decimals it is that amount again.
 */
function amountOfNumber(value: number): bigint | undefined {
  const text = value.toFixed(8);
  return Number(text) === value ? parseAmount(text) : undefined;
}

/** Checks the values given to a method, by position. Throws `RpcError` with Core's codes and messages. */
export function checkArguments(list: readonly Argument<unknown>[], given: readonly unknown[]): unknown[] {
  const mismatches: [position: string, text: string][] = [];
  let first: RpcError | undefined;
  const values = list.map((argument, i) => {
    const value = given[i];
    if ((value === undefined || value === null) && !argument.required) return argument.fallback;
    const result = argument.schema.safeParse(value);
    if (result.success) return result.data;
    const issue = result.error.issues[0]!;
    if (issue.code === 'invalid_type' && issue.path.length === 0) {
      mismatches.push([`Position ${i + 1} (${firstName(argument.name)})`, typeMismatch(value, issue.expected)]);
    } else {
      first ??= toRpcError(issue, value);
    }
    return undefined;
  });
  if (mismatches.length > 0) {
    const lines = mismatches.map(([position, text]) => `    ${JSON.stringify(position)}: ${JSON.stringify(text)}`);
    throw new RpcError(RpcCode.TYPE_ERROR, `Wrong type passed:\n{\n${lines.join(',\n')}\n}`);
  }
  if (first) throw first;
  return values;
}

/** The name that help and messages use. */
export function firstName(names: string): string {
  return names.split('|', 1)[0]!;
}

/** Stops a schema's transformation with one of Core's codes and messages. */
export function refuse(context: z.core.$RefinementCtx, rpcCode: number, message: string): never {
  context.addIssue({ code: 'custom', message, params: { rpcCode } });
  return z.NEVER;
}

/** Applies `schema` inside a transformation, with a type mismatch as a message instead of a list of positions. */
function nested<T>(schema: z.ZodType<T>, value: unknown, context: z.core.$RefinementCtx): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const error = toRpcError(result.error.issues[0]!, value);
  return refuse(context, error.rpcCode, error.message);
}

function toRpcError(issue: z.core.$ZodIssue, input: unknown): RpcError {
  if (issue.code === 'custom') {
    const rpcCode: unknown = issue.params?.rpcCode;
    return new RpcError(typeof rpcCode === 'number' ? rpcCode : RpcCode.INVALID_PARAMETER, issue.message);
  }
  if (issue.code === 'invalid_type') {
    let at: unknown = input;
    for (const key of issue.path) at = (at as Record<PropertyKey, unknown> | null | undefined)?.[key];
    if (at === undefined) return new RpcError(RpcCode.TYPE_ERROR, `Missing ${issue.path.map(String).join('.')}`);
    return new RpcError(RpcCode.TYPE_ERROR, typeMismatch(at, issue.expected));
  }
  if (issue.code === 'unrecognized_keys') {
    return new RpcError(RpcCode.TYPE_ERROR, `Unexpected key ${issue.keys[0]}`);
  }
  return new RpcError(RpcCode.INVALID_PARAMETER, issue.message);
}

/** Zod's names of types, where JSON has another. */
const jsonTypeNames: Readonly<Record<string, string>> = { boolean: 'bool', int: 'number', record: 'object' };

function typeMismatch(value: unknown, expected: string): string {
  return `JSON value of type ${jsonTypeName(value)} is not of expected type ${jsonTypeNames[expected] ?? expected}`;
}

function isHex(text: string): boolean {
  return text.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(text);
}

function quoted(name: string): string {
  return `"${firstName(name)}"`;
}

function define<T>(
  type: string,
  schema: z.ZodType<T>,
  name: string,
  description: string,
  usage = firstName(name),
): Argument<T> {
  return { name, type, usage, schema, required: true, description };
}
