import { createSignal, For, type JSX } from 'solid-js';
import { type DiagramScene, drawDiagram, messageAt, rowOf } from '../draw/diagram.ts';
import { Canvas } from './canvas.tsx';
import { isDim, usePage } from './context.ts';
import { stableList } from './stable-list.ts';

/** Milliseconds that the diagram shows. */
const WINDOW_MS = 20_000;
const MARGIN = 76;
const HIDDEN = new Set(['ping', 'pong']);

/** The space-time diagram: which message went from where to where, and when. It is also the scrubber. */
export function Diagram(): JSX.Element {
  const { session, texts, theme, route, go, highlight, setHighlight, focus } = usePage();
  const { timeline, playback } = session;
  const [height, setHeight] = createSignal(0);
  let [width, right] = [0, 0];
  const names = stableList(() => {
    session.version();
    return [...timeline.nodes.keys()];
  });
  const scene = (): DiagramScene => ({
    ...{ timeline, from: right - WINDOW_MS, to: right, time: playback.time(Date.now()), now: Date.now() },
    ...{ margin: MARGIN, theme: theme(), highlight: highlight(), hidden: HIDDEN, lit: lit() },
  });
  /** The message that the inspector shows. */
  const lit = () => {
    const to = route();
    return to.view === 'message' ? timeline.message(to.node, to.id) : undefined;
  };
  const draw = (canvas: CanvasRenderingContext2D, w: number, h: number) => {
    const now = Date.now();
    const time = playback.time(now);
    width = w;
    // While the display stands still, the diagram does too, unless the moment shown is outside of it.
    if (playback.slowness !== 0 || time > right || time < right - WINDOW_MS) right = time + WINDOW_MS * 0.05;
    drawDiagram(canvas, w, h, scene());
  };
  const point = (event: PointerEvent, x: number, y: number) => {
    const message = event.type === 'pointermove' && event.buttons !== 0 ? undefined : at(x, y);
    // What the message is about lights up wherever it is.
    setHighlight(message && timeline.txidOf(message.hashes[0] ?? ''));
    if (event.type === 'pointerdown' && message?.id !== undefined)
      go({ view: 'message', node: message.node, id: message.id });
    else scrub(event, x);
  };
  const at = (x: number, y: number) => (x < MARGIN ? undefined : messageAt(scene(), width, height(), { x, y }));
  const scrub = (event: PointerEvent, x: number) => {
    if (event.buttons !== 1 || x < MARGIN) return;
    const time = right - WINDOW_MS + ((x - MARGIN) / (width - MARGIN)) * WINDOW_MS;
    playback.show(time, Date.now());
  };
  return (
    <section class="diagram" classList={{ dim: isDim(focus, 'diagram') }} aria-label={texts().views.diagram}>
      <Canvas label={texts().diagramHelp} draw={draw} onSize={(_, h) => setHeight(h)} onPointer={point}>
        <For each={names()}>
          {(name, i) => (
            <span class="row" style={{ top: `${rowOf(i(), names().length, height())}px` }}>
              {name}
            </span>
          )}
        </For>
      </Canvas>
    </section>
  );
}
