import { immediate } from '../../platform/immediate.ts';
import { exactInt64Argument, integerArgument, optional, textArgument } from '../arguments/arguments.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import { helpIndex, methodHelp } from '../method/help.ts';
import { type Method, method } from '../method/method.ts';
import type { AnyRpcNode } from '../method/rpc-node.ts';

/** Maximum mock time in Unix seconds: its nanoseconds still fit in an int64, as in Core. */
const MAX_MOCK_TIME = 9_223_372_036n;

/** Methods that control the node and its RPC server. */
export const controlMethods: readonly Method<AnyRpcNode>[] = [
  method({
    name: 'help',
    category: 'Control',
    description: 'Lists all methods, or returns the help of one.',
    arguments: [optional(textArgument('command', 'The method to get help on.'), undefined, 'all methods')],
    result: '"text"',
    example: 'getblock',
    handler: ({ methods }, command) => {
      if (command === undefined) return helpIndex(methods.values());
      const found = methods.get(command);
      return found ? methodHelp(found).trimEnd() : `help: unknown command: ${command}`;
    },
  }),
  method({
    name: 'stop',
    category: 'Control',
    description: 'Requests a graceful shutdown of the node.',
    arguments: [{ ...optional(integerArgument('wait', 'Milliseconds to wait before the reply.')), hidden: true }],
    result: '"text"',
    handler: async ({ node }, wait) => {
      // Closing the server waits for calls in progress, including this one.
      immediate(() => {
        node.stop().catch((error: unknown) => node.logger.error({ err: error }, 'node did not stop cleanly'));
      });
      if (wait !== undefined) await new Promise<void>((resolve) => setTimeout(resolve, wait));
      return 'Pier stopping';
    },
  }),
  method({
    name: 'uptime',
    category: 'Control',
    description: 'Returns the seconds since the node was started.',
    arguments: [],
    result: 'n',
    handler: ({ node: { clock, startedAt } }) => Math.floor((clock.monotonic() - startedAt) / 1000),
  }),
  method({
    name: 'setmocktime',
    category: 'Control',
    description:
      'Sets the local time to a timestamp, at which it then stands still (regtest only). Elapsed time, such as that of peer\n' +
      'timeouts, is not affected.',
    arguments: [exactInt64Argument('timestamp', 'UNIX epoch time; 0 to use the system time again.')],
    result: 'null',
    example: '1700000000',
    handler: ({ node: { clock, params } }, timestamp) => {
      if (!params.isMockableChain) {
        throw new RpcError(RpcCode.MISC_ERROR, 'setmocktime is for regression testing (-regtest mode) only');
      }
      if (timestamp < 0 || timestamp > MAX_MOCK_TIME) {
        const message = `Mocktime must be in the range [0, ${MAX_MOCK_TIME}], not ${timestamp}.`;
        throw new RpcError(RpcCode.INVALID_PARAMETER, message);
      }
      clock.mock(timestamp === 0n ? undefined : Number(timestamp) * 1000);
      return null;
    },
  }),
  method({
    name: 'getrpcinfo',
    category: 'Control',
    description: 'Returns the calls in progress and their durations in microseconds.',
    arguments: [],
    result: '{ "active_commands": [{ "method": name, "duration": microseconds }, ...], "logpath": "" }',
    handler: ({ node: { clock }, activeCommands }) => ({
      active_commands: [...activeCommands].map(({ method: name, startedAt }) => ({
        method: name,
        duration: Math.round((clock.monotonic() - startedAt) * 1000),
      })),
      // The log goes to the standard error stream.
      logpath: '',
    }),
  }),
];
