import type { Store } from './store.ts';

/**
 * What was read from stores in memory, by their content: networks for tests open forks of the same store hundreds of
 * times. Readers of a value must not change it.
 */
export class ContentCache<T> {
  readonly #values = new WeakMap<object, T>();

  /** Returns what was read from a store with this content. */
  get({ contentId }: Pick<Store, 'contentId'>): T | undefined {
    return contentId && this.#values.get(contentId);
  }

  /** Keeps what was read from the store, which has not changed since, unless the content has no second store. */
  set({ contentId }: Pick<Store, 'contentId'>, value: T): void {
    if (contentId) this.#values.set(contentId, value);
  }
}
