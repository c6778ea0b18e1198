import { z } from 'zod';
import { moneyRange, parseAmount } from '../../primitives/amount.ts';
import type { ConditionsOptions } from './network-options.ts';
import { quote, type TopologyFault } from './topology-error.ts';

/** Milliseconds of latency and jitter at most. */
const MAX_DELAY_MS = 3_600_000;
/** Bitcoins with at most eight decimals, as `parseAmount` reads them. */
export const AMOUNT = /^(\d{1,8}(\.\d{1,8})?|\.\d{1,8})$/;

/** Returns a value that a caller gave, as an error shows it. */
function show(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value === undefined) return 'nothing';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** Returns the `error` parameter of a schema. */
export function because(reason: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => `${show(input)} is not ${reason}`;
}

/** Returns the schema of a whole number. */
export function whole(least: number, most: number) {
  const error = because(`a whole number from ${least} to ${most}`);
  return z.int({ error }).min(least, { error }).max(most, { error });
}

/** Returns the schema of a number; `what` names its unit. */
export function between(least: number, most: number, what: string) {
  const error = because(`${what} from ${least} to ${most}`);
  return z.number({ error }).min(least, { error }).max(most, { error });
}

/** Returns the schema of a number above 0; `what` names its unit. */
export function above0(most: number, what: string) {
  const error = because(`${what} above 0, up to ${most}`);
  return z.number({ error }).gt(0, { error }).max(most, { error });
}

/** Returns the schema of one of some names. */
export function oneOf<const T extends readonly string[]>(names: T) {
  return z.enum(names, { error: because(`one of ${names.join(', ')}`) });
}

/** Returns the schema of a text that is not empty. */
export function text() {
  return z.string({ error: because('a text') }).min(1, { error: because('a text with characters') });
}

/** Returns the schema of an object without other keys. */
export function object<T extends z.ZodRawShape>(shape: T, what: string) {
  return z.strictObject(shape, {
    // Keys that are not in the shape have their own reason.
    error: (issue) => (issue.code === 'unrecognized_keys' ? undefined : because(what)(issue)),
  });
}

/** Returns the schema of a list. */
export function list<T extends z.ZodType>(item: T, what: string) {
  return z.array(item, { error: because(what) });
}

/** The schemas of an object's members. */
export type Shape<T> = { readonly [K in keyof T]-?: z.ZodType<T[K]> };

function delay(what: string) {
  const error = because(`a number of milliseconds from 0 to ${MAX_DELAY_MS}`);
  return z.number({ error }).min(0, { error }).max(MAX_DELAY_MS, { error }).optional().describe(what);
}

const loss = because('a share from 0 to below 1');
const bandwidth = because('a number of bytes a second of at least 0');
/** The schemas of the conditions of a link. */
export const conditions = {
  latency: delay('milliseconds from one end to the other'),
  jitter: delay('milliseconds added at random, up to this, to each delivery'),
  loss: z
    .number({ error: loss })
    .min(0, { error: loss })
    .lt(1, { error: loss })
    .optional()
    .describe('share of lost packets, which TCP sends again'),
  bandwidth: z
    .number({ error: bandwidth })
    .min(0, { error: bandwidth })
    .optional()
    .describe('bytes a second in each direction; 0: no limit'),
} satisfies Shape<ConditionsOptions>;
/** The schema of the conditions of a link. */
export const conditionsSchema = object(conditions, 'an object with latency, jitter, loss or bandwidth');

const amountError = because("an amount: bitcoins as a decimal string, such as '1.5', or satoshis as a bigint");
/** The schema of an amount. */
export const amount = z.union(
  [
    z.string().refine((given) => AMOUNT.test(given) && parseAmount(given) !== undefined, { error: amountError }),
    z.bigint().refine(moneyRange, { error: amountError }),
  ],
  { error: amountError },
);
/** Returns the faults of an issue: of a union, those of the member that was meant. */
export function faultsOf(issue: z.core.$ZodIssue, above: readonly (string | number)[] = []): TopologyFault[] {
  const path = [...above, ...(issue.path as (string | number)[])];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], reason: 'there is no such option' }));
  }
  if (issue.code === 'invalid_union') {
    // Of several objects, the one with the members that are given has the fewest faults.
    const [meant] = issue.errors.filter((issues) => !issues.some(isOtherType)).sort((a, b) => a.length - b.length);
    if (meant) return meant.flatMap((each) => faultsOf(each, path));
  }
  return [{ path, reason: issue.message }];
}

/** Returns whether a value is of another type than the member of a union. A fraction is not, though no integer. */
function isOtherType({ code, path, ...issue }: z.core.$ZodIssue): boolean {
  return code === 'invalid_type' && path.length === 0 && (issue as { expected?: string }).expected !== 'int';
}
