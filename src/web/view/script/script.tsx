import { createMemo, createResource, createSignal, For, type JSX, Match, Show, Switch } from 'solid-js';
import { loadSecp256k1 } from '../../../browser/secp256k1.ts';
import { toHex, toReversedHex } from '../../../bytes/hex.ts';
import { MANDATORY_SCRIPT_VERIFY_FLAGS, STANDARD_SCRIPT_VERIFY_FLAGS } from '../../../script/flags.ts';
import { type ScriptTrace, traceInput } from '../../../script/trace.ts';
import { onDemand } from '../../model/on-demand.ts';
import {
  findSpentOutputs,
  loadSpending,
  outputsFor,
  parseTransaction,
  rejectReason,
  type SpendingTransaction,
} from '../../model/script-source.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import { NotFound } from '../inspector/parts.tsx';
import { ScriptSteps } from './script-steps.tsx';

const ruleSets = { policy: STANDARD_SCRIPT_VERIFY_FLAGS, consensus: MANDATORY_SCRIPT_VERIFY_FLAGS } as const;
type RuleSet = keyof typeof ruleSets;

/** A transaction from the form, and why the nodes would refuse it. */
interface CheckedTransaction extends SpendingTransaction {
  readonly reason: string | undefined;
}

const loadEngine = onDemand(loadSecp256k1);

/** Steps through the scripts of an input: of a transaction that the nodes have, or of one that the user pastes. */
export default function ScriptView(props: { readonly id?: string | undefined; readonly input: number }): JSX.Element {
  const { texts } = usePage();
  return (
    <section class="debugger">
      <h2>{texts().script.title}</h2>
      <Show when={props.id} keyed fallback={<PastedScripts />}>
        {(txid) => <KnownScripts txid={txid} input={props.input} />}
      </Show>
    </section>
  );
}

function KnownScripts(props: { readonly txid: string; readonly input: number }): JSX.Element {
  const { session, texts, go } = usePage();
  const [source] = createResource(
    () => [props.txid, session.connection() === 'connected'] as const,
    async ([txid]) => {
      await loadEngine();
      return loadSpending(session, txid);
    },
  );
  return (
    <>
      <p>
        {fill(texts().script.input, props.input)} {texts().script.ofTransaction}{' '}
        <button type="button" class="hash" onClick={() => go({ view: 'transaction', id: props.txid })}>
          {props.txid}
        </button>
      </p>
      <Switch fallback={<p>{texts().loading}</p>}>
        <Match when={source.error !== undefined}>
          <NotFound id={props.txid} />
        </Match>
        <Match when={source()}>{(found) => <InputScripts source={found()} input={props.input} />}</Match>
      </Switch>
    </>
  );
}

function PastedScripts(): JSX.Element {
  const { session, texts } = usePage();
  const [hex, setHex] = createSignal('');
  const [isMalformed, setMalformed] = createSignal(false);
  const [checked, setChecked] = createSignal<CheckedTransaction>();
  const [failure, setFailure] = createSignal<string>();
  const [input, setInput] = createSignal(0);

  const check = async () => {
    const tx = parseTransaction(hex());
    setMalformed(!tx);
    setFailure(undefined);
    setChecked(undefined);
    if (!tx) return;
    try {
      await loadEngine();
      const spentOutputs = tx.isCoinbase ? [] : await findSpentOutputs(session, tx);
      const reason = await rejectReason(session, toHex(tx.encode()));
      const fails = (_: unknown, i: number) => {
        const outputs = outputsFor(spentOutputs, i);
        return outputs !== undefined && traceInput(tx, i, outputs, ruleSets.policy).error !== undefined;
      };
      setInput(Math.max(0, spentOutputs.findIndex(fails)));
      setChecked({ tx, spentOutputs, isConfirmed: false, reason });
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      <p>{texts().script.help}</p>
      <form
        class="paste"
        onSubmit={(event) => {
          event.preventDefault();
          void check();
        }}
      >
        <label>
          {texts().script.hex}
          <textarea rows={4} spellcheck={false} value={hex()} onInput={(event) => setHex(event.target.value)} />
        </label>
        <button type="submit">{texts().script.check}</button>
      </form>
      <Show when={isMalformed() || failure() !== undefined}>
        <p class="failed" role="alert">
          {failure() ?? texts().script.malformed}
        </p>
      </Show>
      <Show when={checked()}>
        {(source) => (
          <>
            <Show when={source().reason} fallback={<p>{texts().script.accepted}</p>}>
              {(reason) => (
                <p class="failed">
                  {texts().script.rejected} <code>{reason()}</code>
                </p>
              )}
            </Show>
            <label>
              {texts().script.inputChoice}{' '}
              <select value={input()} onChange={(event) => setInput(Number(event.target.value))}>
                <For each={source().tx.inputs}>{(_, i) => <option value={i()}>{i()}</option>}</For>
              </select>
            </label>
            <InputScripts source={source()} input={input()} />
          </>
        )}
      </Show>
    </>
  );
}

function InputScripts(props: { readonly source: SpendingTransaction; readonly input: number }): JSX.Element {
  const { texts } = usePage();
  const [chosen, setChosen] = createSignal<RuleSet>();
  const outputs = () => outputsFor(props.source.spentOutputs, props.input);
  const traceBy = (rules: RuleSet): ScriptTrace | undefined => {
    const spent = outputs();
    return spent && traceInput(props.source.tx, props.input, spent, ruleSets[rules]);
  };
  const byPolicy = createMemo(() => traceBy('policy'));
  // A miner may have put a transaction into a block that breaks the policy of mempools.
  const rules = () => chosen() ?? (props.source.isConfirmed && byPolicy()?.error ? 'consensus' : 'policy');
  const trace = createMemo(() => (rules() === 'policy' ? byPolicy() : traceBy(rules())));
  const spends = () => {
    const { txid, vout } = props.source.tx.inputs[props.input]!.prevout;
    return `${toReversedHex(txid)}:${vout}`;
  };
  return (
    <Switch>
      <Match when={props.source.tx.isCoinbase}>
        <p>{texts().script.coinbase}</p>
      </Match>
      <Match when={!props.source.tx.inputs[props.input]}>
        <p>{fill(texts().script.noInput, props.input)}</p>
      </Match>
      <Match when={!trace()}>
        <p>{fill(texts().script.missing, props.input, spends())}</p>
      </Match>
      <Match when={trace()}>
        {(found) => (
          <>
            <label>
              {texts().script.rules}{' '}
              <select value={rules()} onChange={(event) => setChosen(event.target.value as RuleSet)}>
                <For each={Object.keys(ruleSets) as RuleSet[]}>
                  {(name) => <option value={name}>{texts().script.ruleSets[name]}</option>}
                </For>
              </select>
            </label>
            <ScriptSteps trace={found()} />
          </>
        )}
      </Match>
    </Switch>
  );
}
