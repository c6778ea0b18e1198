import { int64Argument, optional, textArgument } from '../arguments/arguments.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import { helpIndex, methodHelp } from '../method/help.ts';
import { type Method, method } from '../method/method.ts';
import type { AnyRpcNode } from '../method/rpc-node.ts';

/** Seconds that a count of nanoseconds in 63 bits can hold, and so what Core takes. */
const MAX_MOCK_TIME = 9_223_372_036;

/** Methods about the server itself. */
export const controlMethods: readonly Method<AnyRpcNode>[] = [
  method({
    name: 'help',
    category: 'Control',
    description: 'All methods, or everything about one.',
    arguments: [optional(textArgument('command', 'The method to explain.'), undefined, 'all methods')],
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
    description: 'Stops the node, once this call has been answered.',
    arguments: [],
    result: '"text"',
    handler: ({ node }) => {
      // The server's close waits for answers under way, this one among them.
      setImmediate(() => {
        node.stop().catch((error: unknown) => node.logger.error({ err: error }, 'the node did not stop cleanly'));
      });
      return 'Pier stopping';
    },
  }),
  method({
    name: 'uptime',
    category: 'Control',
    description: 'Seconds since the node was started.',
    arguments: [],
    result: 'n',
    handler: ({ node: { clock, startedAt } }) => Math.floor((clock.monotonic() - startedAt) / 1000),
  }),
  method({
    name: 'setmocktime',
    category: 'Control',
    description:
      "Sets the node's time of day, which then stands still (regtest only). Timers and what is measured in elapsed time,\n" +
      'such as time-outs of peers, go on.',
    arguments: [int64Argument('timestamp', 'Seconds since the Unix epoch; 0 to follow the system again.')],
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
      clock.mock(timestamp === 0 ? undefined : timestamp * 1000);
      return null;
    },
  }),
  method({
    name: 'getrpcinfo',
    category: 'Control',
    description: 'The calls that are at work, with how long they have been, in microseconds.',
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
