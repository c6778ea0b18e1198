import { createMemo, type JSX, Show } from 'solid-js';
import { colourOf, tagOf } from '../model/block-colour.ts';
import type { Point } from '../model/stage/layout.ts';
import type { Density } from '../model/stage/stage-layout.ts';
import { fill } from '../text/texts.ts';
import { usePage } from './context.ts';

/** Pixels that a pointer moves before it drags, and by which an arrow key moves a node, with Shift too. */
const MIN_DRAG = 5;
const KEY_STEP = 16;
const LONG_KEY_STEP = 64;

const KEYS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The words above a node's column, which open the node, and by which it is moved. */
export function NodeLabel(props: {
  readonly name: string;
  readonly place: Point | undefined;
  readonly density: Density;
  /** Whether it is chosen for one side of a division; undefined if none is made. */
  readonly isChosen: boolean | undefined;
  readonly choose: () => void;
  readonly move: (place: Point) => void;
}): JSX.Element {
  const { session, texts, theme, go, highlight, focus } = usePage();
  const { timeline } = session;
  const node = () => timeline.nodes.get(props.name);
  // A node that has not started yet has none.
  const port = () => session.status()?.nodes.find(({ name }) => name === props.name)?.id;
  const moment = createMemo(() => {
    session.version();
    return timeline.nodeAt(props.name, session.shown());
  });
  const proofs = () => {
    session.version();
    return session.details.proofs(props.name);
  };
  /** Whether it knows the block or the transaction that the pointer is on. */
  const isLit = createMemo(() => {
    const hash = highlight();
    if (hash === undefined) return false;
    session.version();
    const block = timeline.blocks.get(hash);
    const time = session.shown();
    if (block) return (block.arrivals.get(props.name) ?? Number.POSITIVE_INFINITY) <= time || moment()?.tip === hash;
    return timeline.transactions.get(hash)?.stays.isIn(props.name, time) ?? false;
  });

  let drag: { readonly x: number; readonly y: number; readonly place: Point; isMoving: boolean } | undefined;
  const start = (event: PointerEvent) => {
    if (event.button !== 0 || !props.place) return;
    // A fast pointer leaves the words with its first step.
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    drag = { x: event.clientX, y: event.clientY, place: props.place, isMoving: false };
  };
  const follow = (event: PointerEvent) => {
    if (!drag || event.buttons !== 1) return;
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    if (!drag.isMoving && Math.hypot(dx, dy) < MIN_DRAG) return;
    drag.isMoving = true;
    props.move({ x: drag.place.x + dx, y: drag.place.y + dy });
  };
  const click = () => {
    const wasMoved = drag?.isMoving;
    drag = undefined;
    if (wasMoved) return;
    if (props.isChosen === undefined) go({ view: 'node', id: props.name });
    else props.choose();
  };
  const press = (event: KeyboardEvent) => {
    const direction = KEYS[event.key];
    if (!direction || !props.place) return;
    event.preventDefault();
    const step = event.shiftKey ? LONG_KEY_STEP : KEY_STEP;
    props.move({ x: props.place.x + direction[0] * step, y: props.place.y + direction[1] * step });
  };
  const square = (tip: string) => (
    <i style={{ color: colourOf(tip, theme().isDark) }} aria-hidden="true">
      {node()?.role === 'light' ? '□' : '■'}
    </i>
  );
  return (
    <Show when={moment()}>
      {(now) => (
        <button
          type="button"
          class="node"
          classList={{
            off: now().status !== 'running',
            lit: isLit(),
            busy: now().mining !== null,
            dim: focus()?.nodes.has(props.name) === false,
          }}
          style={{ left: `${props.place?.x ?? 0}px`, top: `${props.place?.y ?? 0}px` }}
          aria-pressed={props.isChosen}
          aria-describedby="stage-move"
          title={props.name}
          onPointerDown={start}
          onPointerMove={follow}
          onKeyDown={press}
          onClick={click}
        >
          <Show
            when={props.density !== 'dense'}
            fallback={
              <span class="line">
                {square(now().tip)} <strong>{props.name}</strong>
                <span class="unseen">
                  {now().status === 'running' ? tagOf(now().tip) : texts().status[now().status]}
                </span>
              </span>
            }
          >
            <strong>{props.name}</strong>
            <Show when={props.density === 'roomy'}>
              <span>
                {texts().roles[node()?.role ?? '']}
                {port() ? ` · ${port()}` : ''}
                <Show when={proofs() !== undefined}> · {fill(texts().stage.proofs, proofs()!)}</Show>
              </span>
            </Show>
            <span class="number">
              <Show when={now().status === 'running'} fallback={texts().status[now().status]}>
                <Show when={props.density === 'roomy'}>{now().height} </Show>
                {square(now().tip)} {tagOf(now().tip)}
              </Show>
            </span>
            <Show when={now().mining !== null && props.density === 'roomy'}>
              <span class="searching">{texts().searching}</span>
            </Show>
          </Show>
        </button>
      )}
    </Show>
  );
}
