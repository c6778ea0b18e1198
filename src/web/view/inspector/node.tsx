import { For, type JSX, Show } from 'solid-js';
import { nodeActions } from '../../model/actions.ts';
import { ActionForm } from '../act.tsx';
import { usePage } from '../context.ts';
import { HashLink, NotFound, Row } from './parts.tsx';

/** A node: what it has, what can be done to it, and its links. */
export function NodeView(props: { readonly name: string }): JSX.Element {
  const { session, texts, go } = usePage();
  const node = () => session.status()?.nodes.find(({ name }) => name === props.name);
  const links = () => {
    session.version();
    return [...session.timeline.links.values()].filter(({ from, to }) => from === props.name || to === props.name);
  };
  return (
    <Show when={node()} fallback={<NotFound id={props.name} />}>
      {(found) => (
        <>
          <h2>{found().name}</h2>
          <dl>
            <Row name={texts().role} value={texts().roles[found().role]!} />
            <Row name={texts().port} value={found().p2p ?? '–'} />
            <Row name="RPC" value={found().rpcUrl ?? '–'} />
            <Row
              name={texts().height}
              value={found().height === null ? texts().status[found().status] : String(found().height)}
            />
            <Show when={found().tip}>
              {(tip) => (
                <>
                  <dt>{texts().tip}</dt>
                  <dd>
                    <HashLink view="block" hash={tip()} />
                  </dd>
                </>
              )}
            </Show>
            <Row name={texts().peers} value={String(found().peers ?? '–')} />
            <Row name={texts().mempool} value={String(found().mempool ?? '–')} />
            <Row name={texts().balance} value={found().balance ?? '–'} />
          </dl>
          <For each={nodeActions(props.name)}>{(action) => <ActionForm action={action} on={[props.name]} />}</For>
          <h3>{texts().views.stage}</h3>
          <ul>
            <For each={links()}>
              {({ from, to, moments }) => (
                <li>
                  <button type="button" class="hash" onClick={() => go({ view: 'link', id: from, to })}>
                    {from} → {to}
                  </button>
                  {moments.at(-1)!.isCut ? ' ✕' : ''}
                </li>
              )}
            </For>
          </ul>
        </>
      )}
    </Show>
  );
}
