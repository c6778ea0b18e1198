import { type Accessor, createSignal, onCleanup } from 'solid-js';

const media = window.matchMedia('(max-width: 900px)');

/** Returns whether the page shows one view at a time, as on a phone. */
export function useNarrow(): Accessor<boolean> {
  const [isNarrow, setNarrow] = createSignal(media.matches);
  const change = () => setNarrow(media.matches);
  media.addEventListener('change', change);
  onCleanup(() => media.removeEventListener('change', change));
  return isNarrow;
}
