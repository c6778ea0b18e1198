import { For, type JSX, Match, Switch } from 'solid-js';
import { problemText } from '../model/action-checks.ts';
import { fillParts, type TextLink, type TextPart } from '../model/outcome.ts';
import { routeHash } from '../model/route.ts';
import { usePage } from './context.ts';
import type { Result } from './use-action.ts';

/** What came of an action, in the language of the page; what it made leads to its view. */
export function Said(props: { readonly result: Result | undefined }): JSX.Element {
  const { texts } = usePage();
  const of = <K extends string>(kind: K) => {
    const { result } = props;
    return result && kind in result ? (result as Extract<Result, Readonly<Record<K, unknown>>>) : undefined;
  };
  return (
    <Switch>
      <Match when={of('outcome')}>
        {(made) => (
          <p class="result" role="status">
            <Parts parts={fillParts(texts().act.outcomes[made().outcome.text], made().outcome.parts)} />
          </p>
        )}
      </Match>
      <Match when={of('problem')}>
        {(found) => (
          <p class="result failed" role="status">
            {problemText(found().problem, texts())}
          </p>
        )}
      </Match>
      <Match when={of('refusal')}>
        {(answer) => (
          <p class="result failed" role="status">
            <For each={fillParts(texts().act.refused, [answer().refusal])}>
              {/* The network's words are English. */}
              {(part) => (part === answer().refusal ? <span lang="en">{part}</span> : String(part))}
            </For>
          </p>
        )}
      </Match>
    </Switch>
  );
}

function Parts(props: { readonly parts: readonly TextPart[] }): JSX.Element {
  return <For each={props.parts}>{(part) => (typeof part === 'object' ? <Links links={part} /> : String(part))}</For>;
}

function Links(props: { readonly links: readonly TextLink[] }): JSX.Element {
  return (
    <For each={props.links}>
      {({ route, label }, i) => (
        <>
          {i() > 0 ? ', ' : ''}
          <a class="hash" href={routeHash(route)}>
            {label}
          </a>
        </>
      )}
    </For>
  );
}
