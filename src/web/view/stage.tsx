import { createMemo, createSignal, For, type JSX, Show } from 'solid-js';
import { drawStage, isCrowded } from '../draw/stage.ts';
import { colourOf, tagOf } from '../model/block-colour.ts';
import { type Point, placeNodes } from '../model/layout.ts';
import { fill } from '../text/texts.ts';
import { Canvas } from './canvas.tsx';
import { isDim, usePage } from './context.ts';
import { stableList } from './stable-list.ts';

/** Pixels between the edge of the stage and the outermost nodes. */
const MARGIN = { left: 70, right: 70, top: 66, bottom: 165 };
/** Messages that keep connections alive say nothing about the chain. */
const HIDDEN = new Set(['ping', 'pong']);

/** The network: nodes as columns of blocks, links, and messages on their way. */
export function Stage(): JSX.Element {
  const { session, texts, theme, highlight, focus } = usePage();
  const { timeline, playback } = session;
  const [size, setSize] = createSignal({ width: 0, height: 0 });
  const [undrawn, setUndrawn] = createSignal(0);
  const motion = window.matchMedia('(prefers-reduced-motion: reduce)');
  // The places change with the nodes and links alone.
  const shape = createMemo(() => {
    session.version();
    return JSON.stringify([
      [...timeline.nodes.keys()],
      [...timeline.links.values()].map(({ from, to }) => ({ from, to })),
    ]);
  });
  const places = createMemo(() => {
    const [names, links] = JSON.parse(shape()) as [string[], { from: string; to: string }[]];
    const { width, height } = size();
    const [w, h] = [Math.max(0, width - MARGIN.left - MARGIN.right), Math.max(0, height - MARGIN.top - MARGIN.bottom)];
    const placed = [...placeNodes(names, links)];
    return new Map(
      placed.map(([name, { x, y }]) => [
        name,
        { x: Math.round(MARGIN.left + x * w), y: Math.round(MARGIN.top + y * h) },
      ]),
    );
  });
  let lastCount = 0;
  const draw = (canvas: CanvasRenderingContext2D, width: number, height: number) => {
    const count = drawStage(canvas, width, height, {
      ...{ timeline, time: playback.time(Date.now()), places: places(), theme: theme(), highlight: highlight() },
      ...{ hasMotion: !motion.matches, hidden: HIDDEN, focus: focus()?.nodes },
    });
    if (count !== lastCount) setUndrawn(count);
    lastCount = count;
  };
  const names = stableList(() => {
    session.version();
    return [...timeline.nodes.keys()];
  });
  return (
    <section class="stage" classList={{ dim: isDim(focus, 'stage') }} aria-label={texts().views.stage}>
      <Canvas label={texts().stageHelp} draw={draw} onSize={(width, height) => setSize({ width, height })}>
        <For each={names()}>{(name) => <NodeLabel name={name} place={places().get(name)} />}</For>
      </Canvas>
      <Show when={undrawn() > 0}>
        <p class="undrawn">{fill(texts().playback.undrawn, undrawn())}</p>
      </Show>
    </section>
  );
}

/** The words above a node's column, which open the node. */
function NodeLabel(props: { readonly name: string; readonly place: Point | undefined }): JSX.Element {
  const { session, texts, theme, go, focus } = usePage();
  const { timeline } = session;
  const node = () => timeline.nodes.get(props.name);
  // A node that has not started yet has none.
  const port = () => session.status()?.nodes.find(({ name }) => name === props.name)?.id;
  const moment = createMemo(() => {
    session.version();
    return timeline.nodeAt(props.name, session.shown());
  });
  return (
    <Show when={moment()}>
      {(now) => (
        <button
          type="button"
          class="node"
          classList={{ off: now().status !== 'running', dim: focus()?.nodes.has(props.name) === false }}
          style={{ left: `${props.place?.x ?? 0}px`, top: `${props.place?.y ?? 0}px` }}
          onClick={() => go({ view: 'node', id: props.name })}
        >
          <strong>{props.name}</strong>
          <span hidden={isCrowded(timeline)}>
            {texts().roles[node()?.role ?? '']}
            {port() ? ` · ${port()}` : ''}
          </span>
          <span class="number">
            <Show when={now().status === 'running'} fallback={texts().status[now().status]}>
              <Show when={!isCrowded(timeline)}>{now().height} </Show>
              <i style={{ color: colourOf(now().tip, theme().isDark) }} aria-hidden="true">
                ■
              </i>{' '}
              {tagOf(now().tip)}
            </Show>
          </span>
          <Show when={now().mining !== null}>
            <span class="searching">{texts().searching}</span>
          </Show>
        </button>
      )}
    </Show>
  );
}
