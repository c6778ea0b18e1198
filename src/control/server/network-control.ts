import { randomBytes } from 'node:crypto';
import type { NodeNetwork } from '../../devnet/network/node-network.ts';
import { systemClock } from '../../platform/clock.ts';
import { ControlServer } from './control-server.ts';
import { EventSource } from './event-source.ts';
import { NetworkMethods } from './network-methods.ts';

/** How a network is controlled. */
export interface NetworkControlOptions {
  /** Name of the network on this machine. */
  readonly name: string;
  /** 0 for any; default: the first free one from 8300. */
  readonly port?: number;
  /** What clients must know; default: a random one. */
  readonly token?: string;
  /** Is called when a client asks for the end of the network. */
  readonly onDown?: () => void;
}

/** The control server of one network, which outlives it: `close` ends the server only. */
export class NetworkControl {
  readonly token: string;
  readonly #server: ControlServer;
  readonly #events: EventSource;

  private constructor(token: string, server: ControlServer, events: EventSource) {
    this.token = token;
    this.#server = server;
    this.#events = events;
  }

  /** Starts to serve a network on 127.0.0.1. Throws `PierError` 'port-in-use' and 'no-free-port'. */
  static async start(network: NodeNetwork, options: NetworkControlOptions): Promise<NetworkControl> {
    const { name, port, token = randomBytes(32).toString('hex'), onDown = () => {} } = options;
    let url: string | null = null;
    const { chain, mnemonic } = network.description;
    const methods = new NetworkMethods(network, {
      ...{ name, chain, mnemonic },
      control: () => url,
      // After the answer.
      down: () => void setImmediate(onDown),
    });
    const events = new EventSource(network, systemClock, { id: randomBytes(8).toString('hex') });
    try {
      const server = await ControlServer.listen({ port, token, handle: methods.handle, events });
      url = server.url;
      return new NetworkControl(token, server, events);
    } catch (error) {
      events.close();
      throw error;
    }
  }

  /** Where clients connect to: `ws://127.0.0.1:PORT/`. */
  get url(): string {
    return this.#server.url;
  }

  get port(): number {
    return this.#server.port;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    this.#events.close();
    await this.#server.close();
  }
}
