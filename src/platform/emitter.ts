/**
 * A typed, synchronous event emitter. Listeners run in subscription order.
 *
 * @example
 * ```ts
 * import { Emitter } from 'pier/platform';
 *
 * const events = new Emitter<{ tip: { height: number } }>();
 * const unsubscribe = events.on('tip', ({ height }) => console.log(height)); // 102
 * events.emit('tip', { height: 102 });
 * unsubscribe();
 * ```
 */
export class Emitter<Events extends Record<string, unknown>> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();

  /** Subscribes `listener` to the event `name`; returns a function that unsubscribes it. */
  on<K extends keyof Events>(name: K, listener: (event: Events[K]) => void): () => void {
    let set = this.#listeners.get(name);
    if (!set) {
      set = new Set();
      this.#listeners.set(name, set);
    }
    set.add(listener as (event: never) => void);
    return () => {
      set.delete(listener as (event: never) => void);
    };
  }

  /**
   * Calls every listener of `name`, even when one throws, and then rethrows: the error itself if there is one, an
   * `AggregateError` if there are several.
   */
  emit<K extends keyof Events>(name: K, event: Events[K]): void {
    const errors: unknown[] = [];
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as (event: Events[K]) => void)(event);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} listeners of '${String(name)}' failed`);
  }
}
