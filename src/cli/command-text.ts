import { resolve } from 'node:path';
import type { Command } from 'commander';
import { DEFAULT_NETWORK } from '../node/composition/settings.ts';
import { isNetworkPath } from '../node/networks.ts';
import type { CommonOptions } from './options.ts';

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

/** A command in quotes, as errors and hints name it. */
const QUOTED = /(['`])(?:NODE_ID=(\d+) )?pier ([a-z]+)((?: [^'`]*)?)\1/g;

/**
 * Adds to the commands that a message names what selects the node and files of this call: errors of lower layers know
 * neither the options nor the environment. `call` is the command that was called.
 */
export function completeCommands(text: string, call: Command): string {
  const selection = selectionOf(call.opts<NodeSelection>());
  return text.replaceAll(QUOTED, (quoted, quote: string, nodeId: string | undefined, name: string, rest: string) => {
    const options = call.parent?.commands.find((each) => each.name() === name)?.options.map(({ long }) => long);
    if (!options) return quote + quoted.slice(1, -1).replace('pier', programName()) + quote;
    const takes = (option: string) => options.includes(option) && !rest.includes(`${option} `);
    const { datadir, network } = selection;
    const id = takes('--node-id') ? (nodeId ?? selection.nodeId) : undefined;
    const command = pierCommand(
      name,
      {
        ...(id === undefined ? {} : { nodeId: id }),
        ...(datadir !== undefined && takes('--datadir') ? { datadir } : {}),
        ...(network !== undefined && takes('--network') ? { network } : {}),
      },
      rest.trim(),
    );
    return quote + command + quote;
  });
}
