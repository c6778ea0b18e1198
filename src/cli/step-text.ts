import type { StepEvidence } from '../devnet/scenario/evidence.ts';
import { bold, dim } from './output.ts';
import { t, translate } from './text/texts.ts';
import { displayWidth, padEnd } from './text/width.ts';

/** Formats a step as text, in the language of the user: its title, then each fact with its node. */
export function formatStep(evidence: StepEvidence): string {
  const facts = evidence.facts.map(({ label, ...fact }) => ({ ...fact, label: translate(label) }));
  const width = Math.max(...facts.map(({ label }) => displayWidth(label)));
  const lines = facts.map(
    ({ nodeId, label, value }) => `   ${dim(t`node ${nodeId}`)}  ${padEnd(label, width)}  ${translate(String(value))}`,
  );
  return [bold(`${evidence.step}. ${translate(evidence.title)}`), ...lines, ''].join('\n');
}
