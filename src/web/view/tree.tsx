import { createMemo, For, type JSX, Show } from 'solid-js';
import { colourOf, tagOf } from '../model/block-colour.ts';
import { namesText, rowsOf, widthOf } from '../model/stage/tree-labels.ts';
import { layOutTree } from '../model/stage/tree-layout.ts';
import { isDim, usePage } from './context.ts';
import { stableList } from './stable-list.ts';

/** Heights that the tree shows. */
const COLUMNS = 24;
/** Pixels between two heights and between two branches, and of a block. */
const STEP = 46;
const LANE = 62;
const BLOCK = 20;
/** Pixels between two rows of names. */
const ROW = 13;

const x = (column: number) => 12 + column * STEP;

/** The block tree, with the nodes that stand on each tip. */
export function Tree(): JSX.Element {
  const { session, texts, focus } = usePage();
  const { timeline } = session;
  const placed = createMemo(() => {
    session.version();
    return new Map(layOutTree(timeline.blocks.values(), COLUMNS).map((each) => [each.block.hash, each]));
  });
  const hashes = stableList(() => [...placed().keys()]);
  /** Names of the nodes by the hash of their tip. */
  const tips = createMemo(() => {
    session.version();
    const byTip = new Map<string, string[]>();
    for (const name of timeline.nodes.keys()) {
      const moment = timeline.nodeAt(name, session.shown());
      if (!moment || moment.status === 'stopped') continue;
      byTip.set(moment.tip, [...(byTip.get(moment.tip) ?? []), name]);
    }
    return byTip;
  });
  /** Blocks on the chains of the nodes, also of stopped ones: others have lost. */
  const onChain = createMemo(() => {
    session.version();
    const ends = new Set([...timeline.nodes.keys()].map((name) => timeline.nodeAt(name, session.shown())?.tip ?? ''));
    return new Set([...ends].flatMap((tip) => timeline.chainFrom(tip, COLUMNS).map(({ hash }) => hash)));
  });
  const labels = createMemo(() => {
    const found = [...placed().values()].flatMap(({ block: { hash }, lane, column }) => {
      const names = tips().get(hash);
      return names ? [{ hash, lane, x: x(column), text: namesText(names) }] : [];
    });
    const rows = rowsOf(found);
    return new Map(found.map((label, i) => [label.hash, { ...label, row: rows[i]! }]));
  });
  /** Where each lane begins, and where the last one ends: lanes are as high as their names need. */
  const tops = createMemo(() => {
    const lanes = [...placed().values()].reduce((count, { lane }) => Math.max(count, lane + 1), 1);
    const rows = new Array<number>(lanes).fill(0);
    for (const { lane, row } of labels().values()) rows[lane] = Math.max(rows[lane]!, row);
    const found = [22];
    for (const row of rows) found.push(found.at(-1)! + LANE + row * ROW);
    return found;
  });
  const y = (lane: number) => tops()[lane]!;
  const width = () =>
    Math.max(24 + COLUMNS * STEP + 120, ...[...labels().values()].map((label) => label.x + widthOf(label.text) + 12));
  return (
    <section class="tree" classList={{ dim: isDim(focus, 'tree') }} aria-label={texts().views.tree}>
      <svg width={width()} height={tops().at(-1)! - 6}>
        <title>{texts().views.tree}</title>
        <For each={hashes()}>
          {(hash) => (
            <Show when={placed().get(hash)}>
              {(each) => (
                <>
                  <Show when={each().previousLane !== undefined}>
                    <line
                      class="branch"
                      x1={x(each().column)}
                      y1={y(each().lane) + BLOCK / 2}
                      x2={x(each().column - 1) + BLOCK}
                      y2={y(each().previousLane!) + BLOCK / 2}
                    />
                  </Show>
                  <TreeBlock
                    {...{ hash, height: each().block.height, left: x(each().column), top: y(each().lane) }}
                    names={tips().get(hash) ?? []}
                    isLost={!onChain().has(hash)}
                    label={labels().get(hash)}
                  />
                </>
              )}
            </Show>
          )}
        </For>
      </svg>
    </section>
  );
}

function TreeBlock(props: {
  readonly hash: string;
  readonly height: number;
  /** Pixels. */
  readonly left: number;
  readonly top: number;
  readonly names: readonly string[];
  readonly isLost: boolean;
  readonly label: { readonly text: string; readonly row: number } | undefined;
}): JSX.Element {
  const { theme, highlight, setHighlight, go } = usePage();
  const open = () => go({ view: 'block', id: props.hash });
  return (
    // biome-ignore lint/a11y/useSemanticElements: a link inside a drawing is a group.
    <g
      role="link"
      tabindex="0"
      aria-label={`${props.height} ${tagOf(props.hash)} ${props.names.join(', ')}`.trimEnd()}
      onClick={open}
      onKeyDown={(event) => event.key === 'Enter' && open()}
      onPointerEnter={() => setHighlight(props.hash)}
      onPointerLeave={() => setHighlight(undefined)}
    >
      <rect
        x={props.left}
        y={props.top}
        width={BLOCK}
        height={BLOCK}
        fill={colourOf(props.hash, theme().isDark)}
        classList={{ lit: highlight() === props.hash, lost: props.isLost }}
      />
      <text x={props.left + BLOCK / 2} y={props.top - 6}>
        {props.height}
      </text>{' '}
      <text x={props.left + BLOCK / 2} y={props.top + BLOCK + 11}>
        {tagOf(props.hash)}
      </text>{' '}
      <Show when={props.label}>
        {(label) => (
          <>
            <Show when={label().row > 0}>
              <line
                class="leader"
                x1={props.left + 1}
                x2={props.left + 1}
                y1={props.top + BLOCK + 15}
                y2={props.top + BLOCK + 25 + label().row * ROW}
              />
            </Show>
            <text
              x={props.left + (label().row > 0 ? 5 : 0)}
              y={props.top + BLOCK + 24 + label().row * ROW}
              class="names"
            >
              {label().text}
            </text>
          </>
        )}
      </Show>
    </g>
  );
}
