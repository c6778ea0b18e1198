import { createEffect, createMemo, createSignal, For, type JSX, on, onCleanup, Show } from 'solid-js';
import { toHex } from '../../../bytes/hex.ts';
import { type ScriptError, scriptErrorString } from '../../../script/errors.ts';
import { MAX_OPS_PER_SCRIPT, MAX_SCRIPT_SIZE, MAX_STACK_SIZE } from '../../../script/limits.ts';
import { opcodeName } from '../../../script/opcodes.ts';
import type { ScriptTrace, TracedPhase, TracedSignature, TracedState, TracedStep } from '../../../script/trace.ts';
import {
  conditionsOf,
  firstMoment,
  hashTypeName,
  type Moment,
  momentsOf,
  signaturesAt,
  statesAt,
} from '../../model/script-moments.ts';
import { fill } from '../../text/texts.ts';
import { scriptErrorsZh } from '../../text/zh-script-errors.ts';
import { usePage } from '../context.ts';

/** Steps in the list before and after the current one. */
const LISTED_STEPS = 100;
/** Elements of a stack that are shown, from the top. */
const SHOWN_ELEMENTS = 60;
/** Hex digits of an element or field that are shown. */
const SHOWN_DIGITS = 400;

/** An execution, which one steps through: by a click on a step, by buttons, or by keys. */
export function ScriptSteps(props: { readonly trace: ScriptTrace }): JSX.Element {
  const { texts } = usePage();
  const moments = createMemo(() => momentsOf(props.trace));
  const [at, setAt] = createSignal(0);
  const last = () => moments().length - 1;
  const go = (index: number) => setAt(Math.max(0, Math.min(index, last())));
  const moment = (): Moment | undefined => moments()[Math.min(at(), last())];
  const phase = () => props.trace.phases[moment()?.phase ?? -1];
  createEffect(on([() => props.trace], () => setAt(firstMoment(props.trace))));

  const press = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if ((event.target as Element).closest('input, textarea, select')) return;
    const targets: Record<string, number> = { ArrowLeft: at() - 1, ArrowRight: at() + 1, Home: 0, End: last() };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    go(target);
  };
  document.addEventListener('keydown', press);
  onCleanup(() => document.removeEventListener('keydown', press));

  return (
    <>
      <Verdict trace={props.trace} />
      <Show when={props.trace.isTruncated}>
        <p>{texts().script.truncated}</p>
      </Show>
      <fieldset class="walk">
        <legend class="unseen">{texts().script.steps}</legend>
        <button type="button" disabled={at() <= 0} onClick={() => go(0)}>
          {texts().script.first}
        </button>
        <button type="button" disabled={at() <= 0} onClick={() => go(at() - 1)}>
          {texts().script.back}
        </button>
        <button type="button" disabled={at() >= last()} onClick={() => go(at() + 1)}>
          {texts().script.forward}
        </button>
        <button type="button" disabled={at() >= last()} onClick={() => go(last())}>
          {texts().script.last}
        </button>
        <output>{fill(texts().script.moment, at() + 1, last() + 1)}</output>
        <span class="keys">{texts().script.keys}</span>
      </fieldset>
      <div class="phases">
        <For each={props.trace.phases}>
          {(each, i) => (
            <button
              type="button"
              aria-pressed={moment()?.phase === i()}
              onClick={() => go(moments().findIndex((candidate) => candidate.phase === i()))}
            >
              {texts().script.phases[each.phase]}
            </button>
          )}
        </For>
      </div>
      <Show when={phase()}>
        {(shown) => (
          <div class="execution">
            <StepList
              phase={shown()}
              step={moment()!.step}
              failed={props.trace.place?.phase === moment()!.phase ? props.trace.place.step : undefined}
              choose={(step) =>
                go(moments().findIndex((candidate) => candidate.phase === moment()!.phase && candidate.step === step))
              }
            />
            <StateView phase={shown()} step={moment()!.step} />
          </div>
        )}
      </Show>
    </>
  );
}

