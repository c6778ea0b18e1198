import type { Command } from 'commander';
import type { MethodName, ParamsOf } from '../../control/protocol/methods.ts';
import { UsageError } from '../../node/composition/usage-error.ts';

/**
 * Checks the parameters of a method as its server does, before a command connects. `words` names the arguments that are
 * called otherwise than their parameters, by the path of the parameter. Throws `UsageError` 'bad-argument', with the
 * argument or option of each fault.
 */
export async function checkParams<M extends MethodName>(
  command: Command,
  method: M,
  params: ParamsOf<M>,
  words: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { methods } = await import('../../control/protocol/methods.ts');
  const result = methods[method].params.safeParse(params);
  if (result.success) return;
  const { faultsOf } = await import('../../devnet/topology/schema-parts.ts');
  const { formatPath, listFaults } = await import('../../devnet/topology/topology-error.ts');
  const wordOf = (path: readonly (string | number)[]) => {
    const [name] = path;
    const option = command.options.find((each) => each.attributeName() === name)?.long;
    return words[formatPath(path)] ?? words[String(name)] ?? option ?? String(name);
  };
  const faults = result.error.issues.flatMap((issue) => faultsOf(issue));
  throw new UsageError('bad-argument', listFaults(faults.map(({ path, reason }) => `${wordOf(path)}: ${reason}`)), {
    hint: `'pier help ${command.name()}' lists its arguments and options.`,
  });
}
