import { type JSX, Match, Show, Switch } from 'solid-js';
import { colourOf, tagOf } from '../../model/block-colour.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';

/** A name and its value, in a `dl`. */
export function Row(props: { readonly name: string; readonly value: string }): JSX.Element {
  return (
    <>
      <dt>{props.name}</dt>
      <dd class="value">{props.value}</dd>
    </>
  );
}

/** A block or transaction by the ends of its hash, which opens it; what knows it lights up under the pointer. */
export function HashLink(props: { readonly view: 'block' | 'transaction'; readonly hash: string }): JSX.Element {
  const { go, setHighlight, theme } = usePage();
  return (
    <button
      type="button"
      class="hash"
      onClick={() => go({ view: props.view, id: props.hash })}
      onPointerEnter={() => setHighlight(props.hash)}
      onPointerLeave={() => setHighlight(undefined)}
    >
      <Show when={props.view === 'block'}>
        <i style={{ color: colourOf(props.hash, theme().isDark) }} aria-hidden="true">
          ■
        </i>{' '}
      </Show>
      {props.hash.slice(0, 8)}…{tagOf(props.hash)}
    </button>
  );
}

/** Says that an address of the page leads to nothing, and leads back. */
export function NotFound(props: { readonly id: string }): JSX.Element {
  const { session, texts } = usePage();
  return (
    // Before the first connection nothing is known.
    <Show when={session.status()} fallback={<p>{texts().loading}</p>}>
      <section class="nowhere">
        <h2>{texts().nowhere}</h2>
        <p>{fill(texts().nowhereHelp, props.id)}</p>
        <p>
          <a href="#/">{texts().back}</a>
        </p>
      </section>
    </Show>
  );
}

/** What a resource gives, once it is there. */
export function Loaded<T>(props: {
  readonly value: { (): T | undefined; readonly loading: boolean; readonly error: unknown };
  readonly id: string;
  readonly children: (value: T) => JSX.Element;
}): JSX.Element {
  const { texts } = usePage();
  return (
    <Switch fallback={<p>{texts().loading}</p>}>
      <Match when={props.value.error !== undefined}>
        <NotFound id={props.id} />
      </Match>
      <Match when={props.value()} keyed>
        {(value) => props.children(value)}
      </Match>
    </Switch>
  );
}
