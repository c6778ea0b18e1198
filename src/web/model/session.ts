import { createSignal } from 'solid-js';
import type { ControlClient } from '../../control/client/control-client.ts';
import type { StepEvent } from '../../control/protocol/events.ts';
import type { ResultOf } from '../../control/protocol/methods.ts';
import { BlockLoader } from './block-loader.ts';
import { Connection, type ConnectionStatus, type OpenClient } from './connection.ts';
import { Playback } from './playback.ts';
import type { Route } from './route.ts';
import { NodeDetails } from './stage/node-details.ts';
import { Timeline } from './timeline.ts';
import { isAddress } from './wallet/payee.ts';

/** Milliseconds between two updates of texts. */
const UPDATE_MS = 150;
/** Milliseconds between two looks at the network's time and balances. */
const STATUS_MS = 2_000;

/** Blocks that are searched for a transaction. */
const SEARCHED_BLOCKS = 100;

/** What the search reads of a block. */
interface SearchedBlock {
  readonly tx: readonly string[];
  readonly previousblockhash?: string;
}

/** Everything that the views show, kept up to date. */
export class Session {
  readonly timeline = new Timeline();
  readonly playback = new Playback(this.timeline, () => this.#setShown(this.playback.time(Date.now())));
  /** What no event says of nodes and links. */
  readonly details = new NodeDetails(this.timeline, (node, method, params) => this.call(node, method, params));
  /** Counts changes of the timeline; a view that reads it is drawn again. */
  readonly version: () => number;
  /** The moment that texts show; it does not change while the display stands still. */
  readonly shown: () => number;
  readonly connection: () => ConnectionStatus;
  /** Why there is no network; empty while there may be one. */
  readonly failure: () => string;
  /** Whether the past has a gap. */
  readonly hasGap: () => boolean;
  /** The last answer of the method `status`. */
  readonly status: () => ResultOf<'status'> | undefined;
  /** Steps that the network has played itself, of the last run of its scenario. */
  readonly steps: () => readonly StepEvent[];
  readonly #connection: Connection;
  readonly #setVersion: (version: number) => void;
  readonly #setShown: (time: number) => void;
  readonly #setStatus: (status: ResultOf<'status'>) => void;
  readonly #loader: BlockLoader;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  readonly #listeners = new Set<() => void>();
  #changes = 0;
  #updateTimer: ReturnType<typeof setTimeout> | undefined;

  /** Whether the network lives in this tab: then no other program reaches it. */
  readonly isInTab: boolean;

  constructor(open: OpenClient, { isInTab = false }: { readonly isInTab?: boolean } = {}) {
    this.isInTab = isInTab;
    const [version, setVersion] = createSignal(0);
    const [connection, setConnection] = createSignal<ConnectionStatus>('connecting');
    const [hasGap, setHasGap] = createSignal(false);
    const [status, setStatus] = createSignal<ResultOf<'status'>>();
    const [shown, setShown] = createSignal(this.playback.time(Date.now()));
    const [steps, setSteps] = createSignal<readonly StepEvent[]>([]);
    const [failure, setFailure] = createSignal('');
    this.failure = failure;
    this.version = version;
    this.steps = steps;
    this.shown = shown;
    this.connection = connection;
    this.hasGap = hasGap;
    this.status = status;
    this.#setVersion = setVersion;
    this.#setShown = setShown;
    this.#setStatus = setStatus;
    this.#loader = new BlockLoader(this.timeline);
    this.#connection = new Connection(open, {
      status: setConnection,
      failed: ({ message }) => setFailure(message),
      started: (start) => {
        if (start.hasGap) setHasGap(true);
        this.timeline.start(start.status, start.links, Date.now());
        setStatus(start.status);
        this.#changed();
      },
      steps: (played) => setSteps((before) => (played[0]!.step === 1 ? played : [...before, ...played])),
      events: (events) => {
        const count = this.timeline.nodes.size;
        for (const event of events) this.timeline.add(event);
        this.#changed();
        // What no event says of a node that was added.
        if (this.timeline.nodes.size > count) void this.#refresh();
      },
    });
    this.#timers.push(setInterval(() => setShown(this.playback.time(Date.now())), UPDATE_MS));
    this.#timers.push(setInterval(() => void this.#refresh(), STATUS_MS));
  }

  /** The client; undefined while there is no connection. */
  get client(): ControlClient | undefined {
    return this.#connection.client;
  }

  /** Names the run of the control server; undefined before the first connection. */
  get server(): string | undefined {
    return this.#connection.server;
  }

  /** The number of nodes. */
  readonly nodeCount = (): number => {
    this.version();
    return this.timeline.nodes.size;
  };

  /** Counts changes, also those that `version` does not show yet. */
  get changes(): number {
    return this.#changes;
  }

  /** Calls `listener` after changes, and after each look at the status. Returns a function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls a method of a node, and of its wallet if one is given. Rejects while there is no connection. */
  async call<T>(node: string, method: string, params: readonly unknown[] = [], wallet?: string): Promise<T> {
    if (!this.client) throw new Error('there is no connection');
    const which = wallet === undefined ? {} : { wallet };
    return (await this.client.call('call', { node, method, params: [...params], ...which })) as T;
  }

  /** Calls a method on full nodes that run, one after the other, until one answers. */
  async callAny<T>(method: string, params: readonly unknown[]): Promise<T> {
    let failure: unknown = new Error('no full node runs');
    for (const { name, role, moments } of this.timeline.nodes.values()) {
      if (role === 'light' || moments.at(-1)?.status !== 'running') continue;
      try {
        return await this.call<T>(name, method, params);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  /** Returns the view of what a node's name, a height, a block hash, a transaction id or an address names; undefined if no node has it. */
  async find(text: string): Promise<Route | undefined> {
    const succeeds = (call: Promise<unknown>) =>
      call.then(
        () => true,
        () => false,
      );
    if (this.timeline.nodes.has(text)) return { view: 'node', id: text };
    if (/^\d{1,9}$/.test(text)) {
      const hash = await this.callAny<string>('getblockhash', [Number(text)]).catch(() => undefined);
      return hash === undefined ? undefined : { view: 'block', id: hash };
    }
    if (await isAddress(this, text)) return { view: 'address', id: text };
    const id = text.toLowerCase();
    if (!/^[0-9a-f]{64}$/.test(id)) return undefined;
    if (await succeeds(this.callAny('getblockheader', [id]))) return { view: 'block', id };
    return (await succeeds(this.findTransaction(id))) ? { view: 'transaction', id } : undefined;
  }

  /** Returns a transaction of a mempool or of one of the last blocks. Rejects if no node has it. */
  async findTransaction<T>(txid: string): Promise<T> {
    try {
      return await this.callAny<T>('getrawtransaction', [txid, 1]);
    } catch (error) {
      // Without an index, a node finds a confirmed transaction in a given block only.
      let hash: string | undefined = await this.callAny<string>('getbestblockhash', []);
      for (let i = 0; i < SEARCHED_BLOCKS && hash !== undefined; i++) {
        const block: SearchedBlock = await this.callAny('getblock', [hash, 1]);
        if (block.tx.includes(txid)) return this.callAny<T>('getrawtransaction', [txid, 1, hash]);
        hash = block.previousblockhash;
      }
      throw error;
    }
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#updateTimer);
    this.#connection.close();
  }

  async #refresh(): Promise<void> {
    this.timeline.prune(Date.now());
    const status = await this.client?.call('status').catch(() => undefined);
    if (!status) return;
    this.#setStatus(status);
    this.#notify();
    await this.details.refresh();
    this.#changed();
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #changed(): void {
    this.#changes++;
    this.#updateTimer ??= setTimeout(() => {
      this.#updateTimer = undefined;
      if (this.client) this.#loader.load(this.client, () => this.#changed());
      this.#setVersion(this.#changes);
      this.#notify();
    }, UPDATE_MS);
  }
}
