import type { ScriptTrace, TracedPhase, TracedSignature, TracedState } from '../../script/trace.ts';

/** A moment of an execution: the start of a script, or after one of its steps. */
export interface Moment {
  /** The index in `phases`. */
  readonly phase: number;
  /** The index in `steps`; undefined at the start. */
  readonly step: number | undefined;
}

/** Returns all moments of a trace, in order. */
export function momentsOf({ phases }: ScriptTrace): Moment[] {
  return phases.flatMap(({ steps }, phase) => [
    { phase, step: undefined },
    ...steps.map((_, step) => ({ phase, step })),
  ]);
}

/** Returns the index of the moment to begin with: the one that fails, the first of an execution that succeeds. */
export function firstMoment(trace: ScriptTrace): number {
  const { place } = trace;
  if (!place || place.phase === undefined) return 0;
  const ofPhase = momentsOf(trace).map(({ phase, step }) => phase === place.phase && (place.step ?? step) === step);
  return Math.max(0, ofPhase.lastIndexOf(true));
}

/** Returns the states before and after a moment; the same at a script's start. */
export function statesAt(
  { steps, initial }: TracedPhase,
  step: number | undefined,
): readonly [TracedState, TracedState] {
  if (step === undefined) return [initial, initial];
  const { before, after } = steps[step]!;
  return [before, after];
}

/** Returns the signatures that are checked at a moment: those of a key path at its start. */
export function signaturesAt({ signatures }: TracedPhase, step: number | undefined): TracedSignature[] {
  return signatures.filter((signature) => signature.step === step);
}

/** How a conditional stands. */
export type Condition = 'taken' | 'notTaken' | 'unreached';

/** Returns how the open conditionals stand, the outermost first. */
export function conditionsOf({ conditionalDepth, falseDepth }: TracedState): Condition[] {
  return Array.from({ length: conditionalDepth }, (_, i) => {
    if (falseDepth === 0 || i + 1 < falseDepth) return 'taken';
    return i + 1 === falseDepth ? 'notTaken' : 'unreached';
  });
}

const outputNames = [undefined, 'ALL', 'NONE', 'SINGLE'] as const;

/** Returns the name of a hash type with its number; the number alone if it is undefined. */
export function hashTypeName({ algorithm }: Pick<TracedSignature, 'algorithm'>, hashType: number): string {
  const number = `0x${hashType.toString(16).padStart(2, '0')}`;
  if (hashType === 0 && algorithm === 'schnorr') return `DEFAULT (${number})`;
  const name = outputNames[hashType & 0x7f];
  if (name === undefined) return number;
  return hashType & 0x80 ? `${name}|ANYONECANPAY (${number})` : `${name} (${number})`;
}