function Verdict(props: { readonly trace: ScriptTrace }): JSX.Element {
  const { texts } = usePage();
  const textOf = (error: ScriptError) =>
    texts().script.language === 'zh' ? scriptErrorsZh[error] : scriptErrorString(error);
  const place = () => {
    const { place: found, phases } = props.trace;
    const phase = phases[found?.phase ?? -1];
    if (!phase) return texts().script.place.before;
    const name = texts().script.phases[phase.phase];
    const step = phase.steps[found?.step ?? -1];
    return step
      ? fill(texts().script.place.step, name, step.position + 1, nameOf(step))
      : fill(texts().script.place.phase, name);
  };
  return (
    <Show when={props.trace.error} fallback={<p class="verdict">{texts().script.valid}</p>}>
      {(error) => (
        <div class="verdict failed">
          <p>
            {fill(texts().script.refused, textOf(error()))} <code>{error()}</code>
          </p>
          <p>{place()}</p>
        </div>
      )}
    </Show>
  );
}

function StepList(props: {
  readonly phase: TracedPhase;
  readonly step: number | undefined;
  readonly failed: number | undefined;
  readonly choose: (step: number | undefined) => void;
}): JSX.Element {
  const { texts } = usePage();
  const from = () => Math.max(0, (props.step ?? 0) - LISTED_STEPS);
  const listed = () => props.phase.steps.slice(from(), (props.step ?? 0) + LISTED_STEPS);
  const after = () => props.phase.steps.length - from() - listed().length;
  let list: HTMLOListElement | undefined;
  createEffect(() => {
    void props.step;
    list?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  });
  const note = () => {
    if (props.phase.phase === 'keyPath') return texts().script.noScript;
    if (!props.phase.isRun) return texts().script.notRun;
    return props.phase.script.length === 0 ? texts().script.empty : undefined;
  };
  return (
    <div class="program">
      <Show when={note()}>{(text) => <p>{text()}</p>}</Show>
      <ol class="steps" ref={list}>
        <li>
          <button
            type="button"
            aria-current={props.step === undefined ? 'step' : undefined}
            onClick={() => props.choose(undefined)}
          >
            {texts().script.start}
          </button>
        </li>
        <Show when={from() > 0}>
          <li>{fill(texts().script.more, from())}</li>
        </Show>
        <For each={listed()}>
          {(step) => (
            <li>
              <button
                type="button"
                aria-current={props.step === step.position ? 'step' : undefined}
                classList={{ skipped: !step.isExecuted, failed: props.failed === step.position }}
                onClick={() => props.choose(step.position)}
              >
                <span class="number">{step.position + 1}</span> <span class="opcode">{nameOf(step)}</span>
                <Show when={!step.isExecuted}> ({texts().script.skipped})</Show>
                <Show when={props.failed === step.position}> ✕</Show>
              </button>
            </li>
          )}
        </For>
        <Show when={after() > 0}>
          <li>{fill(texts().script.more, after())}</li>
        </Show>
      </ol>
    </div>
  );
}

function StateView(props: { readonly phase: TracedPhase; readonly step: number | undefined }): JSX.Element {
  const { texts } = usePage();
  const states = () => statesAt(props.phase, props.step);
  const hasAltStack = () => states().some(({ altStack }) => altStack.length > 0);
  const conditions = () => conditionsOf(states()[1]);
  return (
    <div class="state">
      <div class="piles">
        <Show when={props.step !== undefined}>
          <Pile title={`${texts().script.stack}: ${texts().script.before}`} elements={states()[0].stack} />
        </Show>
        <Pile
          title={props.step === undefined ? texts().script.stack : `${texts().script.stack}: ${texts().script.after}`}
          elements={states()[1].stack}
        />
      </div>
      <Show when={hasAltStack()}>
        <div class="piles">
          <Pile title={`${texts().script.altStack}: ${texts().script.before}`} elements={states()[0].altStack} />
          <Pile title={`${texts().script.altStack}: ${texts().script.after}`} elements={states()[1].altStack} />
        </div>
      </Show>
      <Show when={conditions().length > 0}>
        <h3>{texts().script.conditionals}</h3>
        <ol class="conditions">
          <For each={conditions().slice(0, SHOWN_ELEMENTS)}>
            {(condition) => <li class={condition}>{texts().script.conditions[condition]}</li>}
          </For>
        </ol>
      </Show>
      <Limits phase={props.phase} state={states()[1]} />
      <For each={signaturesAt(props.phase, props.step)}>{(signature) => <SignatureView signature={signature} />}</For>
    </div>
  );
}

