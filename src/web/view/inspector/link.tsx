import { For, type JSX, Show } from 'solid-js';
import { linkActions } from '../../model/actions.ts';
import type { KnownMessage } from '../../model/timeline.ts';
import { ActionForm } from '../act.tsx';
import { usePage } from '../context.ts';
import { NotFound, Row } from './parts.tsx';

/** Messages that are listed. */
const LISTED = 20;

/** A link: its conditions, and what can be done to it. */
export function LinkView(props: { readonly from: string; readonly to: string }): JSX.Element {
  const { session, texts, go } = usePage();
  const link = () => {
    session.version();
    return session.timeline.links.get(`${props.from} ${props.to}`)?.moments.at(-1);
  };
  /** The last messages until the moment shown, the newest first. */
  const messages = () => {
    session.version();
    const { timeline } = session;
    const ends = new Set([props.from, props.to]);
    const { messages } = timeline;
    const found: KnownMessage[] = [];
    for (let i = messages.length - 1; i >= 0 && found.length < LISTED; i--) {
      const message = messages.at(i)!;
      const isOfLink = ends.has(message.from) && ends.has(message.to) && message.id !== undefined;
      if (isOfLink && message.time <= session.shown()) found.push(message);
    }
    return found;
  };
  return (
    <Show when={link()} fallback={<NotFound id={`${props.from} → ${props.to}`} />}>
      {(found) => (
        <>
          <h2>
            {props.from} {found().isCut ? '✕' : '→'} {props.to}
          </h2>
          <dl>
            <Row name={texts().conditions.latency} value={`${found().latency} ms`} />
            <Row name={texts().conditions.jitter} value={`${found().jitter} ms`} />
            <Row name={texts().conditions.loss} value={String(found().loss)} />
            <Row
              name={texts().conditions.bandwidth}
              value={found().bandwidth === 0 ? '∞' : `${found().bandwidth} B/s`}
            />
          </dl>
          <Show when={messages().length > 0}>
            <h3>{texts().message.last}</h3>
            <ol class="messages">
              <For each={messages()}>
                {(message) => (
                  <li>
                    <button
                      type="button"
                      class="hash"
                      onClick={() => go({ view: 'message', node: message.node, id: message.id! })}
                    >
                      {message.from} → {message.to}: {message.command}
                    </button>{' '}
                    <span class="number">{new Date(message.time).toISOString().slice(14, 23)}</span>
                  </li>
                )}
              </For>
            </ol>
          </Show>
          <For each={linkActions(props.from, props.to)}>
            {(action) => <ActionForm action={action} on={[props.from, props.to]} />}
          </For>
        </>
      )}
    </Show>
  );
}
