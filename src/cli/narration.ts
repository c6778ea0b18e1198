import type { StepEvidence } from '../devnet/scenario.ts';
import { bold, dim } from './output.ts';

/** A step for people: what happened, then each fact with the node it was read from. */
export function narrateStep(evidence: StepEvidence): string {
  const width = Math.max(...evidence.facts.map(({ label }) => label.length));
  const lines = evidence.facts.map(
    ({ nodeId, label, value }) => `   ${dim(`node ${nodeId}`)}  ${label.padEnd(width)}  ${value}`,
  );
  return [bold(`${evidence.step}. ${evidence.title}`), ...lines, ''].join('\n');
}
