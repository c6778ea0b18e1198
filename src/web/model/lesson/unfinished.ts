import type { Before } from './before.ts';

/** Where the browser keeps what is to be restored, and the name of the lock of the page that plays a lesson. */
const KEY = 'unfinished-lesson';

/** What is kept. */
interface Kept {
  /** The run of the control server whose network it is. */
  readonly server: string;
  readonly before: Before;
}

/**
 * What a lesson has not restored yet, kept beyond its page: a page that is closed or loaded again in the middle of a lesson
 * lets the next one restore the network. A lock shows that the page which plays it still lives.
 */
export class Unfinished {
  readonly #storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** Undefined where the browser has none: on pages that are not served by this machine or over HTTPS. */
  readonly #locks: Pick<LockManager, 'request'> | undefined;
  readonly #server: () => string | undefined;
  #unlock: (() => void) | undefined;

  constructor(
    storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
    locks: Pick<LockManager, 'request'> | undefined,
    server: () => string | undefined,
  ) {
    this.#storage = storage;
    this.#locks = locks;
    this.#server = server;
  }

  /** Keeps what is to be restored; undefined: nothing is. */
  set(before: Before | undefined): void {
    this.#unlock?.();
    this.#unlock = undefined;
    const server = this.#server();
    if (!before || server === undefined) {
      this.#storage.removeItem(KEY);
      return;
    }
    this.#storage.setItem(KEY, JSON.stringify({ server, before } satisfies Kept));
    void this.#locks?.request(KEY, () => new Promise<void>((resolve) => (this.#unlock = resolve)));
  }

  /** Restores what a page has left that lives no more. Of another network, it is forgotten. */
  async finish(restore: (before: Before) => Promise<void>): Promise<void> {
    await this.#locks?.request(KEY, { ifAvailable: true }, async (lock) => {
      const kept = this.#storage.getItem(KEY);
      if (!lock || kept === null) return;
      const { server, before } = JSON.parse(kept) as Kept;
      if (server === this.#server()) await restore(before);
      this.#storage.removeItem(KEY);
    });
  }
}
