import { members } from '../json/json.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import { type Argument, primaryName } from './arguments.ts';

/**
 * Converts named arguments to positional ones (Core: transformNamedArguments). An array member `args` holds leading
 * positional arguments. Gaps become undefined; the result ends at the last argument given. Throws `RpcError` for an
 * unknown name and for an argument given twice.
 */
export function placeArguments(
  list: readonly Argument<unknown>[],
  params: readonly unknown[] | Readonly<Record<string, unknown>>,
): readonly unknown[] {
  if (isArray(params)) return params;
  const byName = new Map<string, unknown>();
  for (const [name, value] of members(params)) {
    if (byName.has(name)) throw invalid(`Parameter ${name} specified multiple times`);
    byName.set(name, value);
  }
  const positional = byName.get('args');
  const placed: unknown[] = Array.isArray(positional) ? [...positional] : [];
  if (Array.isArray(positional)) byName.delete('args');
  const given = placed.length;
  list.forEach((argument, i) => {
    for (const name of argument.name.split('|')) {
      if (!byName.has(name)) continue;
      if (i < given) {
        throw invalid(`Parameter ${primaryName(argument.name)} specified twice both as positional and named argument`);
      }
      while (placed.length < i) placed.push(undefined);
      if (placed.length > i) continue;
      placed.push(byName.get(name));
      byName.delete(name);
    }
  });
  const unknown = byName.keys().next();
  if (!unknown.done) throw invalid(`Unknown named parameter ${unknown.value}`);
  return placed;
}

function invalid(message: string): RpcError {
  return new RpcError(RpcCode.INVALID_PARAMETER, message);
}

function isArray(params: readonly unknown[] | Readonly<Record<string, unknown>>): params is readonly unknown[] {
  return Array.isArray(params);
}
