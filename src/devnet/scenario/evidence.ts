import { PierError } from '../../platform/errors.ts';

/** A value read from a node. */
export interface Fact {
  readonly nodeId: number;
  readonly label: string;
  readonly value: string | number;
}

/** A completed step and the facts that verify it. */
export interface StepEvidence {
  readonly step: number;
  readonly title: string;
  readonly facts: readonly Fact[];
}

/** Thrown when a step fails or its facts do not hold in time. */
export class ScenarioError extends PierError {
  /** Number of the failed step. */
  readonly step: number;

  constructor(step: number, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super('step-failed', `step ${step}: ${message}`, options);
    this.step = step;
  }
}
