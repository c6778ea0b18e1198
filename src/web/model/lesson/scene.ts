import type { CallableMethod } from '../../../control/client/control-client.ts';
import type { ParamsOf, ResultOf } from '../../../control/protocol/methods.ts';
import type { Route } from '../route.ts';
import { commandOf } from './commands.ts';
import type { Both, Fact } from './evidence.ts';

/** What a lesson uses of the page's session. */
export interface LessonHost {
  /** Calls a method of the control server. */
  call<M extends CallableMethod>(method: M, params?: ParamsOf<M>): Promise<ResultOf<M>>;
  /** Calls `listener` when something may have changed in the network. Returns a function that ends it. */
  onChange(listener: () => void): () => void;
}

/** Thrown when what a step expects is not so. */
export class LessonError extends Error {
  /** What is wrong, in both languages. */
  readonly says: Both;

  constructor(says: Both) {
    super(says.en);
    this.says = says;
  }
}

/** What a `Scene` reports to the player. */
export interface SceneListener {
  /** What the step waits for; undefined once it has come. */
  waitsFor(what: Both | undefined): void;
  /** The command in a terminal that does what the step does. */
  does(command: string): void;
}

/** The tip of a node's chain. */
export interface Tip {
  readonly blocks: number;
  readonly bestblockhash: string;
}

/** What the steps of a lesson use: the nodes of its cast, methods, waiting, and notes for later steps. */
export class Scene<Part extends string = string, Kept extends object = object> {
  readonly #host: LessonHost;
  readonly #cast: ReadonlyMap<string, string>;
  readonly #signal: AbortSignal;
  readonly #listener: SceneListener;
  readonly #kept: Partial<Kept> = {};

  constructor(host: LessonHost, cast: ReadonlyMap<string, string>, signal: AbortSignal, listener: SceneListener) {
    this.#host = host;
    this.#cast = cast;
    this.#signal = signal;
    this.#listener = listener;
  }

  /** Returns the name of the node that plays a part. */
  node(part: Part): string {
    return this.#cast.get(part)!;
  }

  /** Calls a method of the control server that changes the network, and shows the command that does the same. */
  async control<M extends CallableMethod>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    this.#signal.throwIfAborted();
    const command = commandOf(method, params);
    if (command !== undefined) this.#listener.does(command);
    return this.#host.call(method, params);
  }

  /** Calls a method of the control server that needs no command shown, such as one that only reads. */
  call<M extends CallableMethod>(method: M, params?: ParamsOf<M>): Promise<ResultOf<M>> {
    this.#signal.throwIfAborted();
    return this.#host.call(method, params);
  }

  /** Calls an RPC method of the node that plays a part. */
  async rpc<T>(part: Part, method: string, params: readonly unknown[] = [], wallet?: string): Promise<T> {
    const call = { node: this.node(part), method, params: [...params], ...(wallet === undefined ? {} : { wallet }) };
    return (await this.call('call', call)) as T;
  }

  /** Returns the tip of the node that plays a part. */
  tip(part: Part): Promise<Tip> {
    return this.rpc<Tip>(part, 'getblockchaininfo');
  }

  /** Waits until the node that plays a part stands on a block, and returns its tip. */
  tipAt(part: Part, hash: string): Promise<Tip> {
    const node = this.node(part);
    const what = { en: `${node} stands on block …${hash.slice(-4)}`, zh: `${node} 的链尖到达区块 …${hash.slice(-4)}` };
    return this.until(what, async () => {
      const tip = await this.tip(part);
      return tip.bestblockhash === hash ? tip : undefined;
    });
  }

  /**
   * Waits until `look` returns something: it is called again whenever the network has changed. `what` says what the step
   * waits for. There is no time limit: the reader can leave.
   */
  async until<T>(what: Both, look: () => Promise<T | undefined | false>): Promise<T> {
    try {
      for (;;) {
        this.#signal.throwIfAborted();
        // From before the look: what changes meanwhile counts.
        const change = this.#nextChange();
        try {
          const found = await look();
          if (found !== undefined && found !== false) return found as T;
          this.#listener.waitsFor(what);
          await change.happened;
        } finally {
          change.end();
        }
      }
    } finally {
      this.#listener.waitsFor(undefined);
    }
  }

  /** Throws what a step says if its condition does not hold. */
  check(condition: boolean, says: Both): void {
    if (!condition) throw new LessonError(says);
  }

  /** Notes something for later steps. */
  keep(notes: Partial<Kept>): void {
    Object.assign(this.#kept, notes);
  }

  /** Returns what an earlier step has noted. */
  kept<K extends keyof Kept>(name: K): Kept[K] {
    const value = this.#kept[name];
    if (value === undefined) throw new Error(`no step has noted '${String(name)}'`);
    return value as Kept[K];
  }

  /** Returns a fact that was read from the node of a part. */
  fact(part: Part, label: Both, value: string | number, opens?: Route): Fact {
    return { node: this.node(part), label, value, ...(opens ? { opens } : {}) };
  }

  #nextChange(): { readonly happened: Promise<void>; end(): void } {
    const signal = this.#signal;
    let end = () => {};
    const happened = new Promise<void>((resolve, reject) => {
      const off = this.#host.onChange(() => resolve());
      const abort = () => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      end = () => {
        off();
        signal.removeEventListener('abort', abort);
      };
    });
    // It may be left unread.
    happened.catch(() => {});
    return { happened, end };
  }
}
