import { resolve } from 'node:path';
import type { Command } from 'commander';
import { DEFAULT_NETWORK } from '../node/composition/settings.ts';
import { isNetworkPath } from '../node/networks.ts';
import { controlCommands } from './help.ts';
import type { CommonOptions } from './options.ts';

/** What other commands call a network that `pier up` runs without `--name`. */
const DEFAULT_CONTROL_NAME = 'default';

/** What selects a node and its files: as options, or as environment variables. */
export type NodeSelection = Pick<CommonOptions, 'nodeId' | 'datadir' | 'network'>;

/** Returns a word as a shell takes it: in double quotes if it has other characters than those of usual paths. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `"${word.replaceAll(/["$`\\]/g, '\\$&')}"`;
}

/** Returns how `pier` was called: `npx pier` unless it is a command of the shell. */
export function programName(path = process.argv[1] ?? ''): string {
  return /[\\/](bin[\\/]pier\.js|node_modules[\\/]\.bin[\\/]pier)$/.test(path) ? 'npx pier' : 'pier';
}

/** Returns the options that select the node and files of this call, whatever the environment of another terminal is. */
export function selectionOf(options: NodeSelection, env: NodeJS.ProcessEnv = process.env): NodeSelection {
  const { nodeId = env.NODE_ID, datadir = env.PIER_DATADIR, network = env.PIER_NETWORK } = options;
  return {
    ...(nodeId ? { nodeId } : {}),
    ...(datadir ? { datadir: resolve(datadir) } : {}),
    ...(network && network !== DEFAULT_NETWORK ? { network: isNetworkPath(network) ? resolve(network) : network } : {}),
  };
}

/** Returns a command that does what it says when it is pasted into another terminal, in another folder. */
export function pierCommand(name: string, { nodeId, datadir, network }: NodeSelection, rest = ''): string {
  return [
    ...(nodeId === undefined ? [] : [`NODE_ID=${nodeId}`]),
    ...[programName(), name],
    ...(datadir === undefined ? [] : [`--datadir ${shellWord(datadir)}`]),
    ...(network === undefined ? [] : [`--network ${shellWord(network)}`]),
    ...(rest === '' ? [] : [rest]),
  ].join(' ');
}

/** Returns a command for a network that runs, with its name unless it is the default. */
export function controlCommand(name: string, network: string): string {
  return pierCommand(name, {}, network === DEFAULT_CONTROL_NAME ? '' : `--name ${network}`);
}

/** A command in quotes, as errors and hints name it. */
const QUOTED = /(['`])(?:NODE_ID=(\d+) )?pier ([a-z]+)((?: [^'`]*)?)\1/g;

/**
 * Adds to the commands that a message names what selects the node and files of this call: errors of lower layers know
 * neither the options nor the environment. Commands for a network that runs get the name of the network. `call` is the command that was called.
 */
export function completeCommands(text: string, call: Command): string {
  const selection = selectionOf(call.opts<NodeSelection>());
  const { name: network } = controlCommands.includes(call.name()) ? call.opts<{ readonly name?: string }>() : {};
  return text.replaceAll(QUOTED, (quoted, quote: string, nodeId: string | undefined, name: string, rest: string) => {
    const options = call.parent?.commands.find((each) => each.name() === name)?.options.map(({ long }) => long);
    if (!options) return quote + quoted.slice(1, -1).replace('pier', programName()) + quote;
    const takes = (option: string) => options.includes(option) && !rest.includes(`${option} `);
    const ofNetwork =
      network !== undefined && controlCommands.includes(name) && takes('--name') ? `--name ${network}` : '';
    const id = takes('--node-id') ? (nodeId ?? selection.nodeId) : undefined;
    const command = pierCommand(
      name,
      {
        ...(id === undefined ? {} : { nodeId: id }),
        ...(selection.datadir !== undefined && takes('--datadir') ? { datadir: selection.datadir } : {}),
        ...(selection.network !== undefined && takes('--network') ? { network: selection.network } : {}),
      },
      [rest.trim(), ofNetwork].filter((part) => part !== '').join(' '),
    );
    return quote + command + quote;
  });
}
