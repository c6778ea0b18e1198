import { createMemo, createResource, For, type JSX, Show } from 'solid-js';
import { bitcoinsOf } from '../../model/wallet/amount.ts';
import { type Balances, loadWallets } from '../../model/wallet/wallets.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import { createLive } from '../live.ts';
import { stableList } from '../stable-list.ts';

const KINDS = ['trusted', 'pending', 'immature'] as const satisfies readonly (keyof Balances)[];

/** Every wallet of every node that runs. */
export function WalletsView(): JSX.Element {
  const { session, texts, go } = usePage();
  const wallets = createLive(
    () => session.connection() === 'connected',
    () => loadWallets(session),
  );
  const accounts = useAccounts();
  const byKey = createMemo(() => new Map((wallets.value() ?? []).map((each) => [`${each.node} ${each.wallet}`, each])));
  // A row stays the same element while its amounts change.
  const keys = stableList(() => [...byKey().keys()]);
  const total = (kind: keyof Balances) => [...byKey().values()].reduce((sum, { balances }) => sum + balances[kind], 0n);
  return (
    <section class="wide">
      <h2>{texts().wallet.title}</h2>
      <Show when={wallets.value()} fallback={<p>{texts().loading}</p>}>
        <Show when={keys().length > 0} fallback={<p>{texts().wallet.none}</p>}>
          <section class="scrolled" tabindex="0" aria-label={texts().wallet.title}>
            <table class="amounts">
              <thead>
                <tr>
                  <th scope="col">{texts().wallet.name}</th>
                  <th scope="col">{texts().node}</th>
                  <For each={KINDS}>
                    {(kind) => (
                      <th scope="col" class="right">
                        {texts().wallet[kind]}
                      </th>
                    )}
                  </For>
                </tr>
              </thead>
              <tbody>
                <For each={keys()}>
                  {(key) => (
                    <Show when={byKey().get(key)}>
                      {(each) => (
                        <tr>
                          <th scope="row">
                            <button
                              type="button"
                              class="hash"
                              onClick={() => go({ view: 'wallet', id: each().node, name: each().wallet })}
                            >
                              {each().wallet || texts().wallet.unnamed}
                            </button>
                            <Show when={accounts.indexOf(each())}>
                              {(index) => (
                                // Most wallets of accounts are called by the number already.
                                <Show when={each().wallet !== `account${index()}`}>
                                  <span class="quiet"> {fill(texts().wallet.account, index())}</span>
                                </Show>
                              )}
                            </Show>
                          </th>
                          <td>{each().node}</td>
                          <For each={KINDS}>
                            {(kind) => <td class="number">{bitcoinsOf(each().balances[kind])}</td>}
                          </For>
                        </tr>
                      )}
                    </Show>
                  )}
                </For>
              </tbody>
              <tfoot>
                <tr>
                  <th scope="row" colSpan={2}>
                    {texts().wallet.total}
                  </th>
                  <For each={KINDS}>{(kind) => <td class="number">{bitcoinsOf(total(kind))}</td>}</For>
                </tr>
              </tfoot>
            </table>
          </section>
        </Show>
      </Show>
    </section>
  );
}

/** The accounts of the network, which stay the same. */
export function useAccounts() {
  const { session } = usePage();
  const [accounts] = createResource(
    () => session.connection() === 'connected' && session.client,
    async (client) => (await client.call('accounts')).accounts,
  );
  const list = () => (accounts.error === undefined ? (accounts() ?? []) : []);
  return {
    list,
    /** Returns the number of a wallet's account, as a text; undefined if it is of none. */
    indexOf: ({ node, wallet }: { readonly node: string; readonly wallet: string }) =>
      list()
        .find((each) => each.node === node && each.wallet === wallet)
        ?.index.toString(),
  };
}
