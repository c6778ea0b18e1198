/** A part of the flow, from top to bottom. */
export interface FlowPart {
  /** Index of the input or output; `rest` stands for several, `fee` for what no output gets. */
  readonly what: number | 'rest' | 'fee';
  /** Satoshis. */
  readonly value: bigint;
  /** Where it begins at its own side and in the middle, from 0 to 1 of the height. */
  readonly top: number;
  readonly middle: number;
  /** By its amount: the same at its side and in the middle. */
  readonly thickness: number;
  /** Where its label stands: labels have room, however little flows. */
  readonly label: number;
}

/** What flows through a transaction. */
export interface Flow {
  readonly inputs: readonly FlowPart[];
  readonly outputs: readonly FlowPart[];
}

/** Parts at a side that are drawn on their own. */
export const MAX_PARTS = 10;
/** Of the height, what all parts together take; the rest is room between them. */
const TRUNK = 0.4;

/** Lays out a transaction as a flow by amount: inputs at one side, outputs and the fee at the other. */
export function layOutFlow(inputs: readonly bigint[], outputs: readonly bigint[]): Flow {
  const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
  const total = sum(inputs);
  const fee = total - sum(outputs);
  const named = (values: readonly bigint[]): [FlowPart['what'], bigint][] => {
    if (values.length <= MAX_PARTS) return values.map((value, i) => [i, value]);
    const shown = values.slice(0, MAX_PARTS - 1).map((value, i): [FlowPart['what'], bigint] => [i, value]);
    return [...shown, ['rest', sum(values.slice(MAX_PARTS - 1))]];
  };
  return {
    inputs: stack(named(inputs), total),
    outputs: stack([...named(outputs), ...(fee > 0n ? ([['fee', fee]] as const) : [])], total),
  };
}

/** Stacks parts with room between them; in the middle, they touch each other. */
function stack(parts: readonly (readonly [FlowPart['what'], bigint])[], total: bigint): FlowPart[] {
  const share = (value: bigint) => (total > 0n ? Number((value * 1_000_000n) / total) / 1_000_000 : 1 / parts.length);
  const room = (1 - TRUNK) / parts.length;
  let [slot, middle] = [0, (1 - TRUNK) / 2];
  return parts.map(([what, value]) => {
    const thickness = share(value) * TRUNK;
    const label = slot + (thickness + room) / 2;
    const part = { what, value, top: slot + room / 2, middle, thickness, label };
    slot += thickness + room;
    middle += thickness;
    return part;
  });
}
