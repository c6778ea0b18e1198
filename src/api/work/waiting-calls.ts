/** Calls that wait for an event. They cost memory only, and have a limit of their own. */
export class WaitingCalls {
  readonly #limit: number;
  readonly #ends = new Map<string, Set<() => void>>();
  #size = 0;

  /** `limit` is the number of calls that may wait at the same time. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Number of calls that wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * Registers a waiting call of a client; `end` ends its wait, and the caller then calls `remove`. Above the limit, the
   * oldest wait of the client with the most waits ends as if it had timed out.
   */
  add(client: string, end: () => void): void {
    const ends = this.#ends.get(client) ?? new Set();
    this.#ends.set(client, ends.add(end));
    if (++this.#size > this.#limit) this.#oldestOfBusiest()?.();
  }

  /** Removes a call that has ended. */
  remove(client: string, end: () => void): void {
    const ends = this.#ends.get(client);
    if (!ends?.delete(end)) return;
    this.#size--;
    if (ends.size === 0) this.#ends.delete(client);
  }

  #oldestOfBusiest(): (() => void) | undefined {
    let most: ReadonlySet<() => void> | undefined;
    for (const ends of this.#ends.values()) if (!most || ends.size > most.size) most = ends;
    return most?.values().next().value;
  }
}
