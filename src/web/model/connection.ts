import { ControlClient, type ControlEvents } from '../../control/client/control-client.ts';
import type { ControlEvent, StepEvent } from '../../control/protocol/events.ts';
import type { ResultOf } from '../../control/protocol/methods.ts';
import { SUBPROTOCOL, TOKEN_PREFIX } from '../../control/protocol/subprotocol.ts';
import { webSocketChannel } from '../../control/protocol/web-socket-channel.ts';

/**
 * How the page is connected to its network: `lost` at first, `away` once several attempts have failed, `ended` if the network has
 * said so.
 */
export type ConnectionStatus = 'connecting' | 'connected' | 'refused' | 'failed' | 'lost' | 'away' | 'ended';

/** What the network is when a connection begins: events after it change it. */
export interface NetworkStart {
  readonly status: ResultOf<'status'>;
  readonly links: ResultOf<'links'>['links'];
  /** Whether events were missed since the last connection, so that what is known of the past has a gap. */
  readonly hasGap: boolean;
}

/** What a `Connection` reports. */
export interface ConnectionListener {
  status(status: ConnectionStatus): void;
  /** There is no network, and there will be none. */
  failed?(error: Error): void;
  started(start: NetworkStart): void;
  /** Each event comes once, in the order of the numbers, also over a reconnection; many at a time. */
  events(events: readonly ControlEvent[]): void;
  /** Steps that the network plays itself; some come again after a reconnection. */
  steps(steps: readonly StepEvent[]): void;
}

/** Milliseconds between attempts to connect: the first, and the longest. */
const RETRY_MS = 250;
const MAX_RETRY_MS = 4_000;
/** Attempts after which the network may have ended. */
const MANY_ATTEMPTS = 4;
/** Code with which a server that ends closes a WebSocket (RFC 6455: going away). */
const GOING_AWAY = 1001;

/**
 * Opens a client, over any channel. Rejects if there is no network: with an error that is `refused` if the token is not its own, and
 * `final` if there will be none. `ended` is called before the connection ends, if the network says that it is over.
 */
export type OpenClient = (ended: () => void) => Promise<ControlClient>;

/** A connection to a control server that is opened again whenever it ends. */
export class Connection {
  readonly #open: OpenClient;
  readonly #listener: ConnectionListener;
  #client: ControlClient | undefined;
  #last: { readonly server: string; readonly number: number } | undefined;
  #isClosed = false;

  constructor(open: OpenClient, listener: ConnectionListener) {
    this.#open = open;
    this.#listener = listener;
    void this.#run();
  }

  /** The client; undefined while there is no connection. */
  get client(): ControlClient | undefined {
    return this.#client;
  }

  /** Names the run of the server of the last connection. */
  get server(): string | undefined {
    return this.#last?.server;
  }

  /** Ends the connection for good. */
  close(): void {
    this.#isClosed = true;
    void this.#client?.close();
  }

  async #run(): Promise<void> {
    let wait = RETRY_MS;
    let attempts = 0;
    let hasEnded = false;
    this.#listener.status('connecting');
    while (!this.#isClosed) {
      try {
        const client = await this.#open(() => {
          hasEnded = true;
        });
        this.#client = client;
        wait = RETRY_MS;
        attempts = 0;
        hasEnded = false;
        await this.#follow(client);
      } catch (error) {
        const { refused, final } = error as { refused?: boolean; final?: boolean };
        if (refused) return this.#listener.status('refused');
        if (final) {
          this.#listener.failed?.(error as Error);
          return this.#listener.status('failed');
        }
      }
      this.#client = undefined;
      if (this.#isClosed) return;
      attempts++;
      this.#listener.status(hasEnded ? 'ended' : attempts < MANY_ATTEMPTS ? 'lost' : 'away');
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait = Math.min(wait * 2, MAX_RETRY_MS);
    }
  }

  /** Follows the steps that the network plays itself, from the first on: a page that is opened later shows them, too. */
  async #followSteps(client: ControlClient, server: string): Promise<void> {
    const events = await client.events({ types: ['step'], after: { server, number: 0 } });
    for await (const batch of events.batches()) {
      const steps = batch.filter((event) => event.type === 'step');
      if (steps.length > 0) this.#listener.steps(steps);
    }
  }

  async #follow(client: ControlClient): Promise<void> {
    const events = await this.#subscribe(client);
    // It ends with the connection, as the other does.
    this.#followSteps(client, events.server).catch(() => {});
    const [status, { links }] = await Promise.all([client.call('status'), client.call('links')]);
    const isSame = this.#last?.server === events.server;
    this.#listener.started({ status, links, hasGap: this.#last !== undefined && !isSame });
    this.#last = isSame ? this.#last : { server: events.server, number: events.number };
    this.#listener.status('connected');
    for await (const batch of events.batches()) {
      const known: ControlEvent[] = [];
      for (const event of batch) {
        this.#last = { server: events.server, number: event.type === 'gap' ? event.to : event.number };
        if (event.type !== 'gap') {
          known.push(event);
          continue;
        }
        // What the nodes have now is what counts.
        const [now, { links: linksNow }] = await Promise.all([client.call('status'), client.call('links')]);
        this.#listener.started({ status: now, links: linksNow, hasGap: true });
      }
      this.#listener.events(known);
    }
  }

  #subscribe(client: ControlClient): Promise<ControlEvents> {
    const types = [
      'node',
      'link',
      'message',
      'arrival',
      'header',
      'block',
      'transaction',
      'mempool',
      'reorg',
      'mining',
      'mode',
    ] as const;
    return client.events({ types, ...(this.#last ? { after: this.#last } : {}) });
  }
}

/** Returns a function that connects to the control server of this page's address. */
export function openSocket(token: string, { host }: Pick<Location, 'host'> = location): OpenClient {
  return async (ended) => {
    const socket = new WebSocket(`ws://${host}/`, [SUBPROTOCOL, `${TOKEN_PREFIX}${token}`]);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true });
      socket.addEventListener('close', () => reject(new Error('there is no network')), { once: true });
    }).catch(async (error: unknown) => {
      // A page does not learn why a WebSocket is refused; the same server says it over HTTP.
      const answer = await fetch(`http://${host}/`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}` },
        body: '{"jsonrpc":"2.0","id":1,"method":"status"}',
      }).catch(() => undefined);
      if (answer?.status === 401) throw Object.assign(new Error('the token is refused'), { refused: true });
      throw error;
    });
    // Before the channel's own listener.
    socket.addEventListener('close', ({ code }) => code === GOING_AWAY && ended(), { once: true });
    return new ControlClient(webSocketChannel(socket));
  };
}
