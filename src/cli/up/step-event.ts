import type { StepEvent } from '../../control/protocol/events.ts';
import type { StepEvidence } from '../../devnet/scenario/evidence.ts';
import type { ScenarioNode } from '../../devnet/scenario/scenario-network.ts';

/** Names of the scenario's nodes, in the order of their ports (`scenarioNodes`, whose module `pier up` loads later). */
const NODE_NAMES = ['central', 'wallet', 'miner', 'light'] as const satisfies readonly ScenarioNode[];

/** Returns a step as clients of the network see it: with the names of its nodes in the place of their ports. */
export function stepEvent({ step, title, facts }: StepEvidence, nodeIds: readonly number[]): Omit<StepEvent, 'type'> {
  const nodeOf = (id: number) => NODE_NAMES[nodeIds.indexOf(id)]!;
  return { step, title, facts: facts.map(({ nodeId, ...fact }) => ({ node: nodeOf(nodeId), ...fact })) };
}
