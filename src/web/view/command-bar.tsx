import { createMemo, createSignal, createUniqueId, For, type JSX, onCleanup, onMount, Show } from 'solid-js';
import { barCommands, type Offer, offersFor } from '../model/command-words.ts';
import { replayAction } from '../model/time/replay-action.ts';
import { usePage } from './context.ts';
import { useAction } from './use-action.ts';

/** A line for every action, with its arguments: `/` or Ctrl-K opens it. */
export function CommandBar(): JSX.Element {
  const { session, texts } = usePage();
  const id = createUniqueId();
  const [line, setLine] = createSignal('');
  const [chosen, setChosen] = createSignal(0);
  const { result, isFailed, isRunning, run, clear } = useAction();
  let dialog!: HTMLDialogElement;
  let input!: HTMLInputElement;
  // The commands change with the nodes and links alone.
  const shape = createMemo(() => {
    session.version();
    const { nodes, links } = session.timeline;
    return JSON.stringify([[...nodes.keys()], [...links.values()].map(({ from, to }) => ({ from, to }))]);
  });
  const replay = { action: replayAction(session, () => texts().playback.forgotten), on: [] };
  const commands = createMemo(() => [
    ...barCommands(...(JSON.parse(shape()) as Parameters<typeof barCommands>)),
    replay,
  ]);
  const offers = createMemo(() => offersFor(line(), commands(), (name) => texts().act.actions[name]));
  const current = () => offers()[Math.min(chosen(), offers().length - 1)];
  const open = () => {
    if (dialog.open) return;
    dialog.showModal();
    input.select();
  };
  const onKey = (event: KeyboardEvent) => {
    const isTyping = (event.target as HTMLElement).closest?.('input, select, textarea') !== null;
    const isSlash = event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey;
    if (!isSlash && !((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k')) return;
    event.preventDefault();
    open();
  };
  onMount(() => document.addEventListener('keydown', onKey));
  onCleanup(() => document.removeEventListener('keydown', onKey));
  const move = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const count = offers().length;
    if (count > 0) setChosen((Math.min(chosen(), count - 1) + step + count) % count);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const offer = current();
    if (!offer || offer.spare.length > 0) return;
    const isDone = run(offer.action, offer.values).then(() => !isFailed());
    // What it shows is behind the line.
    if (offer.action.isOfPage) void isDone.then((done) => done && dialog.close());
  };
  return (
    <>
      <button type="button" class="open-bar" onClick={open}>
        {texts().bar.open} <kbd>/</kbd>
      </button>
      <dialog ref={dialog} class="command-bar" aria-label={texts().bar.title}>
        <form onSubmit={submit}>
          <input
            ref={input}
            value={line()}
            role="combobox"
            aria-expanded="true"
            aria-controls={`${id}-offers`}
            aria-activedescendant={current() ? `${id}-${offers().indexOf(current()!)}` : undefined}
            aria-label={texts().bar.title}
            placeholder={texts().bar.example}
            autocomplete="off"
            onInput={(event) => {
              setLine(event.currentTarget.value);
              setChosen(0);
              clear();
            }}
            onKeyDown={move}
          />
          <button type="submit" disabled={!current() || current()!.spare.length > 0 || isRunning()}>
            {texts().act.run}
          </button>
        </form>
        <div id={`${id}-offers`} role="listbox" aria-label={texts().bar.offers}>
          <For each={offers()}>
            {(offer, i) => (
              <div
                id={`${id}-${i()}`}
                role="option"
                tabIndex={-1}
                aria-selected={offer === current()}
                onPointerDown={(event) => {
                  event.preventDefault();
                  setChosen(i());
                }}
              >
                <OfferText offer={offer} />
              </div>
            )}
          </For>
        </div>
        <Show when={current()} fallback={<p class="quiet">{texts().bar.none}</p>}>
          {(offer) => (
            <Show when={!offer().action.isOfPage}>
              <p class="same">
                <Show when={!session.isInTab}>
                  <code title={texts().act.command}>{offer().action.command(offer().values)}</code>
                </Show>
                <code title={texts().act.call}>{offer().action.call(offer().values)}</code>
              </p>
            </Show>
          )}
        </Show>
        <Show when={result() !== ''}>
          <p class="result" classList={{ failed: isFailed() }} role="status">
            {result()}
          </p>
        </Show>
      </dialog>
    </>
  );
}

/** A command, with the values of its fields. */
function OfferText(props: { readonly offer: Offer }): JSX.Element {
  const { texts } = usePage();
  const { action, on, values, spare } = props.offer;
  return (
    <>
      <strong>{action.name}</strong> {on.join(' ')}{' '}
      <For each={action.fields}>
        {({ name }) => (
          <span class="quiet">
            {texts().act.fields[name]} <span class="number">{values[name] || '–'}</span>{' '}
          </span>
        )}
      </For>
      <Show when={spare.length > 0}>
        <span class="failed">{spare.join(' ')}</span>
      </Show>
      <span class="title">{texts().act.actions[action.name]}</span>
    </>
  );
}
