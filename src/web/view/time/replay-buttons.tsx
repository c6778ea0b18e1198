import { createSignal, type JSX, onCleanup, onMount, Show } from 'solid-js';
import { usePage } from '../context.ts';

/** Plays the last payment, or the last block, again. */
export function ReplayButtons(): JSX.Element {
  const { session, texts } = usePage();
  const { timeline } = session;
  const play = usePlay();
  const last = (which: 'lastTransaction' | 'lastBlock') => {
    session.version();
    return timeline[which];
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.toLowerCase() !== 'r') return;
    if ((event.target as HTMLElement).closest?.('input, select, textarea, dialog')) return;
    const id = event.shiftKey ? timeline.lastBlock : timeline.lastTransaction;
    if (id !== undefined) play.start(id);
  };
  onMount(() => document.addEventListener('keydown', onKey));
  onCleanup(() => document.removeEventListener('keydown', onKey));
  return (
    <>
      <button
        type="button"
        title={`${texts().playback.payment} (R)`}
        disabled={last('lastTransaction') === undefined}
        onClick={() => play.start(last('lastTransaction')!)}
      >
        {texts().playback.payment}
      </button>
      <button
        type="button"
        title={`${texts().playback.block} (Shift-R)`}
        disabled={last('lastBlock') === undefined}
        onClick={() => play.start(last('lastBlock')!)}
      >
        {texts().playback.block}
      </button>
      <Show when={play.forgotten()}>
        <span role="status">{texts().playback.forgotten}</span>
      </Show>
    </>
  );
}

/** A button that plays again how a transaction or block travelled. */
export function WatchButton(props: { readonly id: string }): JSX.Element {
  const { texts } = usePage();
  const play = usePlay();
  return (
    <>
      <button type="button" class="watch" onClick={() => play.start(props.id)}>
        {texts().playback.watch}
      </button>
      <Show when={play.forgotten() === props.id}>
        <span role="status"> {texts().playback.forgotten}</span>
      </Show>
    </>
  );
}

/** Returns what plays a journey, and the last one that it could not play. */
function usePlay(): { start(id: string): void; readonly forgotten: () => string | undefined } {
  const { session } = usePage();
  const [forgotten, setForgotten] = createSignal<string>();
  return {
    start: (id) => void setForgotten(session.playback.play(id, Date.now()) ? undefined : id),
    forgotten,
  };
}
