import { For, type JSX, Match, onCleanup, onMount, Show, Switch } from 'solid-js';
import { lessonOf, lessons } from '../../lessons/index.ts';
import type { Lesson } from '../../model/lesson/format.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import { MissingParts } from './cast.tsx';
import { LessonPanel } from './lesson-panel.tsx';

/** The list of lessons; or the lesson that is open, also while the inspector shows something else. */
export function Lessons(): JSX.Element {
  const { route, player } = usePage();
  const list = () => {
    const now = route();
    return now.view === 'lesson' && !lessonOf(now.id) ? now : undefined;
  };
  return (
    <Switch>
      <Match when={list()}>{(asked) => <LessonList unknown={asked().id} />}</Match>
      <Match when={player.open()}>{(open) => <LessonPanel open={open()} />}</Match>
    </Switch>
  );
}

function LessonList(props: { readonly unknown: string | undefined }): JSX.Element {
  const { texts, go, player } = usePage();
  /** Leads back to the lesson that is open. */
  const close = () => {
    const open = player.open();
    go(open ? { view: 'lesson', id: open.lesson.id, step: open.step + 1 } : { view: 'none' });
  };
  const onKey = (event: KeyboardEvent) => {
    const isElsewhere = (event.target as HTMLElement).closest('input, select, textarea, dialog');
    if (event.key === 'Escape' && !event.defaultPrevented && !isElsewhere) close();
  };
  onMount(() => window.addEventListener('keydown', onKey));
  onCleanup(() => window.removeEventListener('keydown', onKey));
  return (
    <section class="lesson" aria-label={texts().lesson.title}>
      <button type="button" class="close" onClick={close}>
        {texts().close}
      </button>
      <h2>{texts().lesson.title}</h2>
      <Show when={props.unknown}>{(id) => <p class="failed">{fill(texts().lesson.unknown, id())}</p>}</Show>
      <ul class="lessons">
        <For each={lessons}>{(lesson) => <LessonItem lesson={lesson} />}</For>
      </ul>
    </section>
  );
}

function LessonItem(props: { readonly lesson: Lesson }): JSX.Element {
  const { texts, go, player, say, casting } = usePage();
  const missing = () => {
    const found = casting(props.lesson);
    return found && 'missing' in found ? found.missing : undefined;
  };
  const open = () => {
    const now = player.open();
    return now?.lesson === props.lesson ? now : undefined;
  };
  const show = () => {
    const { id } = props.lesson;
    const step = open()?.step;
    go({ view: 'lesson', id, ...(step === undefined ? {} : { step: step + 1 }) });
  };
  return (
    <li>
      <button type="button" disabled={missing() !== undefined} onClick={show}>
        {say(props.lesson.title)}
      </button>
      <Show when={open()}>
        {' '}
        <span class="quiet">{texts().lesson.isOpen}</span>
      </Show>
      <p>{say(props.lesson.summary)}</p>
      <Show when={missing()}>{(parts) => <MissingParts missing={parts()} />}</Show>
    </li>
  );
}
