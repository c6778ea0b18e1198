import { type Command, Option } from 'commander';
import { type NodeConfig, type NodeConfigInput, nodeConfig } from '../node/config.ts';

/** Options that every command has. */
export interface CommonOptions {
  readonly nodeId?: string;
  readonly datadir?: string;
  readonly network?: string;
  readonly json?: boolean;
}

/** Adds the options that say where a network's files are. */
export function networkOptions(command: Command): Command {
  return command
    .option('--datadir <folder>', 'folder of the files (PIER_DATADIR; default: ~/.pier/<network>)')
    .option(
      '--network <name|file>',
      'main, test, testnet4, signet, regtest, classroom, or a network file (PIER_NETWORK; default: regtest)',
    )
    .option('--json', 'print the result, and errors, as JSON');
}

/** Adds the options that say which node is meant. */
export function nodeOptions(command: Command): Command {
  return networkOptions(command.option('--node-id <port>', "the node's port (default: NODE_ID)"));
}

/** `--seed`, as often as wanted, and `--no-seed`. */
export function seedOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--seed <host:port>',
        'node to connect to; may be repeated (default: 127.0.0.1:3000, the central node)',
      ).argParser((value: string, previous: string[] | boolean | undefined) =>
        Array.isArray(previous) ? [...previous, value] : [value],
      ),
    )
    .option('--no-seed', 'connect to no node; others may connect to this one');
}

/** The node that options and environment name. */
export function configOf(
  options: CommonOptions,
  { seed, ...layers }: NodeConfigInput & { readonly seed?: string[] | boolean | undefined } = {},
): NodeConfig {
  const seeds = seed === false ? [] : Array.isArray(seed) ? seed : undefined;
  return nodeConfig({
    nodeId: options.nodeId,
    dataDir: options.datadir,
    network: options.network,
    ...layers,
    p2p: { ...layers.p2p, seeds },
  });
}
