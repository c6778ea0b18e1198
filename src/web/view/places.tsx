import { For, type JSX } from 'solid-js';
import type { Route } from '../model/route.ts';
import { usePage } from './context.ts';

/** The views that nothing on the stage leads to. */
const PLACES = [
  { view: 'lesson' },
  { view: 'wallets' },
  { view: 'mempools' },
  { view: 'mining' },
  { view: 'script', input: 0 },
] as const satisfies readonly Route[];

/** Links to these views; the one that is open closes again. */
export function Places(): JSX.Element {
  const { texts, route, go, player } = usePage();
  /** Whether it closes. From a lesson, the list of lessons opens, and leads back to it. */
  const isOpen = ({ view }: Route) => route().view === view && (view !== 'lesson' || !player.open());
  return (
    <nav class="places" aria-label={texts().places.title}>
      <For each={PLACES}>
        {(place) => (
          <button
            type="button"
            aria-pressed={route().view === place.view}
            onClick={() => go(isOpen(place) ? { view: 'none' } : place)}
          >
            {texts().places[place.view]}
          </button>
        )}
      </For>
    </nav>
  );
}
