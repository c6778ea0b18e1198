import { createSignal, For, type JSX, Show } from 'solid-js';
import { type Help, type MissingPart, partNames } from '../../model/lesson/casting.ts';
import type { Lesson } from '../../model/lesson/format.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';

/** Which node plays which part of a lesson. */
export function CastList(props: { readonly lesson: Lesson; readonly cast: ReadonlyMap<string, string> }): JSX.Element {
  const { texts, go, say } = usePage();
  return (
    <dl class="cast" aria-label={texts().lesson.cast}>
      <For each={Object.entries(props.lesson.cast)}>
        {([part, kind]) => (
          <div>
            <dt>{say(partNames[kind])}</dt>
            <dd>
              <button type="button" class="hash" onClick={() => go({ view: 'node', id: props.cast.get(part)! })}>
                {props.cast.get(part)}
              </button>
            </dd>
          </div>
        )}
      </For>
    </dl>
  );
}

/** Why a lesson cannot be played on this network, and what helps. */
export function MissingParts(props: { readonly missing: readonly MissingPart[] }): JSX.Element {
  const { session, say } = usePage();
  return (
    <ul class="missing">
      <For each={props.missing}>
        {(part) => (
          <li>
            <span class="failed">{say(part.says)}</span>{' '}
            <Show when={!session.isInTab}>
              <code>{part.command}</code>{' '}
            </Show>
            <Show when={part.help}>{(help) => <HelpButton help={help()} />}</Show>
          </li>
        )}
      </For>
    </ul>
  );
}

function HelpButton(props: { readonly help: Help }): JSX.Element {
  const { session, texts } = usePage();
  const [isRunning, setRunning] = createSignal(false);
  const [failure, setFailure] = createSignal('');
  const name = () => ('node' in props.help ? props.help.node : '');
  const run = async () => {
    const { client } = session;
    if (!client) return;
    setRunning(true);
    setFailure('');
    const { method, ...params } = props.help;
    // The part is there once the page has seen the node.
    await client.call(method, params as never).catch(({ message }: Error) => setFailure(message));
    setRunning(false);
  };
  return (
    <>
      <button type="button" disabled={isRunning() || session.connection() !== 'connected'} onClick={() => void run()}>
        {fill(texts().lesson.helps[props.help.method], name())}
      </button>
      <Show when={failure() !== ''}>
        <span class="failed" role="alert">
          {failure()}
        </span>
      </Show>
    </>
  );
}
