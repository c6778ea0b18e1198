import { createSignal, type JSX, onCleanup, onMount, Show } from 'solid-js';
import { tagOf } from '../../model/block-colour.ts';
import { flightOf } from '../../model/messages/flight.ts';
import { durationText, isCounted, zeroOf } from '../../model/time/ticks.ts';
import type { KnownMessage } from '../../model/timeline.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';

/** How many times less, or more, one step of the zoom shows. */
const STEP = 1.6;
/** Milliseconds between two looks at the moment shown. */
const LOOK_MS = 100;

/** The line above the diagram: its zoom, and what is under the pointer or being played again. */
export function TimeBar(props: { readonly hovered: KnownMessage | undefined; readonly oneIn: number }): JSX.Element {
  const { session, texts } = usePage();
  const { timeline, playback } = session;
  const [now, setNow] = createSignal(Date.now());
  const timer = setInterval(() => setNow(Date.now()), LOOK_MS);
  onCleanup(() => clearInterval(timer));
  const zoom = (factor: number) => playback.zoom(factor, Date.now());
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if ((event.target as HTMLElement).closest?.('input, select, textarea, dialog')) return;
    if (event.key === '+' || event.key === '=') zoom(1 / STEP);
    else if (event.key === '-') zoom(STEP);
  };
  onMount(() => document.addEventListener('keydown', onKey));
  onCleanup(() => document.removeEventListener('keydown', onKey));
  const text = () => texts().playback;
  const messageText = (message: KnownMessage) => {
    const { from, to, command, count, bytes, hashes, items } = message;
    const { arrived, duration } = flightOf(timeline, message, now());
    return [
      `${count > 1 ? `${count} × ` : ''}${command} ${from} → ${to}`,
      fill(texts().block.bytes, bytes),
      ...hashes.slice(0, 1).map((hash) => `${shortened(timeline.txidOf(hash))}${items > 1 ? ` +${items - 1}` : ''}`),
      ...(arrived === undefined || count > 1 ? [] : [durationText(duration)]),
    ].join(' · ');
  };
  const replayText = () => {
    const replay = playback.replay;
    if (!replay) return undefined;
    const { id, of, from, to } = replay.journey;
    const elapsed = Math.min(to, Math.max(from, playback.time(now()))) - from;
    return fill(
      text().replayed[of],
      shortened(id),
      durationText(elapsed),
      durationText(to - from),
      replay.plan.slowness,
    );
  };
  const axisText = () => {
    const axis = playback.axis(now());
    if (!isCounted(axis)) return fill(text().span, durationText(playback.span));
    const zero = playback.replay?.journey.from ?? zeroOf(axis, playback.time(now()));
    return fill(text().spanFrom, durationText(playback.span), new Date(zero).toISOString().slice(11, 23));
  };
  const said = () => {
    if (props.hovered) return messageText(props.hovered);
    return replayText() ?? (now() > 0 && playback.isWaiting ? text().waiting : '');
  };
  return (
    <div class="time-bar">
      <button type="button" aria-label={text().zoomOut} title={`${text().zoomOut} (-)`} onClick={() => zoom(STEP)}>
        −
      </button>
      <button type="button" aria-label={text().zoomIn} title={`${text().zoomIn} (+)`} onClick={() => zoom(1 / STEP)}>
        +
      </button>
      <span class="number">{axisText()}</span>
      <span class="said">{said()}</span>
      <Show when={props.oneIn > 1}>
        <span class="undrawn">{fill(text().oneIn, props.oneIn)}</span>
      </Show>
      <Show when={playback.replay?.hasEnded}>
        <button type="button" onClick={() => playback.toggle(Date.now())}>
          {text().again}
        </button>
      </Show>
    </div>
  );
}

/** The ends of a hash. */
function shortened(hash: string): string {
  return `${hash.slice(0, 8)}…${tagOf(hash)}`;
}
