import { RpcCode, RpcError } from '../json/rpc-error.ts';
import { type Argument, firstName } from './arguments.ts';

/**
 * Puts arguments that were given by name into their positions. A member `args` that is an array gives the first ones
 * by position. Gaps become undefined; nothing follows the last one given. Throws `RpcError` for a name that is
 * unknown or an argument given twice.
 */
export function placeArguments(
  list: readonly Argument<unknown>[],
  params: readonly unknown[] | Readonly<Record<string, unknown>>,
): readonly unknown[] {
  if (isArray(params)) return params;
  const byName = new Map(Object.entries(params));
  const positional = byName.get('args');
  const placed: unknown[] = Array.isArray(positional) ? [...positional] : [];
  if (Array.isArray(positional)) byName.delete('args');
  const given = placed.length;
  list.forEach((argument, i) => {
    for (const name of argument.name.split('|')) {
      if (!byName.has(name)) continue;
      if (i < given) {
        const message = `Parameter ${firstName(argument.name)} specified twice both as positional and named argument`;
        throw new RpcError(RpcCode.INVALID_PARAMETER, message);
      }
      while (placed.length < i) placed.push(undefined);
      if (placed.length > i) continue;
      placed.push(byName.get(name));
      byName.delete(name);
    }
  });
  const unknown = byName.keys().next();
  if (!unknown.done) throw new RpcError(RpcCode.INVALID_PARAMETER, `Unknown named parameter ${unknown.value}`);
  return placed;
}

function isArray(params: readonly unknown[] | Readonly<Record<string, unknown>>): params is readonly unknown[] {
  return Array.isArray(params);
}
