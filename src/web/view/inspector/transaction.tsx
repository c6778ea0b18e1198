import { createResource, For, type JSX, Show } from 'solid-js';
import { feeRate } from '../../model/timeline.ts';
import { usePage } from '../context.ts';
import { HashLink, Loaded, Row } from './parts.tsx';

interface ScriptResult {
  readonly asm: string;
  readonly address?: string;
  readonly type?: string;
}

/** What is read of the result of `getrawtransaction`. */
interface TransactionResult {
  readonly txid: string;
  readonly vsize: number;
  readonly confirmations?: number;
  readonly blockhash?: string;
  readonly vin: readonly {
    readonly txid?: string;
    readonly vout?: number;
    readonly coinbase?: string;
    readonly scriptSig?: ScriptResult;
    readonly txinwitness?: readonly string[];
  }[];
  readonly vout: readonly { readonly n: number; readonly value: number; readonly scriptPubKey: ScriptResult }[];
}

/** A transaction: its inputs and outputs, and where it is. */
export function TransactionView(props: { readonly txid: string }): JSX.Element {
  const { session, texts, go } = usePage();
  const [transaction] = createResource(
    () => [props.txid, session.connection() === 'connected'] as const,
    ([txid]) => session.findTransaction<TransactionResult>(txid),
  );
  const known = () => {
    session.version();
    return session.timeline.transactions.get(props.txid);
  };
  const holders = () =>
    [...(known()?.stays ?? [])].filter(([, { removed }]) => removed === undefined).map(([name]) => name);
  return (
    <Loaded value={transaction} id={props.txid}>
      {(found) => (
        <>
          <h2>{texts().transaction.title}</h2>
          <dl>
            <Row name={texts().transaction.id} value={found.txid} />
            <dt>{texts().transaction.confirmations}</dt>
            <dd>
              <Show when={found.blockhash} fallback={texts().transaction.unconfirmed}>
                {(hash) => (
                  <>
                    {found.confirmations} · <HashLink view="block" hash={hash()} />
                  </>
                )}
              </Show>
            </dd>
            <Row name={texts().transaction.size} value={`${found.vsize} vB`} />
            <Show when={known()?.fee !== undefined}>
              <Row name={texts().transaction.fee} value={`${known()!.fee} sat`} />
              <Row name={texts().transaction.feeRate} value={`${feeRate(known()!).toFixed(2)} sat/vB`} />
            </Show>
            <Show when={holders().length > 0}>
              <Row name={texts().transaction.knows} value={holders().join(', ')} />
            </Show>
          </dl>
          <h3>{texts().transaction.inputs}</h3>
          <ol class="hashes" start={0}>
            <For each={found.vin}>
              {(input, index) => (
                <li>
                  <Show when={input.txid} fallback={texts().transaction.coinbase}>
                    {(txid) => (
                      <>
                        <HashLink view="transaction" hash={txid()} /> : {input.vout}{' '}
                        <button type="button" onClick={() => go({ view: 'script', id: found.txid, input: index() })}>
                          {texts().script.open}
                        </button>
                      </>
                    )}
                  </Show>
                  <Show when={input.scriptSig?.asm}>{(asm) => <p class="script">{asm()}</p>}</Show>
                  <Show when={input.txinwitness}>
                    {(items) => (
                      <p class="script">
                        {texts().transaction.witness}: {items().join(' ')}
                      </p>
                    )}
                  </Show>
                </li>
              )}
            </For>
          </ol>
          <h3>{texts().transaction.outputs}</h3>
          <ol class="hashes" start={0}>
            <For each={found.vout}>
              {({ value, scriptPubKey }) => (
                <li>
                  <span class="number">{value.toFixed(8)}</span> {scriptPubKey.address ?? scriptPubKey.type}
                  <p class="script">{scriptPubKey.asm}</p>
                </li>
              )}
            </For>
          </ol>
        </>
      )}
    </Loaded>
  );
}
