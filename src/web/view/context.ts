import { createContext, useContext } from 'solid-js';
import type { Theme } from '../draw/theme.ts';
import type { Casting } from '../model/lesson/casting.ts';
import type { Both, Lesson, LessonView } from '../model/lesson/format.ts';
import type { LessonPlayer } from '../model/lesson/player.ts';
import type { Route } from '../model/route.ts';
import type { Session } from '../model/session.ts';
import type { Texts } from '../text/texts.ts';

/** What every view uses. */
export interface PageContext {
  readonly session: Session;
  readonly texts: () => Texts;
  /** Returns a text in the language of the page. */
  readonly say: (text: Both) => string;
  readonly theme: () => Theme;
  readonly route: () => Route;
  readonly go: (route: Route) => void;
  /** A block or transaction that the pointer is on. */
  readonly highlight: () => string | undefined;
  readonly player: LessonPlayer;
  /** Returns the nodes that play a lesson, or would; undefined while that is not known. */
  readonly casting: (lesson: Lesson) => Casting | undefined;
  /** What the open lesson speaks of; undefined if nothing is dimmed. */
  readonly focus: () => Focus | undefined;
  readonly setHighlight: (hash: string | undefined) => void;
}

/** What is not dimmed: names of nodes, with the links between them, and views. */
export interface Focus {
  readonly nodes: ReadonlySet<string>;
  readonly views: ReadonlySet<LessonView>;
}

/** Where `usePage` finds what every view uses. */
export const Context = createContext<PageContext>();

/** Returns what every view uses. */
export function usePage(): PageContext {
  const page = useContext(Context);
  if (!page) throw new Error('the view is outside of the page');
  return page;
}

/** Returns whether the open lesson does not speak of a view. */
export function isDim(focus: PageContext['focus'], view: LessonView): boolean {
  return focus()?.views.has(view) === false;
}
