import { createMemo, createSignal, For, type JSX, Show } from 'solid-js';
import { bitcoinsOf } from '../../model/wallet/amount.ts';
import type { WalletName } from '../../model/wallet/nodes.ts';
import { type HistoryEntry, loadHistory } from '../../model/wallet/wallets.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import { HashLink } from '../inspector/parts.tsx';
import { createLive } from '../live.ts';
import { stableList } from '../stable-list.ts';
import { DoubleSpend } from './double-spend.tsx';

/** Payments that are shown at first, and more each time. */
const PAGE = 30;

/** The payments of a wallet, the newest first, with their confirmations as blocks come. */
export function History(props: { readonly of: WalletName; readonly isAccount: boolean }): JSX.Element {
  const { session, texts } = usePage();
  const [count, setCount] = createSignal(PAGE);
  const entries = createLive(
    () => `${props.of.node} ${props.of.wallet} ${count()}`,
    () => loadHistory(session, props.of, count()),
  );
  const byKey = createMemo(
    () => new Map((entries.value() ?? []).map((each) => [`${each.txid} ${each.category} ${each.vout}`, each])),
  );
  const keys = stableList(() => [...byKey().keys()]);
  return (
    <>
      <h3>{texts().wallet.history}</h3>
      <Show when={entries.value()} fallback={<p>{texts().loading}</p>}>
        <Show when={keys().length > 0} fallback={<p>{texts().wallet.noHistory}</p>}>
          <ol class="history">
            <For each={keys()}>
              {(key) => (
                <Show when={byKey().get(key)}>{(entry) => <Entry entry={entry()} mayReplace={props.isAccount} />}</Show>
              )}
            </For>
          </ol>
        </Show>
        <Show when={keys().length >= count()}>
          <button type="button" onClick={() => setCount(count() + PAGE)}>
            {texts().wallet.older}
          </button>
        </Show>
      </Show>
    </>
  );
}

function Entry(props: { readonly entry: HistoryEntry; readonly mayReplace: boolean }): JSX.Element {
  const { texts, go } = usePage();
  const [isOpen, setOpen] = createSignal(false);
  const entry = () => props.entry;
  const canReplace = () => props.mayReplace && entry().category === 'send' && entry().state === 'unconfirmed';
  return (
    <li classList={{ void: entry().state !== 'confirmed' && entry().state !== 'unconfirmed' }}>
      <span class="number amount" classList={{ out: entry().amount < 0n }}>
        {entry().amount < 0n ? '' : '+'}
        {bitcoinsOf(entry().amount)}
      </span>
      <span>
        {texts().wallet.categories[entry().category]}{' '}
        <span class="quiet">
          {new Date(entry().time * 1000).toISOString().slice(0, 16).replace('T', ' ')}
          <Show when={entry().fee}>{(fee) => ` · ${fill(texts().wallet.fee, bitcoinsOf(fee()))}`}</Show>
        </span>
        <br />
        <HashLink view="transaction" hash={entry().txid} />
        <Show when={entry().address}>
          {(address) => (
            <>
              <br />
              <button type="button" class="hash" onClick={() => go({ view: 'address', id: address() })}>
                {address()}
              </button>
            </>
          )}
        </Show>
        <Show when={canReplace()}>
          <br />
          <button type="button" aria-expanded={isOpen()} onClick={() => setOpen(!isOpen())}>
            {texts().wallet.doubleSpend}
          </button>
        </Show>
      </span>
      <span class="state" data-state={entry().state}>
        <Show when={entry().state === 'confirmed'} fallback={texts().wallet.states[entry().state]}>
          <span class="unseen">{texts().wallet.confirmations} </span>
          <span class="number">{entry().confirmations}</span> ✓
        </Show>
      </span>
      <Show when={canReplace() && isOpen()}>
        <DoubleSpend txid={entry().txid} />
      </Show>
    </li>
  );
}
