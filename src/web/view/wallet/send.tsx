import { createResource, createSignal, createUniqueId, For, type JSX, Show } from 'solid-js';
import type { ResultOf } from '../../../control/protocol/methods.ts';
import { messageOf } from '../../model/failure.ts';
import { bitcoinsOf, parseBitcoins } from '../../model/wallet/amount.ts';
import type { WalletName } from '../../model/wallet/nodes.ts';
import { PayeeFinder } from '../../model/wallet/payee.ts';
import {
  loadFeeOptions,
  type PaymentPlan,
  type PaymentPreview,
  previewPayment,
  sendPreviewed,
} from '../../model/wallet/send.ts';
import { loadWallets } from '../../model/wallet/wallets.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import { Failure } from './failure.tsx';
import { Preview } from './preview.tsx';

/** A payment with its preview. */
interface Planned {
  readonly plan: PaymentPlan;
  readonly preview: PaymentPreview;
}

/** A form for a payment, which is shown before it is sent. */
export function Send(props: {
  readonly of: WalletName;
  readonly accounts: ResultOf<'accounts'>['accounts'];
}): JSX.Element {
  const { session, texts, go } = usePage();
  const id = createUniqueId();
  const finder = new PayeeFinder(session);
  const [to, setTo] = createSignal('');
  const [amount, setAmount] = createSignal('');
  const [subtractFee, setSubtractFee] = createSignal(false);
  const [choice, setChoice] = createSignal<'next' | 'soon' | 'least' | 'own'>('next');
  const [ownRate, setOwnRate] = createSignal('');
  const [planned, setPlanned] = createSignal<Planned>();
  const [failure, setFailure] = createSignal<string>();
  const [isRunning, setRunning] = createSignal(false);
  const [options] = createResource(() => loadFeeOptions(session).catch(() => []));
  const [wallets] = createResource(() => loadWallets(session).catch(() => []));

  /** Changes a field: what was previewed is another payment. */
  const change = (set: () => void) => {
    set();
    setPlanned(undefined);
    setFailure(undefined);
  };
  const rateOf = () =>
    choice() === 'own' ? Number(ownRate()) : (options() ?? []).find(({ kind }) => kind === choice())?.rate;
  const run = async (action: () => Promise<string | undefined>) => {
    if (isRunning()) return;
    setRunning(true);
    try {
      setFailure(await action());
    } catch (error) {
      setFailure(messageOf(error));
    } finally {
      setRunning(false);
    }
  };
  const preview = async (): Promise<string | undefined> => {
    setPlanned(undefined);
    const payee = to().trim() === '' ? undefined : await finder.find(to(), props.accounts);
    if (!payee) return fill(texts().wallet.noPayee, to());
    const satoshis = parseBitcoins(amount());
    if (satoshis === undefined) return fill(texts().wallet.noAmount, amount());
    const feeRate = rateOf();
    if (!(feeRate && feeRate > 0 && Number.isFinite(feeRate))) return fill(texts().wallet.noRate, ownRate());
    const plan = { address: payee.address, amount: satoshis, feeRate, subtractFee: subtractFee() };
    setPlanned({ plan, preview: await previewPayment(session, props.of, plan) });
    return undefined;
  };
  const send = async ({ plan, preview }: Planned): Promise<undefined> => {
    go({ view: 'transaction', id: await sendPreviewed(session, props.of, plan, preview) });
  };
  const suggestions = () => [
    ...props.accounts.map(({ index, wallet }) => ({ value: String(index), label: wallet })),
    ...(wallets() ?? []).map(({ node, wallet }) => ({ value: `${node}/${wallet}`, label: `${node} ${wallet}` })),
  ];
  return (
    <>
      <h3>{texts().wallet.send}</h3>
      <form
        class="payment"
        onSubmit={(event) => {
          event.preventDefault();
          void run(preview);
        }}
      >
        <label for={`${id}-to`}>{texts().wallet.to}</label>
        <input
          id={`${id}-to`}
          list={`${id}-payees`}
          value={to()}
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget: { value } }) => change(() => setTo(value))}
        />
        <datalist id={`${id}-payees`}>
          <For each={suggestions()}>{({ value, label }) => <option value={value}>{label}</option>}</For>
        </datalist>
        <label for={`${id}-amount`}>{texts().wallet.bitcoins}</label>
        <input
          id={`${id}-amount`}
          inputMode="decimal"
          value={amount()}
          onInput={({ currentTarget: { value } }) => change(() => setAmount(value))}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={subtractFee()}
            onInput={({ currentTarget: { checked } }) => change(() => setSubtractFee(checked))}
          />
          {texts().wallet.subtractFee}
        </label>
        <fieldset class="rates">
          <legend>{texts().wallet.feeRate}</legend>
          <For each={options() ?? []}>
            {({ kind, rate }) => (
              <label class="check">
                <input
                  type="radio"
                  name={`${id}-rate`}
                  checked={choice() === kind}
                  onInput={() => change(() => setChoice(kind))}
                />
                <span class="number">{fill(texts().wallet.satPerByte, rate)}</span> {texts().wallet.rates[kind]}
              </label>
            )}
          </For>
          <label class="check">
            <input
              type="radio"
              name={`${id}-rate`}
              checked={choice() === 'own'}
              onInput={() => change(() => setChoice('own'))}
            />
            {texts().wallet.rates.own}
            <input
              class="own"
              inputMode="decimal"
              aria-label={texts().wallet.rates.own}
              value={ownRate()}
              onInput={({ currentTarget: { value } }) =>
                change(() => {
                  setOwnRate(value);
                  setChoice('own');
                })
              }
            />
            sat/vB
          </label>
        </fieldset>
        <button type="submit" disabled={isRunning()}>
          {texts().wallet.preview}
        </button>
        <Failure text={failure()} />
      </form>
      <Show when={planned()} keyed>
        {(made) => (
          <section class="preview" aria-label={texts().wallet.preview}>
            <p>
              {texts().wallet.previewHelp}
              <Show when={session.timeline.nodes.get(props.of.node)?.role === 'light'}>
                {' '}
                {texts().wallet.lightHelp}
              </Show>
            </p>
            <Preview preview={made.preview} />
            <p>
              <button type="button" disabled={isRunning()} onClick={() => void run(() => send(made))}>
                {texts().wallet.sendNow}
              </button>{' '}
              <button type="button" onClick={() => change(() => {})}>
                {texts().wallet.discard}
              </button>{' '}
              <code title={texts().act.command}>{command(made.plan)}</code>
            </p>
          </section>
        )}
      </Show>
    </>
  );

  /** The command in a terminal that pays the same. */
  function command({ address, amount: satoshis, feeRate }: PaymentPlan): string {
    const account = props.accounts.find(({ node, wallet }) => node === props.of.node && wallet === props.of.wallet);
    return account && !subtractFee()
      ? `pier pay ${account.index} ${address} ${bitcoinsOf(satoshis)} --fee-rate ${feeRate}`
      : '';
  }
}
