import { createEffect, createMemo, createSignal, For, type JSX, on, onCleanup, Show } from 'solid-js';
import { readTheme } from '../draw/theme.ts';
import { lessonOf } from '../lessons/index.ts';
import type { LessonView } from '../model/lesson/format.ts';
import type { MessageKind } from '../model/messages/message-kind.ts';
import { pageTitle } from '../model/page-title.ts';
import { parseRoute, type Route, routeHash } from '../model/route.ts';
import type { Session } from '../model/session.ts';
import { chooseLanguage, fill, type Language, languages } from '../text/texts.ts';
import { Act } from './act.tsx';
import { Context } from './context.ts';
import { Diagram } from './diagram.tsx';
import { Header, type ThemeChoice } from './header.tsx';
import { Inspector } from './inspector/inspector.tsx';
import { Lessons } from './lesson/lessons.tsx';
import { useLessons } from './lesson/use-lessons.ts';
import { NodeTable } from './node-table.tsx';
import { Stage } from './stage.tsx';
import { Tree } from './tree.tsx';
import '../style.css';
import '../stage.css';

const VIEWS = ['stage', 'diagram', 'tree', 'act'] as const;
type ViewName = (typeof VIEWS)[number];
/** Nodes up to which the stage needs more room than the diagram. */
const MAX_FEW = 24;
const themeChoices: readonly ThemeChoice[] = ['system', 'light', 'dark'];

/** The whole page. */
export function Page(props: { readonly session: Session }): JSX.Element {
  const { session } = props;
  const [language, setLanguage] = createSignal(
    stored('language', Object.keys(languages) as Language[]) ?? chooseLanguage(navigator.languages),
  );
  const [themeChoice, setThemeChoice] = createSignal(stored('theme', themeChoices) ?? 'system');
  const [systemIsDark, setSystemIsDark] = createSignal(darkMedia.matches);
  const [route, setRoute] = createSignal<Route>(parseRoute(location.hash));
  const [highlight, setHighlight] = createSignal<string>();
  const [view, setView] = createSignal<ViewName>('stage');
  const texts = () => languages[language()].texts;

  createEffect(() => {
    document.documentElement.lang = language();
    localStorage.setItem('language', language());
    localStorage.setItem('theme', themeChoice());
  });
  createEffect(() => {
    session.version();
    document.title = pageTitle(route(), texts(), {
      network: session.status()?.name,
      heightOf: (hash) => session.timeline.blocks.get(hash)?.height,
      lessonTitle: (id) => lessonOf(id)?.title[language()],
    });
  });
  const theme = createMemo(() => {
    const choice = themeChoice();
    const isDark = choice === 'dark' || (choice === 'system' && systemIsDark());
    document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
    return readTheme(document.documentElement);
  });
  const follow = () => setRoute(parseRoute(location.hash));
  const darken = () => setSystemIsDark(darkMedia.matches);
  // Another tab has chosen.
  const share = () => {
    setLanguage((now) => stored('language', Object.keys(languages) as Language[]) ?? now);
    setThemeChoice((now) => stored('theme', themeChoices) ?? now);
  };
  window.addEventListener('hashchange', follow);
  window.addEventListener('storage', share);
  darkMedia.addEventListener('change', darken);
  onCleanup(() => {
    window.removeEventListener('hashchange', follow);
    window.removeEventListener('storage', share);
    darkMedia.removeEventListener('change', darken);
    session.close();
  });
  const go = (next: Route) => {
    location.hash = routeHash(next);
  };
  const replace = (next: Route) => {
    history.replaceState(null, '', routeHash(next));
    setRoute(next);
  };
  const notice = () => {
    const state = session.connection();
    if (state === 'connected') return texts().connection.gap;
    if (state === 'connecting' && session.isInTab) return texts().tab.starting;
    return fill(texts().connection[state], session.failure());
  };
  const { player, focus, casting } = useLessons(session, { route, replace });
  // At the width of a phone one view is shown at a time: one that the step speaks of.
  createEffect(
    on(
      () => player.open()?.step,
      () => {
        const views = focus()?.views;
        if (views && view() !== 'act' && !views.has(view() as LessonView)) setView([...views][0]!);
      },
    ),
  );
  // A link that was clicked is gone, and with it the end of its highlight.
  createEffect(on(route, () => setHighlight(undefined)));
  const replayed = createMemo(() => session.playback.replay?.journey);
  createEffect(on(replayed, (journey) => journey && view() !== 'stage' && setView('diagram')));
  const lit = () => highlight() ?? replayed()?.id;
  const shared = { session, texts, theme, route, go, highlight: lit, setHighlight, player, focus, casting };
  return (
    <Context.Provider value={{ ...shared, say: (text) => text[language()] }}>
      <Header {...{ language: language(), setLanguage, themeChoice: themeChoice(), setThemeChoice }} />
      <Show when={session.connection() !== 'connected' || session.hasGap()}>
        <p class="notice" role="status">
          {notice()}
        </p>
      </Show>
      <Show when={session.isInTab && session.connection() === 'connected'}>
        <aside class="quiet tab-only" aria-label={texts().tab.title}>
          {texts().tab.limits}
        </aside>
      </Show>
      <nav class="tabs" aria-label={texts().title}>
        <For each={VIEWS}>
          {(name) => (
            <button type="button" aria-pressed={view() === name} onClick={() => setView(name)}>
              {texts().views[name]}
            </button>
          )}
        </For>
      </nav>
      <main
        data-view={view()}
        classList={{
          inspecting: route().view !== 'none',
          learning: player.open() !== undefined || route().view === 'lesson',
        }}
      >
        <div class="views" classList={{ many: session.nodeCount() > MAX_FEW }}>
          <Stage />
          <Legend />
          <Diagram />
          <Tree />
        </div>
        <div class="side">
          <Lessons />
          <Inspector />
          <Act />
          <NodeTable />
        </div>
      </main>
    </Context.Provider>
  );

  function Legend(): JSX.Element {
    const kinds: readonly MessageKind[] = ['transaction', 'block', 'headers', 'inventory', 'request', 'other'];
    return (
      <ul class="legend">
        <For each={kinds}>{(kind) => <li data-kind={kind}>{texts().kinds[kind]}</li>}</For>
      </ul>
    );
  }
}

const darkMedia = window.matchMedia('(prefers-color-scheme: dark)');

/** Returns what is kept under a name, if it is one of the values. */
function stored<T extends string>(name: string, values: readonly T[]): T | undefined {
  const kept = localStorage.getItem(name);
  return values.find((value) => value === kept);
}
