import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { NetworkHead, NetworkState } from '../../devnet/network/state/network-state.ts';
import type { NetworkOptions } from '../../devnet/topology/network-options.ts';
import { shapeNames } from '../../devnet/topology/shapes.ts';
import { UsageError } from '../../node/composition/usage-error.ts';
import { CENTRAL_NODE_ID } from '../../node/config.ts';
import { findNetwork } from '../../node/networks.ts';
import { PierError } from '../../platform/errors.ts';
import { shellWord } from '../command-text.ts';
import { checkNameOption } from '../option-values.ts';
import { type CommonOptions, networkOptions } from '../options.ts';
import { aborted, interruption, onHangup } from '../signals.ts';
import { stdoutFailed } from '../stdout.ts';
import { upScenario } from '../up/up-scenario.ts';

/** Options that describe a network other than the scenario's. Those of `createNetwork` have the same names. */
const topologyOptions = ['nodes', 'shape', 'seed', 'accounts', 'mnemonic', 'balance'] as const;

interface UpOptions extends CommonOptions, Readonly<Partial<Record<(typeof topologyOptions)[number], string>>> {
  readonly basePort: string;
  readonly log?: boolean;
  readonly state?: string;
  readonly name?: string;
}

/** Adds the command `up`. */
export function addUp(program: Command): void {
  networkOptions(
    program
      .command('up')
      .description('start a network and keep it running until Ctrl-C: four nodes that play the scenario, or others')
      .argument('[file]', 'topology of the network, a JSON or YAML file')
      .option('--nodes <count>', 'number of nodes (default: 3)')
      .addOption(
        new Option('--shape <name>', 'which nodes are linked (default: mesh, or random beyond eight nodes)').choices(
          shapeNames,
        ),
      )
      .option('--seed <number>', 'seed of everything random (default: 1)')
      .option('--accounts <count>', 'number of accounts with coins (default: 10)')
      .option('--mnemonic <words>', 'BIP39 mnemonic of the accounts (default: a public one)')
      .option('--balance <bitcoins>', 'bitcoins of each account (default: 50)')
      .option(
        '--state <file>',
        'load the state of the network from the file if it exists, and save it there at the end',
      )
      .option('--name <network>', 'what other commands call the network (default: default)')
      .option(
        '--base-port <port>',
        "port of the scenario's central node; the other nodes use the next three ports",
        String(CENTRAL_NODE_ID),
      )
      .option('--log', "print the logs of the scenario's nodes to stderr"),
  ).action(async (file: string | undefined, options: UpOptions, command: Command) => {
    checkNameOption(options.name);
    const interrupted = () => {
      // A closed terminal does not end the network, whose nodes ignore it too.
      onHangup(() => {});
      return Promise.race([aborted(interruption()), stdoutFailed.then(() => {})]);
    };
    const given = topologyOptions.filter((name) => options[name] !== undefined);
    const { state } = options;
    const folder = options.datadir ?? process.env.PIER_DATADIR;
    const isPlain = file === undefined && given.length === 0 && state === undefined;
    const kept = isPlain ? await keptTopology(folder) : undefined;
    if (isPlain && !kept) return upScenario(options, interrupted());
    const isGiven = (name: string) => command.getOptionValueSource(name) === 'cli';
    const ofScenario = { '--base-port': isGiven('basePort'), '--log': isGiven('log') };
    if (kept)
      refuse(`is for the scenario; the folder ${folder} holds another network, which 'pier up' continues`, ofScenario);
    refuse('is for the scenario, which other networks do not play', ofScenario);
    if (file !== undefined) {
      const inFile = [...topologyOptions, 'network'].map((name) => [`--${name}`, isGiven(name)]);
      refuse(`cannot be combined with a file: write it into ${file}`, Object.fromEntries(inFile));
    }
    const saved = state === undefined ? undefined : await savedState(state);
    const describes = [...topologyOptions, 'network'].some(isGiven);
    const topology =
      kept ??
      (saved && file === undefined && !describes
        ? saved.topology
        : file === undefined
          ? await optionsTopology(options)
          : await fileTopology(file));
    if (saved) await refuseOther(topology, saved, { state: state!, source: file ?? 'the command' });
    const { continueNetwork, createNetwork } = await import('../../devnet/network/create-network.ts');
    const { upNetwork } = await import('../up/up-network.ts');
    const dataDir = options.datadir ?? topology.dataDir ?? folder;
    await upNetwork({
      topology: { ...topology, engine: 'processes', ...(dataDir === undefined ? {} : { dataDir }) },
      ...{ state, saved, json: options.json === true, name: options.name ?? 'default' },
      continues: (kept ?? (await keptTopology(dataDir))) !== undefined,
      create: (planned, from) => (from ? continueNetwork(planned, from) : createNetwork(planned)),
      interrupted: interrupted(),
    });
  });
}