function Pile(props: { readonly title: string; readonly elements: readonly Uint8Array[] }): JSX.Element {
  const { texts } = usePage();
  const shown = () => props.elements.slice(-SHOWN_ELEMENTS).reverse();
  return (
    <section class="pile" aria-label={props.title}>
      <h3>{props.title}</h3>
      <ol reversed>
        <For each={shown()} fallback={<li class="none">{texts().script.emptyStack}</li>}>
          {(element) => (
            <li title={fill(texts().script.bytes, element.length)}>
              {element.length === 0 ? texts().script.emptyElement : shorten(element)}
            </li>
          )}
        </For>
      </ol>
      <Show when={props.elements.length > SHOWN_ELEMENTS}>
        <p>{fill(texts().script.more, props.elements.length - SHOWN_ELEMENTS)}</p>
      </Show>
    </section>
  );
}

function Limits(props: { readonly phase: TracedPhase; readonly state: TracedState }): JSX.Element {
  const { texts } = usePage();
  const names = () => texts().script.limits;
  const scriptLimit = () => (props.phase.phase === 'tapscript' ? names().none : MAX_SCRIPT_SIZE);
  return (
    <Show when={props.phase.phase !== 'keyPath'}>
      <h3>{names().title}</h3>
      <dl class="limits">
        <dt>{names().scriptSize}</dt>
        <dd class="value">{`${props.phase.script.length} / ${scriptLimit()}`}</dd>
        <Show when={props.state.opCount !== undefined}>
          <dt>{names().opCount}</dt>
          <dd class="value">{`${props.state.opCount} / ${MAX_OPS_PER_SCRIPT}`}</dd>
        </Show>
        <dt>{names().stackSize}</dt>
        <dd class="value">{`${props.state.stack.length + props.state.altStack.length} / ${MAX_STACK_SIZE}`}</dd>
        <Show when={props.phase.sigOpCost !== undefined}>
          <dt>{names().sigOpCost}</dt>
          <dd class="value">{props.phase.sigOpCost}</dd>
        </Show>
        <Show when={props.state.validationWeightLeft !== undefined}>
          <dt>{names().weight}</dt>
          <dd class="value">{props.state.validationWeightLeft}</dd>
        </Show>
      </dl>
    </Show>
  );
}

function SignatureView(props: { readonly signature: TracedSignature }): JSX.Element {
  const { texts } = usePage();
  const names = () => texts().script.signature;
  const { hashType, parts } = props.signature;
  return (
    <section class="signature">
      <h3>{names().title}</h3>
      <dl>
        <dt>{names().result}</dt>
        <dd classList={{ failed: !props.signature.isValid }}>
          {props.signature.isValid ? names().valid : names().invalid}
        </dd>
        <dt>{names().algorithm}</dt>
        <dd>
          {props.signature.algorithm === 'ecdsa' ? 'ECDSA' : 'Schnorr (BIP340)'}
          {parts ? `, ${names().rules[parts.rules]}` : ''}
        </dd>
        <dt>{names().hashType}</dt>
        <dd class="value">{hashType === undefined ? '–' : hashTypeName(props.signature, hashType)}</dd>
        <dt>{names().publicKey}</dt>
        <dd class="value">{shorten(props.signature.publicKey)}</dd>
        <dt>{names().signature}</dt>
        <dd class="value">{shorten(props.signature.signature) || '–'}</dd>
        <Show when={parts}>
          {(found) => (
            <>
              <dt>{names().hash}</dt>
              <dd class="value">{toHex(found().hash)}</dd>
            </>
          )}
        </Show>
      </dl>
      <h3>{names().preimage}</h3>
      <Show when={parts} fallback={<p>{names().nothing}</p>}>
        {(found) => (
          <Show when={found().fields.length > 0} fallback={<p>{names().one}</p>}>
            <table class="preimage">
              <tbody>
                <For each={found().fields}>
                  {({ name, bytes }) => (
                    <tr>
                      <th scope="row">{texts().script.fields[name]}</th>
                      <td class="value" title={fill(texts().script.bytes, bytes.length)}>
                        {shorten(bytes)}
                      </td>
                    </tr>
                  )}
                </For>
              </tbody>
            </table>
          </Show>
        )}
      </Show>
    </section>
  );
}

/** Returns what a step is called: its opcode, or the hex that it pushes. */
function nameOf({ opcode, data }: TracedStep): string {
  return data && data.length > 0 ? toHex(data) : opcodeName(opcode);
}

function shorten(bytes: Uint8Array): string {
  const hex = toHex(bytes.subarray(0, SHOWN_DIGITS / 2));
  return bytes.length * 2 > SHOWN_DIGITS ? `${hex}…` : hex;
}
