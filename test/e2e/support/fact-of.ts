import type { StepEvidence } from '../../../src/devnet/scenario/scenario.ts';

/** Returns the value of a step's fact with this label. */
export function factOf(evidence: readonly StepEvidence[], step: number, label: string): string | number | undefined {
  return evidence.find((e) => e.step === step)?.facts.find((f) => f.label === label)?.value;
}
