import { For, type JSX } from 'solid-js';
import { type FlowPart, layOutFlow, MAX_PARTS } from '../../model/anatomy/flow.ts';
import { bitcoinsOf } from '../../model/wallet/amount.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import { useNarrow } from '../narrow.ts';

/** Widths of the drawing, and of the labels at each side, in pixels: letters have the same size on a phone. */
const WIDE = { width: 560, label: 150 };
const NARROW = { width: 370, label: 126 };
const BAR = 8;
/** Pixels of the height for each part, so that its label has room. */
const ROW = 46;
/** Pixels that a part is thick at least. */
const LEAST = 1.5;

/** What a side of the flow has. */
export interface FlowSide {
  readonly value: bigint;
  readonly label: string;
}

/** A transaction as a flow by amount, from its inputs to its outputs and the fee. */
export function FlowDrawing(props: {
  readonly inputs: readonly FlowSide[];
  readonly outputs: readonly FlowSide[];
  readonly about: string;
}): JSX.Element {
  const { texts } = usePage();
  const values = (sides: readonly FlowSide[]) => sides.map(({ value }) => value);
  const flow = () => layOutFlow(values(props.inputs), values(props.outputs));
  const height = () => Math.max(72, ROW * Math.max(flow().inputs.length, flow().outputs.length));
  const y = (part: number) => part * height();
  const thick = ({ thickness }: FlowPart) => Math.max(LEAST, thickness * height());
  const isNarrow = useNarrow();
  const size = () => (isNarrow() ? NARROW : WIDE);
  const left = () => size().label + BAR;
  const right = () => size().width - size().label - BAR;
  /** A ribbon from a part at its side to its place in the middle. */
  const ribbon = (part: FlowPart, from: number) => {
    const [a, b] = [y(part.top), y(part.top) + thick(part)];
    const [c, d] = [y(part.middle), y(part.middle) + thick(part)];
    const centre = size().width / 2;
    const bend = (from + centre) / 2;
    return `M${from},${a} C${bend},${a} ${bend},${c} ${centre},${c} L${centre},${d} C${bend},${d} ${bend},${b} ${from},${b} Z`;
  };
  const labelOf = ({ what }: FlowPart, sides: readonly FlowSide[]) => {
    if (what === 'fee') return texts().anatomy.fee;
    return what === 'rest' ? fill(texts().anatomy.rest, sides.length - MAX_PARTS + 1) : sides[what]!.label;
  };
  return (
    <svg class="flow" viewBox={`0 0 ${size().width} ${height()}`} role="img" aria-label={props.about}>
      <For each={flow().inputs}>
        {(part) => (
          <>
            <path class="ribbon" d={ribbon(part, left())} />
            <rect class="bar" x={size().label} y={y(part.top)} width={BAR} height={thick(part)} />
            <text x={size().label - 6} y={y(part.label) - 2} class="end">
              {bitcoinsOf(part.value)}
              <tspan x={size().label - 6} dy="12">
                {labelOf(part, props.inputs)}
              </tspan>
            </text>
          </>
        )}
      </For>
      <For each={flow().outputs}>
        {(part) => (
          <>
            <path class="ribbon" classList={{ fee: part.what === 'fee' }} d={ribbon(part, right())} />
            <rect
              class="bar"
              classList={{ fee: part.what === 'fee' }}
              x={right()}
              y={y(part.top)}
              width={BAR}
              height={thick(part)}
            />
            <text x={size().width - size().label + 6} y={y(part.label) - 2} class="start">
              {bitcoinsOf(part.value)}
              <tspan x={size().width - size().label + 6} dy="12">
                {labelOf(part, props.outputs)}
              </tspan>
            </text>
          </>
        )}
      </For>
    </svg>
  );
}
