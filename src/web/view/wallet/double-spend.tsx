import { createSignal, createUniqueId, type JSX } from 'solid-js';
import { messageOf } from '../../model/failure.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import { Failure } from './failure.tsx';

/** A form that spends the coins of an unconfirmed payment again. */
export function DoubleSpend(props: { readonly txid: string }): JSX.Element {
  const { session, texts, go } = usePage();
  const id = createUniqueId();
  const [to, setTo] = createSignal('');
  const [rate, setRate] = createSignal('');
  const [isRunning, setRunning] = createSignal(false);
  const [failure, setFailure] = createSignal<string>();
  const command = () =>
    `pier doublespend ${props.txid.slice(0, 8)}…${to() && ` --to ${to()}`}${rate() && ` --fee-rate ${rate()}`}`;
  const run = async (event: SubmitEvent) => {
    event.preventDefault();
    const { client } = session;
    if (!client || isRunning()) return;
    const [payee, feeRate] = [to().trim(), Number(rate())];
    if (rate().trim() !== '' && !(feeRate > 0)) {
      setFailure(fill(texts().wallet.noRate, rate()));
      return;
    }
    setRunning(true);
    try {
      const { txid } = await client.call('doublespend', {
        txid: props.txid,
        ...(payee === '' ? {} : { to: /^\d{1,9}$/.test(payee) ? Number(payee) : payee }),
        ...(feeRate > 0 ? { feeRate } : {}),
      });
      setFailure(undefined);
      go({ view: 'transaction', id: txid });
    } catch (error) {
      setFailure(messageOf(error));
    } finally {
      setRunning(false);
    }
  };
  return (
    <form class="action twice" onSubmit={(event) => void run(event)}>
      <p>{texts().wallet.doubleSpendHelp}</p>
      <label for={`${id}-to`}>
        <span>{texts().wallet.doubleSpendTo}</span>
        <input id={`${id}-to`} value={to()} onInput={(event) => setTo(event.currentTarget.value)} />
      </label>
      <label for={`${id}-rate`}>
        <span>{texts().wallet.ownRate}</span>
        <input
          id={`${id}-rate`}
          inputMode="decimal"
          value={rate()}
          onInput={(event) => setRate(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={isRunning()}>
        {texts().wallet.doubleSpend}
      </button>
      <code title={texts().act.command}>{command()}</code>
      <Failure text={failure()} />
    </form>
  );
}
