import { createSignal, For, type JSX, Show } from 'solid-js';
import { loadTransaction, type TransactionReport } from '../../model/anatomy/transaction.ts';
import { tagOf } from '../../model/block-colour.ts';
import { bitcoinsOf } from '../../model/wallet/amount.ts';
import { fill, type Texts } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import { HashLink, NotFound, Row } from '../inspector/parts.tsx';
import { createLive } from '../live.ts';
import { WatchButton } from '../time/replay-buttons.tsx';
import { DoubleSpend } from '../wallet/double-spend.tsx';
import { CopyButton } from '../wallet/qr.tsx';
import { useAccounts } from '../wallet/wallets.tsx';
import { FlowDrawing } from './flow.tsx';
import '../wide.css';
import './anatomy.css';

/** Inputs and outputs that are listed. */
const MAX_LISTED = 200;

/** The ends of an address, as long as a label may be. */
const short = (address: string | undefined) =>
  address === undefined ? '' : address.length <= 20 ? address : `${address.slice(0, 10)}…${address.slice(-6)}`;

/** A transaction: what flows through it, where it is, and what became of it. */
export default function TransactionView(props: { readonly txid: string }): JSX.Element {
  const { session, texts } = usePage();
  const transaction = createLive(
    () => props.txid,
    (txid) => loadTransaction(session, txid),
  );
  const wait = () => (transaction.error() === undefined ? <p>{texts().loading}</p> : <NotFound id={props.txid} />);
  return (
    <section class="wide">
      <Show when={transaction.value()} fallback={wait()}>
        {(found) => <Transaction of={found()} />}
      </Show>
    </section>
  );
}

function Transaction(props: { readonly of: TransactionReport }): JSX.Element {
  const { session, texts, go } = usePage();
  const accounts = useAccounts();
  const [isOpen, setOpen] = createSignal(false);
  const found = () => props.of;
  const isCoinbase = () => found().inputs.some(({ txid }) => txid === undefined);
  const holders = () => {
    session.version();
    return [...(session.timeline.transactions.get(found().txid)?.stays ?? [])]
      .filter(([, { removed }]) => removed === undefined)
      .map(([name]) => name);
  };
  const isRemembered = () => {
    session.version();
    return session.timeline.transactions.has(found().txid);
  };
  const canReplace = () => {
    const { state, payer } = found();
    return state === 'unconfirmed' && payer !== undefined && accounts.indexOf(payer) !== undefined;
  };
  return (
    <>
      <h2>{texts().transaction.title}</h2>
      <dl>
        <Row name={texts().transaction.id} value={found().txid} />
        <dt>{texts().transaction.confirmations}</dt>
        <dd data-state={found().state} class="state">
          <Show when={found().blockhash} fallback={stateText(found(), texts())}>
            {(hash) => (
              <>
                {found().confirmations} · <HashLink view="block" hash={hash()} />{' '}
                <button type="button" onClick={() => go({ view: 'proof', id: found().txid })}>
                  {texts().anatomy.proof}
                </button>
              </>
            )}
          </Show>
        </dd>
        <Show when={found().conflicts.length > 0}>
          <dt>{texts().anatomy.conflicts}</dt>
          <dd>
            <For each={found().conflicts}>{(txid) => <HashLink view="transaction" hash={txid} />}</For>
          </dd>
        </Show>
        <Show when={found().payer}>
          {(payer) => (
            <>
              <dt>{texts().anatomy.madeBy}</dt>
              <dd>
                <button
                  type="button"
                  class="hash"
                  onClick={() => go({ view: 'wallet', id: payer().node, name: payer().wallet })}
                >
                  {payer().node}/{payer().wallet || texts().wallet.unnamed}
                </button>
              </dd>
            </>
          )}
        </Show>
        <Show when={found().fee !== undefined && !isCoinbase()}>
          <Row name={texts().transaction.fee} value={`${found().fee} sat`} />
          <Row
            name={texts().transaction.feeRate}
            value={`${(Number(found().fee) / found().vsize).toFixed(2)} sat/vB`}
          />
        </Show>
        <Row name={texts().anatomy.size} value={fill(texts().anatomy.sizes, found().size, found().vsize)} />
        <Row name={texts().anatomy.weight} value={`${found().weight} WU`} />
        <Show when={holders().length > 0}>
          <Row name={texts().transaction.knows} value={holders().join(', ')} />
        </Show>
      </dl>
      <Show when={isRemembered()}>
        <WatchButton id={found().txid} />{' '}
      </Show>
      <Show when={canReplace()}>
        <button type="button" aria-expanded={isOpen()} onClick={() => setOpen(!isOpen())}>
          {texts().wallet.doubleSpend}
        </button>
        <Show when={isOpen()}>
          <DoubleSpend txid={found().txid} />
        </Show>
      </Show>
      <h3>{texts().anatomy.flow}</h3>
      <TransactionFlow of={found()} isCoinbase={isCoinbase()} />
      <h3>{texts().transaction.inputs}</h3>
      <ol class="hashes" start={0}>
        <For each={found().inputs.slice(0, MAX_LISTED)}>
          {({ txid, vout, value, address, script, witness }, index) => (
            <li>
              <Show when={txid} fallback={texts().transaction.coinbase}>
                {(id) => (
                  <>
                    <span class="number">{value === undefined ? '?' : bitcoinsOf(value)}</span>{' '}
                    <AddressLink address={address} />
                    <br />
                    <HashLink view="transaction" hash={id()} /> : {vout}{' '}
                    <button type="button" onClick={() => go({ view: 'script', id: found().txid, input: index() })}>
                      {texts().script.open}
                    </button>
                  </>
                )}
              </Show>
              <Show when={script}>{(asm) => <p class="script">{asm()}</p>}</Show>
              <Show when={witness.length > 0}>
                <p class="script">
                  {texts().transaction.witness}: {witness.join(' ')}
                </p>
              </Show>
            </li>
          )}
        </For>
      </ol>
      <h3>{texts().transaction.outputs}</h3>
      <ol class="hashes" start={0}>
        <For each={found().outputs.slice(0, MAX_LISTED)}>
          {({ value, address, type, script }) => (
            <li>
              <span class="number">{bitcoinsOf(value)}</span>{' '}
              <Show when={address} fallback={type}>
                <AddressLink address={address} />
              </Show>
              <p class="script">{script}</p>
            </li>
          )}
        </For>
      </ol>
      <details>
        <summary>{texts().anatomy.hex}</summary>
        <p class="script">{found().hex}</p>
        <CopyButton text={found().hex} />
      </details>
    </>
  );
}

