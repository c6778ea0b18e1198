import type { StepEvidence } from '../../../src/devnet/scenario/evidence.ts';

/** Returns the value of a step's fact with this label. */
export function factOf(evidence: readonly StepEvidence[], step: number, label: string): string | number | undefined {
  return evidence.find((e) => e.step === step)?.facts.find((f) => f.label === label)?.value;
}

/** Returns the steps that a command has printed as text. */
export function printedSteps(lines: readonly string[]): StepEvidence[] {
  return lines.flatMap((line, at) => {
    const [, step, title] = /^(\d+)\. (.*)$/.exec(line) ?? [];
    if (step === undefined) return [];
    const facts = lines.slice(at + 1, lines.indexOf('', at)).map((fact) => {
      const [, nodeId, label, value] = /^ {3}node (\d+) {2}(.*?) {2,}(.*)$/.exec(fact)!;
      return { nodeId: Number(nodeId), label: label!, value: /^\d+$/.test(value!) ? Number(value) : value! };
    });
    return [{ step: Number(step), title: title!, facts }];
  });
}
