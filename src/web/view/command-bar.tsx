import {
  createEffect,
  createMemo,
  createSignal,
  createUniqueId,
  For,
  type JSX,
  on,
  onCleanup,
  onMount,
  Show,
} from 'solid-js';
import { findProblem, problemText } from '../model/action-checks.ts';
import { whyNot } from '../model/availability.ts';
import { barCommands, findMisfit, type Offer, offersFor } from '../model/command-words.ts';
import { replayAction } from '../model/time/replay-action.ts';
import { fill } from '../text/texts.ts';
import { usePage } from './context.ts';
import { Said } from './said.tsx';
import { useAction } from './use-action.ts';

/** A line for every action, with its arguments: `/` or Ctrl-K opens it. */
export function CommandBar(): JSX.Element {
  const { session, texts, route } = usePage();
  const id = createUniqueId();
  const [line, setLine] = createSignal('');
  const [chosen, setChosen] = createSignal(0);
  const { result, isRunning, run, clear } = useAction();
  let dialog!: HTMLDialogElement;
  let input!: HTMLInputElement;
  // The commands change with the nodes and links alone.
  const shape = createMemo(() => {
    session.version();
    const { nodes, links } = session.timeline;
    return JSON.stringify([[...nodes.keys()], [...links.values()].map(({ from, to }) => ({ from, to }))]);
  });
  const replay = { action: replayAction(session), on: [] };
  const commands = createMemo(() => [
    ...barCommands(...(JSON.parse(shape()) as Parameters<typeof barCommands>)),
    replay,
  ]);
  const offers = createMemo(() => offersFor(line(), commands(), (name) => texts().act.actions[name]));
  const current = () => offers()[Math.min(chosen(), offers().length - 1)];
  /** Why the chosen command cannot be run; empty if it can, or if there is none. */
  const refusal = createMemo(() => {
    session.version();
    const offer = current();
    if (!offer) return '';
    const { act } = texts();
    const { action, on, values, spare } = offer;
    if (session.connection() !== 'connected') return act.reasons.disconnected;
    if (spare.length > 0) {
      const fields = action.fields.map(({ name }) => act.fields[name]).join(', ');
      return fill(act.problems.spare, spare.join(' '), fields || act.nothing);
    }
    const problem = findProblem(action, values, session.timeline);
    if (problem) return problemText(problem, texts());
    const reason = whyNot(action, on, session.timeline);
    return reason ? fill(act.reasons[reason.text], ...reason.values) : '';
  });
  /** Why there is no command. */
  const misfit = () => {
    const { act, bar } = texts();
    const found = findMisfit(line(), commands());
    if (!found) return fill(bar.none, [...new Set(commands().map(({ action }) => action.name))].join(', '));
    const title = found.text === 'node' ? [act.actions[found.action]] : [];
    return fill(act.problems[found.text], ...title, ...found.values);
  };
  const open = () => {
    if (dialog.open) return;
    dialog.showModal();
    input.select();
  };
  const onKey = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    // The input keeps the focus for a moment after the bar is closed.
    const isOfClosedBar = !dialog.open && dialog.contains(target);
    const isTyping = !isOfClosedBar && target.closest?.('input, select, textarea') !== null;
    const isSlash = event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey;
    if (!isSlash && !((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k')) return;
    event.preventDefault();
    open();
  };
  // A link of a result leads to what the bar would cover.
  createEffect(on(route, () => dialog.close(), { defer: true }));
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
    if (!offer || refusal() !== '') return;
    const isDone = run(offer.action, offer.values);
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
          <button type="submit" disabled={!current() || refusal() !== '' || isRunning()}>
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
        <Show
          when={current()}
          fallback={
            <p class="failed" role="status">
              {misfit()}
            </p>
          }
        >
          {(offer) => (
            <Show
              when={refusal() === ''}
              fallback={
                <p class="failed" role="status">
                  {refusal()}
                </p>
              }
            >
              <Show when={!offer().action.isOfPage}>
                <p class="same">
                  <Show when={!session.isInTab}>
                    <code title={texts().act.command}>{offer().action.command(offer().values)}</code>
                  </Show>
                  <code title={texts().act.call}>{offer().action.call(offer().values)}</code>
                </p>
              </Show>
            </Show>
          )}
        </Show>
        <Said result={result()} />
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
