import { unixSeconds } from '../../platform/clock.ts';
import { optional, textArgument } from '../arguments.ts';
import { helpIndex, methodHelp } from '../help.ts';
import { type Method, method } from '../method.ts';

/** Methods about the server itself. */
export const controlMethods: readonly Method[] = [
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
    handler: ({ node }) => unixSeconds(node.clock) - node.startedAt,
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
        duration: Math.round((clock.now() - startedAt) * 1000),
      })),
      // The log goes to the standard error stream.
      logpath: '',
    }),
  }),
];
