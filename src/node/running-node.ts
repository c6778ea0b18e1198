/** What a node of any role is from its start to its end: parts that are closed in reverse order, whoever asks for it. */
export class RunningNode {
  /** Resolves when the node has stopped, whoever asked for it. */
  readonly stopped: Promise<void>;
  readonly #closers: readonly (() => unknown)[];
  readonly #stopListeners: (() => Promise<unknown>)[] = [];
  #resolveStopped: () => void = () => {};
  #stopping: Promise<void> | undefined;
  #failure: unknown;

  protected constructor(closers: readonly (() => unknown)[]) {
    this.#closers = closers;
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
  }

  /** Why the node has stopped, or is stopping, by itself; undefined if it has not. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Without its chain a node is of no use, and may do harm (Core: AbortNode). What fails on the way out has the same cause. */
  protected abort(error: unknown): void {
    this.#failure = error;
    this.stop().catch(() => {});
  }

  /** Runs `close` before the parts of the node are closed; for what is built on top of it, such as the RPC server. */
  beforeStop(close: () => Promise<unknown>): void {
    this.#stopListeners.push(close);
  }

  /** Leaves the network, then closes the files, last opened first. Safe to call more than once. */
  stop(): Promise<void> {
    this.#stopping ??= closeAll([...this.#closers, ...this.#stopListeners]).finally(() => this.#resolveStopped());
    return this.#stopping;
  }
}

/** Closes in reverse order; one that fails does not keep the others open, and its error is thrown at the end. */
export async function closeAll(closers: readonly (() => unknown)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const close of closers.toReversed()) {
    try {
      await close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
