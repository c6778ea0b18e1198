import { For, type JSX, Show } from 'solid-js';
import { linkActions } from '../../model/actions.ts';
import { ActionForm } from '../act.tsx';
import { usePage } from '../context.ts';
import { Row } from './parts.tsx';

/** A link: its conditions, and what can be done to it. */
export function LinkView(props: { readonly from: string; readonly to: string }): JSX.Element {
  const { session } = usePage();
  const link = () => {
    session.version();
    return session.timeline.links.get(`${props.from} ${props.to}`)?.moments.at(-1);
  };
  return (
    <Show when={link()}>
      {(found) => (
        <>
          <h2>
            {props.from} {found().isCut ? '✕' : '→'} {props.to}
          </h2>
          <dl>
            <Row name="latency" value={`${found().latency} ms`} />
            <Row name="jitter" value={`${found().jitter} ms`} />
            <Row name="loss" value={String(found().loss)} />
            <Row name="bandwidth" value={found().bandwidth === 0 ? '∞' : `${found().bandwidth} B/s`} />
          </dl>
          <For each={linkActions(props.from, props.to)}>{(action) => <ActionForm action={action} />}</For>
        </>
      )}
    </Show>
  );
}
