import { createEffect, createMemo, createSignal, For, type JSX, onCleanup, onMount, Show } from 'solid-js';
import { PartitionBand } from '../draw/partition-band.ts';
import { drawStage } from '../draw/stage.ts';
import {
  crossedLinks,
  type Division,
  divisionByCuts,
  divisionOfNodes,
  type LinkEnds,
  partsOf,
} from '../model/stage/division.ts';
import { KeptPlaces } from '../model/stage/kept-places.ts';
import { type Point, placeNodes } from '../model/stage/layout.ts';
import { layOutStage, movePlaces } from '../model/stage/stage-layout.ts';
import { fill } from '../text/texts.ts';
import { Canvas } from './canvas.tsx';
import { isDim, usePage } from './context.ts';
import { DivisionBar } from './division-bar.tsx';
import { NodeLabel } from './node-label.tsx';
import { stableList } from './stable-list.ts';

/** Messages that keep connections alive say nothing about the chain. */
const HIDDEN = new Set(['ping', 'pong']);
/** Pixels that a pointer moves at least to draw a line, and between two of its points. */
const MIN_LINE = 24;
const LINE_STEP = 5;

/** The network: nodes as columns of blocks, links, and messages on their way. */
export function Stage(): JSX.Element {
  const { session, texts, theme, highlight, focus } = usePage();
  const { timeline, playback } = session;
  const [size, setSize] = createSignal({ width: 0, height: 0 });
  const [undrawn, setUndrawn] = createSignal(0);
  const [isChoosing, setChoosing] = createSignal(false);
  const [chosen, setChosen] = createSignal<ReadonlySet<string>>(new Set());
  const [drawn, setDrawn] = createSignal<Division>();
  const motion = window.matchMedia('(prefers-reduced-motion: reduce)');
  // The places change with the nodes and links alone.
  const shape = createMemo(() => {
    session.version();
    return JSON.stringify([
      [...timeline.nodes.keys()],
      [...timeline.links.values()].map(({ from, to }) => ({ from, to })),
    ]);
  });
  const wanted = createMemo(() => {
    const [names, links] = JSON.parse(shape()) as [string[], { from: string; to: string }[]];
    return placeNodes(names, links);
  });
  const network = createMemo(() => session.status()?.name);
  const kept = createMemo(() => new KeptPlaces(network() ?? ''));
  const automatic = createMemo(() => layOutStage(wanted(), size()));
  const layout = createMemo(() => movePlaces(automatic(), kept().places()));
  const names = stableList(() => {
    session.version();
    return [...timeline.nodes.keys()];
  });
  const open = () => [...timeline.links.values()].filter(({ moments }) => !moments.at(-1)!.isCut);
  const offer = () => (isChoosing() && chosen().size > 0 ? divisionOfNodes(chosen(), open()) : drawn());

  let line: Point[] = [];
  /** The links that the line crosses so far; undefined if none is drawn. */
  const [crossed, setCrossed] = createSignal<readonly LinkEnds[]>();
  const endLine = () => {
    line = [];
    setCrossed(undefined);
  };
  const onPointer = (event: PointerEvent, x: number, y: number) => {
    if (event.type === 'pointerdown' && event.button === 0) {
      line = [{ x, y }];
      (event.target as Element).setPointerCapture(event.pointerId);
    } else if (event.type === 'pointermove' && line.length > 0) {
      const { x: lastX, y: lastY } = line.at(-1)!;
      if (Math.hypot(x - lastX, y - lastY) < LINE_STEP) return;
      line.push({ x, y });
      setCrossed(crossedLinks(line, open(), layout().places).map(({ from, to }) => ({ from, to })));
    } else if (event.type === 'pointerup' && line.length > 0) {
      const [length, links, cuts] = [line.length, open(), crossed() ?? []];
      endLine();
      if (length * LINE_STEP < MIN_LINE) return;
      setDrawn(
        divisionByCuts(
          names(),
          links,
          links.filter((link) => cuts.some((cut) => cut.from === link.from && cut.to === link.to)),
        ),
      );
      setChosen(new Set<string>());
    } else if (event.type === 'pointercancel') {
      endLine();
    }
  };
  const close = () => {
    endLine();
    setDrawn(undefined);
    setChoosing(false);
  };
  // Before the lesson that is open: that would be left.
  const onKey = (event: KeyboardEvent) => {
    const isElsewhere = (event.target as Element).closest('input, select, textarea, dialog');
    if (event.key !== 'Escape' || isElsewhere || (line.length === 0 && !drawn() && !isChoosing())) return;
    event.preventDefault();
    close();
  };
  onMount(() => window.addEventListener('keydown', onKey, { capture: true }));
  onCleanup(() => window.removeEventListener('keydown', onKey, { capture: true }));

  const band = new PartitionBand();
  let parts = { cuts: '', byName: new Map<string, number>(), count: 1 };
  /** Returns the parts of the network at a moment; they are found again when other links are cut. */
  const partsAt = (time: number) => {
    const links = [...timeline.links.values()].filter(({ from, to }) => !timeline.linkAt(from, to, time)?.isCut);
    const cuts = links.length === timeline.links.size ? '' : links.map(({ from, to }) => `${from} ${to}`).join();
    if (cuts !== parts.cuts) {
      const byName = cuts === '' ? new Map<string, number>() : partsOf(names(), links);
      parts = { cuts, byName, count: new Set(byName.values()).size };
    }
    return parts;
  };
  let lastCount = 0;
  const draw = (canvas: CanvasRenderingContext2D, width: number, height: number) => {
    const { places, column, density } = layout();
    const time = playback.time(Date.now());
    canvas.clearRect(0, 0, width, height);
    const { byName, count: partCount } = partsAt(time);
    if (partCount > 1)
      band.draw(canvas, {
        places,
        parts: byName,
        width,
        height,
        bandWidth: density === 'dense' ? 14 : 28,
        theme: theme(),
      });
    const count = drawStage(canvas, {
      ...{ timeline, time, pace: playback.pace, places, density, column, theme: theme(), highlight: highlight() },
      ...{ hasMotion: !motion.matches, hidden: HIDDEN, focus: focus()?.nodes },
      marked: crossed() ?? drawn()?.links ?? [],
      isEncrypted: (from, to) => session.details.isEncrypted(from, to),
    });
    drawLine(canvas, line, theme().ink);
    if (count !== lastCount) setUndrawn(count);
    lastCount = count;
  };

  let ground!: HTMLDivElement;
  onMount(() => {
    const measure = () => setSize({ width: ground.clientWidth, height: ground.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(ground);
    measure();
    onCleanup(() => observer.disconnect());
  });
  // A choice is over with its mode.
  createEffect(() => isChoosing() || setChosen(new Set<string>()));
  return (
    <section
      class="stage"
      classList={{ dim: isDim(focus, 'stage') }}
      data-density={layout().density}
      aria-label={texts().views.stage}
    >
      <p class="unseen" id="stage-move">
        {texts().stage.move}
      </p>
      <div class="ground" classList={{ choosing: isChoosing() }} ref={ground}>
        <div class="field" style={{ height: layout().height > size().height ? `${layout().height}px` : '100%' }}>
          <Canvas label={texts().stageHelp} draw={draw} onPointer={onPointer}>
            <For each={size().width > 0 ? names() : []}>
              {(name) => (
                <NodeLabel
                  name={name}
                  place={layout().places.get(name)}
                  density={layout().density}
                  isChosen={isChoosing() ? chosen().has(name) : undefined}
                  choose={() => {
                    const next = new Set(chosen());
                    if (!next.delete(name)) next.add(name);
                    setDrawn(undefined);
                    setChosen(next);
                  }}
                  move={({ x, y }) => kept().move(name, { x: x / layout().width, y: y / layout().height })}
                />
              )}
            </For>
          </Canvas>
        </div>
      </div>
      <DivisionBar
        offer={offer()}
        crossed={crossed()?.length}
        isChoosing={isChoosing()}
        setChoosing={setChoosing}
        close={close}
      >
        <Show when={kept().places().size > 0}>
          <button type="button" onClick={() => kept().clear()}>
            {texts().stage.arrange}
          </button>
        </Show>
        <Show when={undrawn() > 0}>
          <span class="undrawn">{fill(texts().playback.undrawn, undrawn())}</span>
        </Show>
      </DivisionBar>
    </section>
  );
}

/** Draws the line with which the reader divides the network. */
function drawLine(canvas: CanvasRenderingContext2D, line: readonly Point[], colour: string): void {
  if (line.length < 2) return;
  canvas.strokeStyle = colour;
  canvas.lineWidth = 2;
  canvas.setLineDash([6, 5]);
  canvas.beginPath();
  for (const { x, y } of line) canvas.lineTo(x, y);
  canvas.stroke();
  canvas.setLineDash([]);
}
