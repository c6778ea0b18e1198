import { For, type JSX, Match, Show, Switch } from 'solid-js';
import { lessonOf, lessons } from '../../lessons/index.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import { LessonPanel } from './lesson-panel.tsx';

/** The lesson that is open, also while the inspector shows something else; or the list of lessons. */
export function Lessons(): JSX.Element {
  const { texts, route, go, player, say } = usePage();
  const asked = () => {
    const now = route();
    return now.view === 'lesson' ? now : undefined;
  };
  return (
    <Switch>
      <Match when={player.open()}>{(open) => <LessonPanel open={open()} />}</Match>
      <Match when={asked()}>
        {(now) => (
          <section class="lesson" aria-label={texts().lesson.title}>
            <h2>{texts().lesson.title}</h2>
            <Show when={now().id !== undefined && !lessonOf(now().id)}>
              <p class="failed">{fill(texts().lesson.unknown, now().id!)}</p>
            </Show>
            <ul class="lessons">
              <For each={lessons}>
                {({ id, title, summary }) => (
                  <li>
                    <button type="button" onClick={() => go({ view: 'lesson', id })}>
                      {say(title)}
                    </button>
                    <p>{say(summary)}</p>
                  </li>
                )}
              </For>
            </ul>
          </section>
        )}
      </Match>
    </Switch>
  );
}
