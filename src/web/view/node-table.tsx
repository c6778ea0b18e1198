import { For, type JSX } from 'solid-js';
import { tagOf } from '../model/block-colour.ts';
import { usePage } from './context.ts';

/** The nodes as a table: what the stage shows, in words. */
export function NodeTable(): JSX.Element {
  const { session, texts, go } = usePage();
  return (
    <section class="nodes" aria-label={texts().nodes}>
      <table>
        <thead>
          <tr>
            <th scope="col">{texts().node}</th>
            <th scope="col">{texts().height}</th>
            <th scope="col">{texts().tip}</th>
            <th scope="col">{texts().mempool}</th>
            <th scope="col">{texts().balance}</th>
          </tr>
        </thead>
        <tbody>
          <For each={session.status()?.nodes ?? []}>
            {(node) => (
              <tr>
                <th scope="row">
                  <button type="button" class="hash" onClick={() => go({ view: 'node', id: node.name })}>
                    {node.name}
                  </button>
                </th>
                <td class="number">{node.height ?? texts().status[node.status]}</td>
                <td class="number">{node.tip === null ? '–' : tagOf(node.tip)}</td>
                <td class="number">{node.mempool ?? '–'}</td>
                <td class="number">{node.balance ?? '–'}</td>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </section>
  );
}
