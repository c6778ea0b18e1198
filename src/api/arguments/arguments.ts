import { z } from 'zod';
import { fromHex, fromReversedHex } from '../../bytes/hex.ts';
import { moneyRange } from '../../primitives/amount.ts';
import { isJsonNumber, jsonTypeName } from '../json/json.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import type { Step } from '../json/step.ts';
import { parseFixedPoint } from './fixed-point.ts';

/** One argument of a method: its validation and its help text (Core: RPCArg). */
export interface Argument<T> {
  /** The name, followed by its aliases, separated by `|`. */
  readonly name: string;
  /** Type name shown in help. */
  readonly type: string;
  /** Placeholder in the usage line. */
  readonly usage: string;
  /** Validates and decodes a value that is present. */
  readonly schema: z.ZodType<T>;
  /** Of an array, the schema of its items, which are validated one by one; `schema` then accepts any array. */
  readonly item?: z.ZodType;
  /** Of an array, throws `RpcError` for a number of items that is refused before any item is validated. */
  readonly checkCount?: (count: number) => void;
  /** Whether a call without the argument is an error. */
  readonly required: boolean;
  /** Value of an optional argument that is absent or null. */
  readonly fallback?: T;
  /** Default value shown in help. */
  readonly defaultText?: string;
  /** Description shown in help. */
  readonly description: string;
  /** Whether help leaves the argument out: it is for tests. */
  readonly hidden?: boolean;
}

/** The decoded values of a list of arguments, as a tuple. */
export type ArgumentValues<A extends readonly Argument<unknown>[]> = {
  -readonly [K in keyof A]: A[K] extends Argument<infer T> ? T : never;
};

/** Makes an argument optional: `fallback` is its value when absent, `defaultText` the default shown in help. */
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

/** Returns a required string argument. */
export function textArgument(name: string, description: string): Argument<string> {
  return define('string', z.string(), name, description, quoted(name));
}

/** Returns a required argument that is one of `words`; `unknown` makes the error for any other. */
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

/** Returns a required hash argument: 64 hex digits in display order, decoded to 32 bytes in internal order. */
export function hashArgument(name: string, description: string): Argument<Uint8Array> {
  return define('string', hashSchema(primaryName(name)), name, description, quoted(name));
}

/** Returns a required argument of hex bytes; error messages call it `label`. */
export function hexArgument(name: string, description: string, label = primaryName(name)): Argument<Uint8Array> {
  const schema = z.string().transform((text, context) => {
    if (!isHex(text)) {
      const message = `${label} must be hexadecimal string (not '${text}')`;
      return refuse(context, RpcCode.INVALID_PARAMETER, message);
    }
    return fromHex(text);
  });
  return define('string', schema, name, description, quoted(name));
}

/** Returns a required integer argument; values outside int32 are out of range, as in Core. */
export function integerArgument(name: string, description: string): Argument<number> {
  return define('numeric', integerSchema, name, description);
}

/** Returns a required 64-bit integer argument, decoded to a JavaScript number: exact up to 2^53. */
export function int64Argument(name: string, description: string): Argument<number> {
  return define('numeric', int64Schema, name, description);
}

/** Returns a required 64-bit integer argument, exact. */
export function exactInt64Argument(name: string, description: string): Argument<bigint> {
  return define('numeric', exactIntegerBetween(...INT64), name, description);
}

/** Returns a required unsigned 32-bit integer argument. */
export function unsignedArgument(name: string, description: string): Argument<number> {
  return define('numeric', integerBetween(0n, 0xffff_ffffn), name, description);
}

/** Returns a required number argument. */
export function numberArgument(name: string, description: string): Argument<number> {
  const schema = numberText.transform((text, context) => {
    const value = Number(text);
    return Number.isFinite(value) ? value : refuse(context, RpcCode.MISC_ERROR, 'JSON double out of range');
  });
  return define('numeric', schema, name, description);
}

/** Returns a required boolean argument. */
export function booleanArgument(name: string, description: string): Argument<boolean> {
  return define('boolean', z.boolean(), name, description);
}

/** Returns a required verbosity argument: an integer, or a boolean for 0 or 1 (Core: ParseVerbosity). */
export function verbosityArgument(name: string, description: string): Argument<number> {
  const schema = z.unknown().transform((value, context) => {
    if (typeof value === 'boolean') return value ? 1 : 0;
    return nested(integerSchema, value, context);
  });
  return define('numeric', schema, name, description);
}

/** Returns a required amount argument: bitcoins as a number or decimal string, decoded to satoshis. */
export function amountArgument(name: string, description: string): Argument<bigint> {
  return define('numeric or string', amountSchema, name, description);
}

/** Returns a required array argument whose items have the schema `item`; `checkCount` may refuse a number of items. */
export function arrayArgument<T>(
  name: string,
  item: z.ZodType<T>,
  description: string,
  usage: string,
  checkCount?: (count: number) => void,
): Argument<readonly T[]> {
  const schema = z.array(z.unknown()) as z.ZodType<readonly T[]>;
  return { ...define('json array', schema, name, description, usage), item, ...(checkCount && { checkCount }) };
}

/** Returns a required object argument. */
export function objectArgument<T>(name: string, schema: z.ZodType<T>, description: string, usage: string): Argument<T> {
  return define('json object', schema, name, description, usage);
}

/** Returns a required argument with a type name and schema of its own. */
export function customArgument<T>(
  name: string,
  type: string,
  schema: z.ZodType<T>,
  description: string,
  usage = primaryName(name),
): Argument<T> {
  return define(type, schema, name, description, usage);
}

