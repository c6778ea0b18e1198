import { For, type JSX, Show } from 'solid-js';
import { bitcoinsOf } from '../../model/wallet/amount.ts';
import type { PaymentPreview } from '../../model/wallet/send.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import { HashLink, Row } from '../inspector/parts.tsx';
import { CopyButton } from './qr.tsx';

/** What a payment would be: the coins that it spends, its outputs, and its fee. */
export function Preview(props: { readonly preview: PaymentPreview }): JSX.Element {
  const { texts } = usePage();
  const preview = () => props.preview;
  return (
    <>
      <table class="amounts">
        <thead>
          <tr>
            <th scope="col">{texts().wallet.inputs}</th>
            <th scope="col" class="right">
              {texts().wallet.confirmations}
            </th>
            <th scope="col" class="right">
              {texts().wallet.amount}
            </th>
          </tr>
        </thead>
        <tbody>
          <For each={preview().inputs}>
            {({ txid, vout, value, confirmations }) => (
              <tr>
                <td>
                  <HashLink view="transaction" hash={txid} /> : {vout}
                </td>
                <td class="number">{confirmations}</td>
                <td class="number">{bitcoinsOf(value)}</td>
              </tr>
            )}
          </For>
        </tbody>
      </table>
      <table class="amounts">
        <thead>
          <tr>
            <th scope="col">{texts().wallet.outputs}</th>
            <th scope="col" class="right">
              {texts().wallet.amount}
            </th>
          </tr>
        </thead>
        <tbody>
          <For each={preview().outputs}>
            {({ address, value, isChange }) => (
              <tr>
                <td>
                  <span class="value">{address ?? '–'}</span>
                  <Show when={isChange}>
                    <span class="quiet"> {texts().wallet.isChange}</span>
                  </Show>
                </td>
                <td class="number">{bitcoinsOf(value)}</td>
              </tr>
            )}
          </For>
          <tr class="fee">
            <th scope="row">{texts().wallet.feeTotal}</th>
            <td class="number">{bitcoinsOf(preview().fee)}</td>
          </tr>
        </tbody>
      </table>
      <dl>
        <Row name={texts().wallet.size} value={`${preview().vsize} vB`} />
        <Row name={texts().wallet.rate} value={fill(texts().wallet.satPerByte, preview().feeRate.toFixed(3))} />
        <Row name={texts().transaction.id} value={preview().txid} />
      </dl>
      <details>
        <summary>{texts().wallet.rawHex}</summary>
        <p class="script">{preview().hex}</p>
        <CopyButton text={preview().hex} />
      </details>
    </>
  );
}
