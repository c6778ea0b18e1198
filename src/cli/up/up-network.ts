import { RpcClient } from '../../api/client/rpc-client.ts';
import type { NodeNetwork } from '../../devnet/network/node-network.ts';
import { type NetworkState, topologyOf } from '../../devnet/network/state/network-state.ts';
import type { NetworkOptions } from '../../devnet/topology/network-options.ts';
import { holdsAccounts, planNetwork } from '../../devnet/topology/network-plan.ts';
import { findNetwork } from '../../node/networks.ts';
import { controlCommand, shellWord } from '../command-text.ts';
import { note, print } from '../output.ts';
import { t } from '../text/texts.ts';
import { waiting } from '../waiting.ts';
import { type ControlHost, noteControl, notePage, warnAtExits, withControl } from './control-host.ts';
import { formatReport, reportNetwork } from './network-report.ts';
import { watchBlocks } from './watch-blocks.ts';

/** How `upNetwork` runs a network. */
export interface UpNetworkOptions {
  readonly topology: NetworkOptions;
  readonly json: boolean;
  /** What other commands call the network. */
  readonly name: string;
  /** File to which the network's state is saved at the end. */
  readonly state?: string | undefined;
  /** What is in the file already: the network continues from it. */
  readonly saved?: NetworkState | undefined;
  /** Whether the data directory holds the network already. */
  readonly continues?: boolean;
  /** Creates the network, with a state if there is one. */
  readonly create: (options: NetworkOptions, saved: NetworkState | undefined) => Promise<NodeNetwork>;
  /** Resolves when the network is to stop. */
  readonly interrupted: Promise<unknown>;
}

/** Starts a network, prints its accounts and nodes, and stops it when interrupted. A node that ends does not end it. */
export async function upNetwork(options: UpNetworkOptions): Promise<void> {
  await withControl(options.name, (host) => runNetwork(options, host));
}

async function runNetwork(
  { topology, state, saved, json, name, ...rest }: UpNetworkOptions,
  host: ControlHost,
): Promise<void> {
  const { create, continues = false, interrupted } = rest;
  const plan = planNetwork(topology, findNetwork);
  // Every node serves RPC, through which the network is used.
  const nodes = topologyOf(plan).nodes.map((node) => ({ ...node, rpc: node.rpc || true }));
  const creating = create({ ...topology, nodes }, saved);
  const isInterrupted = interrupted.then(() => undefined);
  const count = plan.nodes.length;
  const loading =
    saved === undefined ? t`Creating a network of ${count} nodes` : t`Loading a network of ${count} nodes`;
  const network = await waiting(continues ? t`Continuing a network of ${count} nodes` : loading, () =>
    Promise.race([creating, isInterrupted]),
  );
  if (!network) {
    // Nodes that an interrupt has stopped fail to start. That error is ignored.
    const started = await creating.catch(() => undefined);
    await started?.close();
    note(t`All nodes are stopped.`);
    return;
  }
  let isStopping = false;
  warnAtExits(network, name, () => isStopping);
  try {
    const { down } = await host.serve(network);
    const report = await reportNetwork(network, plan);
    if (json) {
      print(JSON.stringify(report, null, 2));
    } else {
      print(formatReport(report));
      const watched = network.nodes[plan.nodes.findIndex(holdsAccounts)]!;
      void watchBlocks(new RpcClient(watched.rpc!));
    }
    note(`${await describeState(network, name)}${t` Press Ctrl-C to stop.`}`);
    if (topology.dataDir !== undefined) {
      const { dataDir } = topology;
      note(
        continues
          ? t`It continues on the files in ${dataDir}.`
          : t`'pier up --datadir ${shellWord(dataDir)}' continues on the files in ${dataDir}.`,
      );
    }
    notePage(host);
    noteControl(host);
    await Promise.race([isInterrupted, down]);
    if (state !== undefined) {
      await waiting(t`Saving the state of the network`, () => network.save(state));
      note(t`The state of the network is in ${state}.`);
    }
  } finally {
    isStopping = true;
    await waiting(t`Stopping the nodes`, () => network.close());
    note(t`All nodes are stopped.`);
  }
}

/** Says whether the nodes have one tip: not in a network that was saved while links were cut. */
async function describeState({ nodes, links }: NodeNetwork, name: string): Promise<string> {
  const views = await Promise.all(nodes.map((node) => node.view()));
  const tips = new Set(views.map(({ tip }) => tip)).size;
  const cut = links.filter(({ isCut }) => isCut).length;
  const inSync =
    nodes.length === 1 ? t`The node is running and in sync.` : t`All ${nodes.length} nodes are running and in sync.`;
  const state = tips > 1 ? t`All ${nodes.length} nodes are running, with ${tips} different tips.` : inSync;
  if (cut === 0) return state;
  const heal = controlCommand('heal', name);
  return `${state}${cut === 1 ? t` ${1} link is cut: '${heal}' mends it.` : t` ${cut} links are cut: '${heal}' mends them.`}`;
}
