import { For, type JSX, onCleanup, onMount, Show } from 'solid-js';
import { withNames } from '../../model/lesson/casting.ts';
import type { Fact } from '../../model/lesson/format.ts';
import type { OpenLesson } from '../../model/lesson/player.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import { HashLink } from '../inspector/parts.tsx';
import { CastList, MissingParts } from './cast.tsx';

/** The lesson that is open: its steps, what the one that is shown says, what has shown that it happened, and controls. */
export function LessonPanel(props: { readonly open: OpenLesson }): JSX.Element {
  const { texts, player, say, casting } = usePage();
  const lesson = () => props.open.lesson;
  const step = () => lesson().steps[props.open.step]!;
  const shown = () => props.open.steps[props.open.step]!;
  const found = () => casting(lesson());
  const missing = () => {
    const known = found();
    return known && 'missing' in known ? known.missing : undefined;
  };
  const cast = () => {
    const known = found();
    return known && 'cast' in known ? known.cast : undefined;
  };
  const isFinished = () => props.open.steps.every(({ state }) => state === 'done');
  /** What is said of the state of the step. */
  const status = () => {
    const { waitingFor, isLeaving } = props.open;
    if (isLeaving) return texts().lesson.leaving;
    if (waitingFor) return fill(texts().lesson.waiting, say(waitingFor));
    if (shown().state === 'running') return texts().lesson.running;
    return isFinished() && !props.open.isWatching ? texts().lesson.finished : '';
  };
  return (
    <section class="lesson" aria-label={say(lesson().title)}>
      <h2>{say(lesson().title)}</h2>
      <Show when={cast()}>{(nodes) => <CastList lesson={lesson()} cast={nodes()} />}</Show>
      <StepList open={props.open} />
      <div aria-live="polite">
        <h3>
          {props.open.step + 1}. {say(step().title)}
        </h3>
        <p>{say(withNames(step().text, cast()))}</p>
        <Show when={props.open.isWatching && !isFinished()}>
          <p class="quiet">{texts().lesson.watching}</p>
        </Show>
        <Show when={missing()}>{(parts) => <MissingParts missing={parts()} />}</Show>
        <Show when={shown().failure}>{(failure) => <p class="failed">{say(failure())}</p>}</Show>
        <p class="quiet">{status()}</p>
      </div>
      <Controls open={props.open} isFinished={isFinished()} isMissing={missing() !== undefined} />
      <Show when={shown().facts.length > 0}>
        <h3>{texts().lesson.evidence}</h3>
        <dl class="evidence">
          <For each={shown().facts}>{(fact) => <FactRow fact={fact} />}</For>
        </dl>
      </Show>
      <Show when={shown().commands.length > 0}>
        <h3>{texts().lesson.commands}</h3>
        <ul class="commands">
          <For each={shown().commands}>
            {(command) => (
              <li>
                <code>{command}</code>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <Show when={player.failure()}>
        {(failure) => (
          <p class="failed" role="status">
            {fill(texts().lesson.notRestored, say(failure()))}
          </p>
        )}
      </Show>
    </section>
  );
}

/** The numbers of the steps, which light up as they happen. */
function StepList(props: { readonly open: OpenLesson }): JSX.Element {
  const { texts, player, say } = usePage();
  const count = () => props.open.lesson.steps.length;
  const stateOf = (i: number) => props.open.steps[i]!.state;
  return (
    <ol class="lesson-steps" aria-label={texts().lesson.steps}>
      <For each={props.open.lesson.steps}>
        {({ title }, i) => (
          <li>
            <button
              type="button"
              data-state={stateOf(i())}
              aria-current={props.open.step === i() ? 'step' : undefined}
              aria-label={`${fill(texts().lesson.step, i() + 1, count(), say(title))}, ${texts().lesson.states[stateOf(i())]}`}
              title={say(title)}
              onClick={() => {
                player.pause();
                player.show(i());
              }}
            >
              {i() + 1}
            </button>
          </li>
        )}
      </For>
    </ol>
  );
}

function Controls(props: {
  readonly open: OpenLesson;
  readonly isFinished: boolean;
  readonly isMissing: boolean;
}): JSX.Element {
  const { session, texts, player, go } = usePage();
  const state = () => props.open.steps[props.open.step]!.state;
  const isLast = () => props.open.step === props.open.steps.length - 1;
  const leave = () => go({ view: 'none' });
  const again = async () => {
    const { lesson } = props.open;
    await player.leave();
    await player.start(lesson);
  };
  const togglePlay = () => {
    if (props.open.isPlaying) player.pause();
    else if (!isOff() && !props.isFinished) void player.play();
  };
  const isOff = () =>
    props.isMissing || props.open.isLeaving || props.open.isWatching || session.connection() !== 'connected';
  const isNextOff = () => {
    if (state() === 'done') return isLast();
    return isOff() || (state() === 'running' && !props.open.isPlaying);
  };
  const nextText = () => {
    if (state() === 'done' || props.open.isPlaying || props.open.isWatching) return texts().lesson.next;
    return state() === 'failed' ? texts().lesson.retry : texts().lesson.act;
  };
  const onKey = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    if (target.closest('input, select, textarea, [contenteditable]')) return;
    if (event.key === 'ArrowRight' && !isNextOff()) void player.next();
    else if (event.key === 'ArrowLeft') player.back();
    else if (event.key === 'p' || event.key === 'P') togglePlay();
    else if (event.key === 'Escape') leave();
    else return;
    event.preventDefault();
  };
  onMount(() => window.addEventListener('keydown', onKey));
  onCleanup(() => window.removeEventListener('keydown', onKey));
  return (
    <fieldset class="lesson-controls">
      <legend class="unseen">{texts().lesson.controls}</legend>
      <button type="button" disabled={props.open.step === 0} onClick={() => player.back()}>
        {texts().lesson.back}
      </button>
      <button type="button" class="primary" disabled={isNextOff()} onClick={() => void player.next()}>
        {nextText()}
      </button>
      <Show
        when={!props.isFinished}
        fallback={
          <button type="button" disabled={props.open.isLeaving} onClick={() => void again()}>
            {texts().lesson.again}
          </button>
        }
      >
        <button type="button" aria-pressed={props.open.isPlaying} disabled={isOff()} onClick={togglePlay}>
          {props.open.isPlaying ? texts().lesson.pause : texts().lesson.play}
        </button>
      </Show>
      <button type="button" disabled={props.open.isLeaving} onClick={leave}>
        {texts().lesson.leave}
      </button>
      <p class="keys">{texts().lesson.keys}</p>
    </fieldset>
  );
}

function FactRow(props: { readonly fact: Fact }): JSX.Element {
  const { go, say } = usePage();
  const label = () => [props.fact.node, say(props.fact.label)].filter(Boolean).join(' · ');
  const opens = () => props.fact.opens;
  const hashView = () => {
    const route = opens();
    return route?.view === 'block' || route?.view === 'transaction' ? route : undefined;
  };
  return (
    <>
      <dt>{label()}</dt>
      <dd class="value">
        <Show
          when={hashView()}
          fallback={
            <Show when={opens()} fallback={String(props.fact.value)}>
              {(route) => (
                <button type="button" class="hash" onClick={() => go(route())}>
                  {props.fact.value}
                </button>
              )}
            </Show>
          }
        >
          {(route) => <HashLink view={route().view} hash={route().id} />}
        </Show>
      </dd>
    </>
  );
}
