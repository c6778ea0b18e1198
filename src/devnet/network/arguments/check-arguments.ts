import { z } from 'zod';
import { PierError } from '../../../platform/errors.ts';
import { faultsOf } from '../../topology/schema-parts.ts';
import { formatFault, listFaults } from '../../topology/topology-error.ts';

/** Checks the arguments of one method, by name. Throws `PierError` 'bad-argument' with a line for each fault. */
export type ArgumentCheck<Name extends string = string> = ((values: Readonly<Record<Name, unknown>>) => void) & {
  /** How the method is called, such as `reached(height, { timeout })`. */
  readonly usage: string;
};

/** Returns the check of a method. `call` names the method in errors, as in `payment.confirmed`; `hint` is the next step. */
export function argumentCheck<Name extends string>(
  call: string,
  schemas: Readonly<Record<Name, z.ZodType>>,
  hint?: string,
): ArgumentCheck<Name> {
  const schema = z.object(schemas);
  const usage = `${call}(${Object.entries<z.ZodType>(schemas)
    .map(([name, each]) => namesOf(name, each))
    .join(', ')})`;
  const check = (values: Readonly<Record<Name, unknown>>) => {
    const result = schema.safeParse(values);
    if (result.success) return;
    const faults = result.error.issues.flatMap((issue) => faultsOf(issue));
    throw new PierError('bad-argument', listFaults(faults.map((fault) => `${call}: ${formatFault(fault)}`)), {
      hint: hint ?? `The call is ${usage}.`,
    });
  };
  return Object.assign(check, { usage });
}

/** Returns the name of an argument, or for an object the names of its members. */
function namesOf(name: string, schema: z.ZodType): string {
  return schema instanceof z.ZodObject ? `{ ${Object.keys(schema.shape).join(', ')} }` : name;
}

/** Returns the error of an argument that is refused for what the network has. */
export function badArgument(
  where: string,
  reason: string,
  options: { hint?: string; cause?: unknown } = {},
): PierError {
  return new PierError('bad-argument', `${where}: ${reason}`, options);
}
