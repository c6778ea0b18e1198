import { createMemo, createSignal, For, type JSX, Show } from 'solid-js';
import { type DiagramScene, drawDiagram, messageAt, rowOf } from '../draw/diagram.ts';
import { AXIS_HEIGHT } from '../draw/time-axis.ts';
import { layOutLabels } from '../model/stage/row-labels.ts';
import { zeroOf } from '../model/time/ticks.ts';
import type { KnownMessage } from '../model/timeline.ts';
import { fill } from '../text/texts.ts';
import { Canvas } from './canvas.tsx';
import { isDim, usePage } from './context.ts';
import { stableList } from './stable-list.ts';
import { TimeBar } from './time/time-bar.tsx';
import { usePointers } from './time/use-pointers.ts';
import './time/diagram.css';

/** The space-time diagram: which message went from where to where, and when. It is also the scrubber. */
export function Diagram(): JSX.Element {
  const { session, texts, theme, route, go, highlight, setHighlight, focus } = usePage();
  const { timeline, playback } = session;
  const [size, setSize] = createSignal({ width: 0, height: 0 });
  const [oneIn, setOneIn] = createSignal(1);
  const [hovered, setHovered] = createSignal<KnownMessage>();
  const names = stableList(() => {
    session.version();
    return [...timeline.nodes.keys()];
  });
  const scene = (): DiagramScene => {
    const now = Date.now();
    const [time, axis] = [playback.time(now), playback.axis(now)];
    return {
      ...{ timeline, axis, time, now, zero: playback.replay?.journey.from ?? zeroOf(axis, time) },
      ...{ labels: labels(), theme: theme(), highlight: highlight(), lit: hovered() ?? lit() },
      skipped: (duration) => fill(texts().playback.skipped, duration),
    };
  };
  /** The message that the inspector shows. */
  const lit = () => {
    const to = route();
    return to.view === 'message' ? timeline.message(to.node, to.id) : undefined;
  };
  const labels = createMemo(() => layOutLabels(names(), size().height - AXIS_HEIGHT));
  const draw = (canvas: CanvasRenderingContext2D, width: number, height: number) => {
    const drawn = drawDiagram(canvas, width, height, scene());
    if (drawn !== oneIn()) setOneIn(drawn);
  };
  const shareAt = (x: number) => (x - labels().margin) / Math.max(1, size().width - labels().margin);
  const pointers = usePointers({
    messageAt: (x, y, reach) => (shareAt(x) < 0 ? undefined : messageAt(scene(), { ...size(), reach }, { x, y })),
    hover: (message) => {
      if (message === hovered()) return;
      setHovered(message);
      // What the message is about lights up wherever it is.
      setHighlight(message?.hashes[0] && timeline.txidOf(message.hashes[0]));
    },
    open: ({ node, id }) => go({ view: 'message', node, id: id! }),
    scrub: (x) => {
      const now = Date.now();
      if (shareAt(x) >= 0) playback.show(playback.axis(now).timeAt(Math.min(1, shareAt(x))), now);
    },
    zoom: (factor, x) => playback.zoom(factor, Date.now(), Math.max(0, shareAt(x))),
  });
  return (
    <section
      class="diagram"
      classList={{ dim: isDim(focus, 'diagram'), pointing: hovered()?.id !== undefined }}
      aria-label={texts().views.diagram}
    >
      <TimeBar hovered={hovered()} oneIn={oneIn()} />
      <div class="plot">
        <Canvas
          label={texts().diagramHelp}
          draw={draw}
          onSize={(width, height) => setSize({ width, height })}
          onPointer={pointers.onPointer}
          onWheel={pointers.onWheel}
        >
          <For each={names()}>
            {(name, i) => (
              <Show when={labels().column(i()) !== undefined}>
                <span
                  class="row"
                  style={{
                    top: `${rowOf(i(), names().length, size().height)}px`,
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
      </div>
    </section>
  );
}
