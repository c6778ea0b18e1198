import type { StepEvidence } from '../devnet/scenario/evidence.ts';
import { bold, dim } from './output.ts';

/** Formats a step as text: its title, then each fact with its node. */
export function formatStep(evidence: StepEvidence): string {
  const width = Math.max(...evidence.facts.map(({ label }) => label.length));
  const lines = evidence.facts.map(
    ({ nodeId, label, value }) => `   ${dim(`node ${nodeId}`)}  ${label.padEnd(width)}  ${value}`,
  );
  return [bold(`${evidence.step}. ${evidence.title}`), ...lines, ''].join('\n');
}