/** A number, as the text that was sent: a double would hide digits that Core refuses. */
const numberText: z.ZodType<string> = z.unknown().transform((value, context) => {
  if (isJsonNumber(value)) return String(value);
  return refuseType(context, 'number', value);
});

/** Returns a schema for an integer without fraction or exponent, decoded to a number (UniValue: getInt). */
function integerBetween(least: bigint, most: bigint): z.ZodType<number> {
  return exactIntegerBetween(least, most).transform(Number);
}

/** Returns a schema for an integer without fraction or exponent. */
function exactIntegerBetween(least: bigint, most: bigint): z.ZodType<bigint> {
  return numberText.transform((text, context) => {
    // Core reads no sign into an unsigned integer, not even that of -0.
    const isInteger = (least < 0n ? /^-?\d{1,20}$/ : /^\d{1,20}$/).test(text);
    const value = isInteger ? BigInt(text) : undefined;
    if (value !== undefined && value >= least && value <= most) return value;
    return refuse(context, RpcCode.MISC_ERROR, 'JSON integer out of range');
  });
}

const INT64 = [-(2n ** 63n), 2n ** 63n - 1n] as const;

/** A 32-bit integer. */
export const integerSchema: z.ZodType<number> = integerBetween(-0x8000_0000n, 0x7fff_ffffn);

/** A 64-bit integer, as a JavaScript number: exact up to 2^53. */
export const int64Schema: z.ZodType<number> = integerBetween(...INT64);

/** Returns a schema for an amount, decoded to units of its last decimal (Core: AmountFromValue). */
export function amountOfDecimals(decimals: number): z.ZodType<bigint> {
  return z.unknown().transform((value, context) => {
    if (!isJsonNumber(value) && typeof value !== 'string') {
      return refuse(context, RpcCode.TYPE_ERROR, 'Amount is not a number or string');
    }
    const amount = parseFixedPoint(String(value), decimals);
    if (amount === undefined) return refuse(context, RpcCode.TYPE_ERROR, 'Invalid amount');
    if (!moneyRange(amount)) return refuse(context, RpcCode.TYPE_ERROR, 'Amount out of range');
    return amount;
  });
}

/** An amount of bitcoins, decoded to satoshis. */
export const amountSchema: z.ZodType<bigint> = amountOfDecimals(8);

/** Returns a schema for a hash; error messages call it `name` (Core: ParseHashV). */
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
 * Validates and decodes positional arguments, calling `step` between the items of arrays. Rejects with `RpcError` with
 * Core's codes and messages.
 */
export async function checkArguments(
  list: readonly Argument<unknown>[],
  given: readonly unknown[],
  step: Step,
): Promise<unknown[]> {
  const mismatches: [position: string, text: string][] = [];
  let first: RpcError | undefined;
  const note = (error: RpcError): void => {
    // Core decodes transactions and blocks after it has read the other arguments.
    if (!first || first.rpcCode === RpcCode.DESERIALIZATION_ERROR) first = error;
  };
  const values: unknown[] = [];
  for (const [i, argument] of list.entries()) {
    const value = given[i];
    if ((value === undefined || value === null) && !argument.required) {
      values.push(argument.fallback);
      continue;
    }
    const result = argument.schema.safeParse(value);
    if (result.success) {
      try {
        values.push(argument.item ? await checkItems(argument, result.data as unknown[], step) : result.data);
      } catch (thrown) {
        if (!(thrown instanceof RpcError)) throw thrown;
        note(thrown);
      }
      continue;
    }
    const issue = result.error.issues[0]!;
    if (issue.code === 'invalid_type' && issue.path.length === 0) {
      mismatches.push([`Position ${i + 1} (${primaryName(argument.name)})`, typeMismatch(value, issue.expected)]);
    } else {
      note(toRpcError(issue, value));
    }
  }
  if (mismatches.length > 0) {
    const lines = mismatches.map(([position, text]) => `    ${JSON.stringify(position)}: ${JSON.stringify(text)}`);
    throw new RpcError(RpcCode.TYPE_ERROR, `Wrong type passed:\n{\n${lines.join(',\n')}\n}`);
  }
  if (first) throw first;
  return values;
}

async function checkItems(
  { item, checkCount }: Argument<unknown>,
  given: readonly unknown[],
  step: Step,
): Promise<unknown[]> {
  checkCount?.(given.length);
  const values: unknown[] = [];
  for (const value of given) {
    const pause = step();
    if (pause) await pause;
    const result = item!.safeParse(value);
    if (!result.success) throw toRpcError(result.error.issues[0]!, value);
    values.push(result.data);
  }
  return values;
}

/** Returns the name that help and error messages use: the first of `names`, which are separated by `|`. */
export function primaryName(names: string): string {
  return names.split('|', 1)[0]!;
}

/** Fails a schema's transformation with an RPC error code and message. */
export function refuse(context: z.core.$RefinementCtx, rpcCode: number, message: string): never {
  context.addIssue({ code: 'custom', message, params: { rpcCode } });
  return z.NEVER;
}

/** Fails a schema's transformation because `value` has another type than `expected`, a name of JSON's. */
function refuseType(context: z.core.$RefinementCtx, expected: 'number', value: unknown): never {
  context.addIssue({ code: 'invalid_type', expected, input: value });
  return z.NEVER;
}

/** Applies `schema` inside a transformation; a type mismatch is reported as a message without positions. */
export function nested<T>(schema: z.ZodType<T>, value: unknown, context: z.core.$RefinementCtx): T {
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
  return `"${primaryName(name)}"`;
}

function define<T>(
  type: string,
  schema: z.ZodType<T>,
  name: string,
  description: string,
  usage = primaryName(name),
): Argument<T> {
  return { name, type, usage, schema, required: true, description };
}