/** Throws `UsageError` for the options that are given. */
function refuse(reason: string, options: Readonly<Record<string, boolean>>): void {
  for (const [name, isGiven] of Object.entries(options)) {
    if (isGiven) throw new UsageError('useless-option', `${name} ${reason}`);
  }
}

/** Returns the topology of the network whose files are in a data directory; undefined if there is none. */
async function keptTopology(dataDir: string | undefined): Promise<NetworkOptions | undefined> {
  if (dataDir === undefined) return undefined;
  const { NetworkFolder } = await import('../../devnet/nodes/system/network-folder.ts');
  const { kept } = await NetworkFolder.open(dataDir);
  return (kept?.state as NetworkHead | undefined)?.topology;
}

/** Returns the state in a file; undefined if there is no such file. Throws if it could not be written at the end. */
async function savedState(path: string): Promise<NetworkState | undefined> {
  const { checkStatePath, readState } = await import('../../devnet/network/state/state-file.ts');
  try {
    await checkStatePath(path);
  } catch (error) {
    if (!(error instanceof PierError) || error.code !== 'state-not-saved') throw error;
    throw new UsageError(error.code, `--state ${error.message}`, {
      cause: error,
      ...(error.hint && { hint: error.hint }),
    });
  }
  return existsSync(path) ? readState(path) : undefined;
}

/** Throws `UsageError` 'other-topology' if a topology is not that of a saved network. */
async function refuseOther(
  topology: NetworkOptions,
  saved: NetworkState,
  { state, source }: { readonly state: string; readonly source: string },
): Promise<void> {
  const { topologyDifferences, topologyOf } = await import('../../devnet/network/state/network-state.ts');
  const { planNetwork } = await import('../../devnet/topology/network-plan.ts');
  const { listFaults } = await import('../../devnet/topology/topology-error.ts');
  const plan = planNetwork({ ...topology, engine: 'processes' }, findNetwork);
  const differences = topologyDifferences(topologyOf(plan), saved.topology);
  if (differences.length === 0) return;
  const message = `${source} describes another network than the one in ${state}:\n${listFaults(differences)}`;
  throw new UsageError('other-topology', message, {
    hint: `Continue the saved network by 'pier up --state ${shellWord(state)}' alone, or give another file to --state.`,
  });
}

/** Returns the topology of a file, with the environment's network if it names none. */
async function fileTopology(file: string): Promise<NetworkOptions> {
  const { readTopology } = await import('../../devnet/topology/read-topology.ts');
  const topology = await readTopology(file);
  if (topology.engine === 'memory') {
    throw new UsageError('bad-topology', `${file}: engine: 'memory' is for programs; pier up starts processes`, {
      hint: 'Leave the engine out, or use the file with createNetwork().',
    });
  }
  return { network: environmentNetwork(), ...topology };
}

/** Returns the topology that options describe. Throws `UsageError` 'bad-topology' with the option's name. */
async function optionsTopology(options: UpOptions): Promise<NetworkOptions> {
  const { nodes, seed, accounts, shape, mnemonic, balance } = options;
  const { planNetwork } = await import('../../devnet/topology/network-plan.ts');
  const topology = {
    ...{ nodes: toNumber(nodes), seed: toNumber(seed), accounts: toNumber(accounts), shape, mnemonic, balance },
    network: options.network ?? environmentNetwork(),
  } as NetworkOptions;
  try {
    planNetwork(topology, findNetwork);
    return topology;
  } catch (error) {
    if (!(error instanceof PierError) || error.code !== 'bad-topology') throw error;
    const message = error.message.replaceAll(/^/gm, '--');
    throw new UsageError(error.code, message, { cause: error, hint: "'pier help up' lists the options." });
  }
}

function environmentNetwork(): string | undefined {
  return process.env.PIER_NETWORK || undefined;
}

/** Returns a number for text that is one; other text is refused with the other options. */
function toNumber(text: string | undefined): string | number | undefined {
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
