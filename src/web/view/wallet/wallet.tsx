import { For, type JSX, Show } from 'solid-js';
import { messageOf } from '../../model/failure.ts';
import { bitcoinsOf } from '../../model/wallet/amount.ts';
import { loadBalances } from '../../model/wallet/wallets.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import { NotFound } from '../inspector/parts.tsx';
import { createLive } from '../live.ts';
import { History } from './history.tsx';
import { Receive } from './receive.tsx';
import { Send } from './send.tsx';
import { useAccounts } from './wallets.tsx';

const KINDS = ['trusted', 'pending', 'immature'] as const;
const PARTS = ['history', 'receive', 'send'] as const;

/** A wallet: its balances, its payments, and what can be done with it. */
export function WalletView(props: {
  readonly node: string;
  readonly name: string;
  readonly part: (typeof PARTS)[number];
}): JSX.Element {
  const { session, texts, go } = usePage();
  const wallet = () => ({ node: props.node, wallet: props.name });
  const show = (part: (typeof PARTS)[number]) =>
    go({ view: 'wallet', id: props.node, name: props.name, ...(part === 'history' ? {} : { part }) });
  /** Why nothing is shown: the wallet is not there, or its node cannot be asked. */
  const wait = () => {
    const error = balances.error();
    if (error === undefined) return <p>{texts().loading}</p>;
    const status = session.timeline.nodes.get(props.node)?.moments.at(-1)?.status;
    const isSilent = status === 'stopped' || status === 'paused';
    return isSilent ? <p>{messageOf(error)}</p> : <NotFound id={`${props.node}/${props.name}`} />;
  };
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
      <Show when={balances.value()} fallback={wait()}>
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
                  <button type="button" aria-pressed={props.part === each} onClick={() => show(each)}>
                    {texts().wallet[each]}
                  </button>
                )}
              </For>
            </fieldset>
            <Show when={props.part === 'history'}>
              <History of={wallet()} isAccount={accounts.indexOf(wallet()) !== undefined} />
            </Show>
            <Show when={props.part === 'receive'}>
              <Receive of={wallet()} />
            </Show>
            <Show when={props.part === 'send'}>
              <Send of={wallet()} accounts={accounts.list()} />
            </Show>
          </>
        )}
      </Show>
    </section>
  );
}
