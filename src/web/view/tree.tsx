import { createMemo, For, type JSX, Show } from 'solid-js';
import { colourOf, tagOf } from '../model/block-colour.ts';
import { layOutTree } from '../model/stage/tree-layout.ts';
import { isDim, usePage } from './context.ts';
import { stableList } from './stable-list.ts';

/** Heights that the tree shows. */
const COLUMNS = 24;
/** Pixels between two heights and between two branches, and of a block. */
const STEP = 46;
const LANE = 62;
const BLOCK = 20;
/** Names of nodes that stand beside a tip. */
const MAX_NAMES = 4;

const x = (column: number) => 12 + column * STEP;
const y = (lane: number) => 22 + lane * LANE;

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
  const lanes = () => [...placed().values()].reduce((count, { lane }) => Math.max(count, lane + 1), 1);
  return (
    <section class="tree" classList={{ dim: isDim(focus, 'tree') }} aria-label={texts().views.tree}>
      <svg width={24 + COLUMNS * STEP + 120} height={lanes() * LANE + 16}>
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
                    {...{ hash, height: each().block.height, column: each().column, lane: each().lane }}
                    names={tips().get(hash) ?? []}
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
  readonly column: number;
  readonly lane: number;
  readonly names: readonly string[];
}): JSX.Element {
  const { theme, highlight, setHighlight, go } = usePage();
  const open = () => go({ view: 'block', id: props.hash });
  const left = () => x(props.column);
  const top = () => y(props.lane);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a link inside a drawing is a group.
    <g
      role="link"
      tabindex="0"
      aria-label={`${props.height} ${tagOf(props.hash)} ${namesText(props.names)}`.trimEnd()}
      onClick={open}
      onKeyDown={(event) => event.key === 'Enter' && open()}
      onPointerEnter={() => setHighlight(props.hash)}
      onPointerLeave={() => setHighlight(undefined)}
    >
      <rect
        x={left()}
        y={top()}
        width={BLOCK}
        height={BLOCK}
        fill={colourOf(props.hash, theme().isDark)}
        classList={{ lit: highlight() === props.hash }}
      />
      <text x={left() + BLOCK / 2} y={top() - 6}>
        {props.height}
      </text>{' '}
      <text x={left() + BLOCK / 2} y={top() + BLOCK + 11}>
        {tagOf(props.hash)}
      </text>{' '}
      <Show when={props.names.length > 0}>
        <text x={left()} y={top() + BLOCK + 24} class="names">
          {namesText(props.names)}
        </text>
      </Show>
    </g>
  );
}

/** Names some nodes, and counts the others. */
function namesText(names: readonly string[]): string {
  if (names.length <= MAX_NAMES) return names.join(', ');
  return `${names.slice(0, MAX_NAMES - 1).join(', ')} +${names.length - MAX_NAMES + 1}`;
}
