import { For, type JSX, Show } from 'solid-js';
import { messageOf } from '../../model/failure.ts';
import { loadAddress } from '../../model/wallet/address.ts';
import { bitcoinsOf } from '../../model/wallet/amount.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import { HashLink, NotFound } from '../inspector/parts.tsx';
import { createLive } from '../live.ts';
import { AddressCode } from './qr.tsx';

/** Outputs and payments that are shown. */
const MAX_SHOWN = 200;

/** An address: what it has by the UTXO set, and what wallets know of it. */
export function AddressView(props: { readonly address: string }): JSX.Element {
  const { session, texts, go } = usePage();
  const report = createLive(
    () => props.address,
    async (address) => ({ found: await loadAddress(session, address) }),
  );
  const wait = () => (report.error() === undefined ? texts().loading : messageOf(report.error()));
  return (
    <section class="wide">
      <h2>{texts().wallet.address}</h2>
      <Show when={report.value()} fallback={<p>{wait()}</p>}>
        {(answer) => (
          <Show when={answer().found} fallback={<NotFound id={props.address} />}>
            {(found) => (
              <>
                <AddressCode address={props.address} />
                <dl>
                  <dt>{texts().balance}</dt>
                  <dd>
                    <span class="number">{bitcoinsOf(found().total)}</span>{' '}
                    <span class="quiet">{fill(texts().wallet.utxoHelp, found().height)}</span>
                  </dd>
                  <dt>{texts().wallet.belongsTo}</dt>
                  <dd>
                    <For each={found().owners} fallback={texts().wallet.ofNoWallet}>
                      {({ node, wallet, path }) => (
                        <div>
                          <button
                            type="button"
                            class="hash"
                            onClick={() => go({ view: 'wallet', id: node, name: wallet })}
                          >
                            {node}/{wallet || texts().wallet.unnamed}
                          </button>{' '}
                          <span class="quiet">{path}</span>
                        </div>
                      )}
                    </For>
                  </dd>
                </dl>
                <h3>
                  {texts().wallet.unspent} <span class="number">{found().unspent.length}</span>
                </h3>
                <Show when={found().unspent.length > 0} fallback={<p>{texts().wallet.noUnspent}</p>}>
                  <table class="amounts">
                    <thead>
                      <tr>
                        <th scope="col">{texts().wallet.output}</th>
                        <th scope="col">{texts().wallet.block}</th>
                        <th scope="col" class="right">
                          {texts().wallet.amount}
                        </th>
                      </tr>
                    </thead>
                    <tbody>
                      <For each={found().unspent.slice(0, MAX_SHOWN)}>
                        {({ txid, vout, value, height, blockhash }) => (
                          <tr>
                            <td>
                              <HashLink view="transaction" hash={txid} /> : {vout}
                            </td>
                            <td>
                              <Show when={blockhash} fallback={height}>
                                {(hash) => <HashLink view="block" hash={hash()} />}
                              </Show>
                            </td>
                            <td class="number">{bitcoinsOf(value)}</td>
                          </tr>
                        )}
                      </For>
                    </tbody>
                  </table>
                </Show>
                <h3>{texts().wallet.transactions}</h3>
                <Show when={found().payments.length > 0} fallback={<p>{texts().wallet.noTransactions}</p>}>
                  <ol class="history">
                    <For each={found().payments.slice(0, MAX_SHOWN)}>
                      {(entry) => (
                        <li>
                          <span class="number amount">
                            {bitcoinsOf(entry.amount < 0n ? -entry.amount : entry.amount)}
                          </span>
                          <span>
                            <HashLink view="transaction" hash={entry.txid} />
                          </span>
                          <span class="state" data-state={entry.state}>
                            <Show when={entry.state === 'confirmed'} fallback={texts().wallet.states[entry.state]}>
                              <span class="unseen">{texts().wallet.confirmations} </span>
                              <span class="number">{entry.confirmations}</span> ✓
                            </Show>
                          </span>
                        </li>
                      )}
                    </For>
                  </ol>
                </Show>
              </>
            )}
          </Show>
        )}
      </Show>
    </section>
  );
}
