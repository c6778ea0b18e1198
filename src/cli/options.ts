import { type Command, Option } from 'commander';
import { type NodeConfig, type NodeConfigInput, nodeConfig } from '../node/config.ts';

/** Options of every command. */
export interface CommonOptions {
  readonly nodeId?: string;
  readonly datadir?: string;
  readonly network?: string;
  readonly json?: boolean;
  readonly rpcHost?: string;
}

/** Adds the options that select a network and its data directory. */
export function networkOptions(command: Command): Command {
  return command
    .option('--datadir <folder>', 'data directory (default: PIER_DATADIR, or ~/.pier/<network>)')
    .option(
      '--network <name|file>',
      'main, test, testnet4, signet, regtest, classroom, or a network file (default: PIER_NETWORK, or regtest)',
    )
    .option('--json', 'print results and errors as JSON');
}

/** Adds the options that select a node, its RPC server, its network and its data directory. */
export function nodeOptions(command: Command): Command {
  return networkOptions(command.option('--node-id <port>', "the node's port (default: NODE_ID)")).option(
    '--rpc-host <address>',
    "address of the node's RPC server (default: 127.0.0.1)",
  );
}

/** Adds `--seed`, which can be repeated, and `--no-seed`. */
export function seedOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--seed <host:port>',
        'node to connect to; can be repeated (default: the seeds of the network, or 127.0.0.1:3000)',
      ).argParser((value: string, previous: string[] | boolean | undefined) =>
        Array.isArray(previous) ? [...previous, value] : [value],
      ),
    )
    .option('--no-seed', 'do not connect to any node; other nodes can still connect');
}

/** Resolves options and environment to a node's configuration. Throws `UsageError`. */
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
    rpc: { host: options.rpcHost },
    p2p: { ...layers.p2p, seeds },
  });
}