/** Says what became of a transaction that no block has. */
function stateText({ state, confirmations }: TransactionReport, texts: Texts): string {
  if (state === 'unconfirmed') return texts.transaction.unconfirmed;
  return confirmations < 0 ? `${texts.wallet.states[state]} (${confirmations})` : texts.wallet.states[state];
}

function TransactionFlow(props: { readonly of: TransactionReport; readonly isCoinbase: boolean }): JSX.Element {
  const { texts } = usePage();
  const found = () => props.of;
  const total = (values: readonly { readonly value: bigint | undefined }[]) =>
    values.reduce((sum, { value }) => sum + (value ?? 0n), 0n);
  const about = () => {
    const { inputs, outputs, fee } = found();
    if (props.isCoinbase) return fill(texts().anatomy.coinbaseFlow, bitcoinsOf(total(outputs)), outputs.length);
    const amounts = [bitcoinsOf(total(inputs)), outputs.length, bitcoinsOf(fee ?? 0n)];
    return fill(texts().anatomy.flowHelp, inputs.length, ...amounts);
  };
  const inputs = () =>
    props.isCoinbase
      ? [{ value: total(found().outputs), label: texts().transaction.coinbase }]
      : found().inputs.map(({ value, address, txid, vout }) => ({
          value: value!,
          label: short(address) || `…${tagOf(txid!)}:${vout}`,
        }));
  const outputs = () =>
    found().outputs.map(({ value, address, type }) => ({ value, label: short(address) || type || '' }));
  return (
    <Show when={props.isCoinbase || found().fee !== undefined} fallback={<p>{texts().anatomy.unknownFlow}</p>}>
      <FlowDrawing inputs={inputs()} outputs={outputs()} about={about()} />
      <p class="quiet">{about()}</p>
    </Show>
  );
}

function AddressLink(props: { readonly address: string | undefined }): JSX.Element {
  const { go } = usePage();
  return (
    <Show when={props.address}>
      {(address) => (
        <button type="button" class="hash" onClick={() => go({ view: 'address', id: address() })}>
          {address()}
        </button>
      )}
    </Show>
  );
}
