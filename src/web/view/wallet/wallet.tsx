import { createSignal, For, type JSX, Show } from 'solid-js';
import { bitcoinsOf } from '../../model/wallet/amount.ts';
import { loadBalances } from '../../model/wallet/wallets.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import { createLive } from '../live.ts';
import { messageOf } from './failure.tsx';
import { History } from './history.tsx';
import { Receive } from './receive.tsx';
import { Send } from './send.tsx';
import { useAccounts } from './wallets.tsx';

const KINDS = ['trusted', 'pending', 'immature'] as const;
const PARTS = ['history', 'receive', 'send'] as const;

/** A wallet: its balances, its payments, and what can be done with it. */
export function WalletView(props: { readonly node: string; readonly name: string }): JSX.Element {
  const { session, texts, go } = usePage();
  const wallet = () => ({ node: props.node, wallet: props.name });
  const [part, setPart] = createSignal<(typeof PARTS)[number]>('history');
  const balances = createLive(
    () => `${props.node} ${props.name}`,
    () => loadBalances(session, wallet()),
  );
  const accounts = useAccounts();
  return (
    <section class="wide">
      <h2>{fill(texts().wallet.wallet, props.name || texts().wallet.unnamed)}</h2>
      <p>
        {texts().node}{' '}
        <button type="button" class="hash" onClick={() => go({ view: 'node', id: props.node })}>
          {props.node}
        </button>
        <Show when={accounts.indexOf(wallet())}>{(index) => ` · ${fill(texts().wallet.account, index())}`}</Show>
        {' · '}
        <button type="button" class="hash" onClick={() => go({ view: 'wallets' })}>
          {texts().wallet.title}
        </button>
      </p>
      <Show
        when={balances.value()}
        fallback={<p>{balances.error() === undefined ? texts().loading : messageOf(balances.error())}</p>}
      >
        {(found) => (
          <>
            <dl class="balances">
              <For each={KINDS}>
                {(kind) => (
                  <>
                    <dt>{texts().wallet[kind]}</dt>
                    <dd>
                      <span class="number">{bitcoinsOf(found()[kind])}</span>{' '}
                      <span class="quiet">{texts().wallet[`${kind}Help`]}</span>
                    </dd>
                  </>
                )}
              </For>
            </dl>
            <fieldset class="phases">
              <legend class="unseen">{texts().wallet.name}</legend>
              <For each={PARTS}>
                {(each) => (
                  <button type="button" aria-pressed={part() === each} onClick={() => setPart(each)}>
                    {texts().wallet[each]}
                  </button>
                )}
              </For>
            </fieldset>
            <Show when={part() === 'history'}>
              <History of={wallet()} isAccount={accounts.indexOf(wallet()) !== undefined} />
            </Show>
            <Show when={part() === 'receive'}>
              <Receive of={wallet()} />
            </Show>
            <Show when={part() === 'send'}>
              <Send of={wallet()} accounts={accounts.list()} />
            </Show>
          </>
        )}
      </Show>
    </section>
  );
}
