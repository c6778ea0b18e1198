import { createEffect, createSignal, on, onCleanup } from 'solid-js';
import { usePage } from './context.ts';

/** Milliseconds between two questions while the network changes. */
const LEAST_MS = 1_000;

/** What a node was asked, kept up to date. */
export interface Live<T> {
  /** The last answer; undefined before the first. */
  readonly value: () => T | undefined;
  /** Why the last question failed; undefined if it did not. */
  readonly error: () => unknown;
  /** Asks now. */
  readonly refresh: () => void;
}

/**
 * Asks what `key` names, and again when the network changes: at most once a second, and one question after the other. An
 * answer stays until the next one; another key begins without one.
 */
export function createLive<K, T>(key: () => K, load: (key: K) => Promise<T>): Live<T> {
  const { session } = usePage();
  const [value, setValue] = createSignal<T>();
  const [error, setError] = createSignal<unknown>();
  let current = 0;
  let isAsking = false;
  let isStale = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ask = async () => {
    if (isAsking) {
      isStale = true;
      return;
    }
    isAsking = true;
    isStale = false;
    const run = current;
    const [answer, failure] = await load(key()).then(
      (loaded) => [loaded, undefined] as const,
      (thrown: unknown) => [undefined, thrown ?? new Error()] as const,
    );
    if (run !== current) return;
    isAsking = false;
    // What was there stays while the network cannot be asked.
    if (failure === undefined) setValue(() => answer);
    setError(() => failure);
    if (isStale) later();
  };
  const later = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void ask();
    }, LEAST_MS);
  };
  createEffect(
    on(key, () => {
      current++;
      isAsking = false;
      setValue(undefined);
      setError(undefined);
      if (session.connection() === 'connected') void ask();
    }),
  );
  createEffect(
    on([session.version, session.connection], ([, connection]) => connection === 'connected' && later(), {
      defer: true,
    }),
  );
  onCleanup(() => {
    current++;
    clearTimeout(timer);
  });
  return { value, error, refresh: () => void ask() };
}
