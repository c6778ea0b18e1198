import type { Emitter } from '../platform/emitter.ts';
import type { Logger } from '../platform/logger.ts';
import type { MempoolEntry, MutableEntry, RemovalReason } from './entry.ts';

/** Events of `Mempool`, emitted in order after each change is complete. */
export type MempoolEvents = {
  added: { readonly entry: MempoolEntry };
  removed: { readonly entry: MempoolEntry; readonly reason: RemovalReason };
};

/** A removal if `reason` is set. */
type MempoolChange = { readonly entry: MutableEntry; readonly reason?: RemovalReason };

/** Changes of the mempool whose events have not been emitted yet: listeners must see a complete change only. */
export class MempoolChanges {
  readonly #events: Emitter<MempoolEvents>;
  readonly #logger: Logger;
  #changes: MempoolChange[] = [];
  #isEmitting = false;

  constructor(events: Emitter<MempoolEvents>, logger: Logger) {
    this.#events = events;
    this.#logger = logger;
  }

  /** Number of pending changes. */
  get size(): number {
    return this.#changes.length;
  }

  added(entry: MutableEntry): void {
    this.#changes.push({ entry });
  }

  removed(entry: MutableEntry, reason: RemovalReason): void {
    this.#changes.push({ entry, reason });
  }

  /** Drops the events of entries that were added after the first `before` changes and are not present any more. */
  dropTransient(before: number, isPresent: (entry: MutableEntry) => boolean): void {
    const changes = this.#changes.splice(before);
    const added = new Set(changes.filter(({ reason }) => !reason).map(({ entry }) => entry));
    this.#changes.push(...changes.filter(({ entry }) => !added.has(entry) || isPresent(entry)));
  }

  /** Emits the events of all changes, also of those that listeners make meanwhile. */
  emit(): void {
    if (this.#isEmitting) return;
    this.#isEmitting = true;
    // A listener may change the mempool, which appends to the list.
    for (const { entry, reason } of this.#changes) {
      try {
        if (reason) this.#events.emit('removed', { entry, reason });
        else this.#events.emit('added', { entry });
      } catch (error) {
        this.#logger.error({ err: error, txid: entry.tx.txidHex }, 'mempool event listener failed');
      }
    }
    this.#changes = [];
    this.#isEmitting = false;
  }
}
