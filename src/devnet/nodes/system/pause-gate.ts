/** Holds back the calls of a node while it is paused. */
export class PauseGate {
  #closed: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Resolves when calls can go on; undefined if they can now. */
  get opened(): Promise<void> | undefined {
    return this.#closed?.promise;
  }

  close(): void {
    let resolve = () => {};
    const promise = new Promise<void>((open) => {
      resolve = open;
    });
    this.#closed ??= { promise, resolve };
  }

  open(): void {
    this.#closed?.resolve();
    this.#closed = undefined;
  }
}
