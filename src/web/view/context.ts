import { createContext, useContext } from 'solid-js';
import type { Theme } from '../draw/theme.ts';
import type { Route } from '../model/route.ts';
import type { Session } from '../model/session.ts';
import type { Texts } from '../text/texts.ts';

/** What every view uses. */
export interface PageContext {
  readonly session: Session;
  readonly texts: () => Texts;
  readonly theme: () => Theme;
  readonly route: () => Route;
  readonly go: (route: Route) => void;
  /** A block or transaction that the pointer is on. */
  readonly highlight: () => string | undefined;
  readonly setHighlight: (hash: string | undefined) => void;
}

/** Where `usePage` finds what every view uses. */
export const Context = createContext<PageContext>();

/** Returns what every view uses. */
export function usePage(): PageContext {
  const page = useContext(Context);
  if (!page) throw new Error('the view is outside of the page');
  return page;
}
