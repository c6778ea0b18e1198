import { createMemo, createSignal, For, type JSX, Show } from 'solid-js';
import { type DiagramScene, drawDiagram, messageAt, rowOf } from '../draw/diagram.ts';
import { layOutLabels } from '../model/stage/row-labels.ts';
import { fill } from '../text/texts.ts';
import { Canvas } from './canvas.tsx';
import { isDim, usePage } from './context.ts';
import { stableList } from './stable-list.ts';

/** Milliseconds that the diagram shows. */
const WINDOW_MS = 20_000;
const HIDDEN = new Set(['ping', 'pong']);

/** The space-time diagram: which message went from where to where, and when. It is also the scrubber. */
export function Diagram(): JSX.Element {
  const { session, texts, theme, route, go, highlight, setHighlight, focus } = usePage();
  const { timeline, playback } = session;
  const [height, setHeight] = createSignal(0);
  const [oneIn, setOneIn] = createSignal(1);
  let [width, right] = [0, 0];
  const names = stableList(() => {
    session.version();
    return [...timeline.nodes.keys()];
  });
  const scene = (): DiagramScene => ({
    ...{ timeline, from: right - WINDOW_MS, to: right, time: playback.time(Date.now()), now: Date.now() },
    ...{ labels: labels(), theme: theme(), highlight: highlight(), hidden: HIDDEN, lit: lit() },
  });
  /** The message that the inspector shows. */
  const lit = () => {
    const to = route();
    return to.view === 'message' ? timeline.message(to.node, to.id) : undefined;
  };
  const labels = createMemo(() => layOutLabels(names(), height()));
  const draw = (canvas: CanvasRenderingContext2D, w: number, h: number) => {
    const now = Date.now();
    const time = playback.time(now);
    width = w;
    // While the display stands still, the diagram does too, unless the moment shown is outside of it.
    if (playback.slowness !== 0 || time > right || time < right - WINDOW_MS) right = time + WINDOW_MS * 0.05;
    const drawn = drawDiagram(canvas, w, h, scene());
    if (drawn !== oneIn()) setOneIn(drawn);
  };
  const point = (event: PointerEvent, x: number, y: number) => {
    const message = event.type === 'pointermove' && event.buttons !== 0 ? undefined : at(x, y);
    // What the message is about lights up wherever it is.
    setHighlight(message && timeline.txidOf(message.hashes[0] ?? ''));
    if (event.type === 'pointerdown' && message?.id !== undefined)
      go({ view: 'message', node: message.node, id: message.id });
    else scrub(event, x);
  };
  const at = (x: number, y: number) =>
    x < labels().margin ? undefined : messageAt(scene(), width, height(), { x, y });
  const scrub = (event: PointerEvent, x: number) => {
    const { margin } = labels();
    if (event.buttons !== 1 || x < margin) return;
    const time = right - WINDOW_MS + ((x - margin) / (width - margin)) * WINDOW_MS;
    playback.show(time, Date.now());
  };
  return (
    <section class="diagram" classList={{ dim: isDim(focus, 'diagram') }} aria-label={texts().views.diagram}>
      <Canvas label={texts().diagramHelp} draw={draw} onSize={(_, h) => setHeight(h)} onPointer={point}>
        <For each={names()}>
          {(name, i) => (
            <Show when={labels().column(i()) !== undefined}>
              <span
                class="row"
                style={{
                  top: `${rowOf(i(), names().length, height())}px`,
                  left: `${labels().column(i())! * labels().width}px`,
                  width: `${labels().width}px`,
                }}
              >
                {name}
              </span>
            </Show>
          )}
        </For>
      </Canvas>
      <Show when={oneIn() > 1}>
        <p class="undrawn">{fill(texts().stage.unshown, WINDOW_MS / 1000, oneIn())}</p>
      </Show>
    </section>
  );
}
