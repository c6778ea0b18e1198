import { findNetwork, type NamedNetwork } from '../../node/networks.ts';
import { systemClock } from '../../platform/clock.ts';
import type { NodeNetwork } from '../network/node-network.ts';
import { createPlanned } from '../network/open-network.ts';
import type { NetworkHead } from '../network/state/network-state.ts';
import type { WalletSeeds } from '../network/state/network-wallets.ts';
import { stateFiles } from '../network/state/state-file.ts';
import { NetworkFolder } from '../nodes/system/network-folder.ts';
import { type PreparedNodes, ProcessEngine } from '../nodes/system/process-engine.ts';
import { planNetwork } from '../topology/network-plan.ts';

/** Names of the scenario's nodes, in the order of their ports. */
export const scenarioNodes = ['central', 'wallet', 'miner', 'light'] as const;
/** A name of one of them. */
export type ScenarioNode = (typeof scenarioNodes)[number];

/** What `openScenarioNetwork` needs. */
export interface ScenarioNetworkOptions extends PreparedNodes {
  readonly dataDir: string;
  readonly network: NamedNetwork;
  readonly seeds: WalletSeeds;
}

/**
 * Returns the network of the scenario, whose nodes do not run yet, on files that stay. If an earlier run has moved its time
 * ahead, it is ahead again: the nodes would refuse blocks after those of that time.
 */
export async function openScenarioNetwork(options: ScenarioNetworkOptions): Promise<NodeNetwork> {
  const { dataDir, network: named, seeds, ...prepared } = options;
  const folder = NetworkFolder.openFlat(dataDir, prepared.nodeIds[0]!);
  const before = folder.kept?.state as NetworkHead | undefined;
  const plan = planNetwork(
    {
      ...{ network: named.argument, engine: 'processes', dataDir, accounts: 0 },
      nodes: scenarioNodes.map((name) => ({ name, role: name })),
      links: [
        { between: ['wallet', 'central'] },
        { between: ['miner', 'central'] },
        { between: ['light', 'central'] },
        { between: ['light', 'wallet'] },
      ],
    },
    findNetwork,
  );
  const network = await createPlanned(plan, {
    seeds,
    host: {
      ...{ findNetwork, files: stateFiles },
      // Of an earlier run, the time alone is continued.
      openFolder: async () => ({ path: folder.path, kept: undefined, release: () => folder.release() }),
      createEngine: (planned, modules) => ProcessEngine.create(planned, { ...modules, folder, prepared }),
    },
  });
  const time = before && (before.clock.frozen ?? systemClock.now() + before.clock.offset);
  if (time !== undefined && time > systemClock.now()) network.time.set(new Date(time));
  return network;
}
