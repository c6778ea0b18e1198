import { randomBytes } from 'node:crypto';
import type { NodeNetwork } from '../../devnet/network/node-network.ts';
import type { StepEvent } from '../protocol/events.ts';
import { ControlServer } from './control-server.ts';
import { ControlService, type ControlServiceOptions } from './control-service.ts';

/** Where a control server listens. */
export interface ControlListenOptions {
  /** 0 for any; default: the first free one from 8300. */
  readonly port?: number;
  /** What clients must know; default: a random one. */
  readonly token?: string;
}

/** Where and how a network is controlled. */
export interface NetworkControlOptions extends ControlListenOptions, ControlServiceOptions {}

/** The control server of one network, which outlives it: `close` ends the server only. */
export class NetworkControl {
  readonly token: string;
  readonly #server: ControlServer;
  #service: ControlService | undefined;

  private constructor(token: string, server: ControlServer) {
    this.token = token;
    this.#server = server;
  }

  /** Starts to serve a network on 127.0.0.1. Throws `PierError` 'port-in-use' and 'no-free-port'. */
  static async start(network: NodeNetwork, options: NetworkControlOptions): Promise<NetworkControl> {
    const control = await NetworkControl.listen(options);
    try {
      control.serve(network, options);
      return control;
    } catch (error) {
      await control.close();
      throw error;
    }
  }

  /**
   * Listens on 127.0.0.1 for clients of a network that is yet to be created. Until `serve`, they are told so (`PierError`
   * 'network-starting'). Throws `PierError` 'port-in-use' and 'no-free-port'.
   */
  static async listen({
    port,
    token = randomBytes(32).toString('hex'),
  }: ControlListenOptions = {}): Promise<NetworkControl> {
    return new NetworkControl(token, await ControlServer.listen({ port, token }));
  }

  /** Serves a network from now on. */
  serve(network: NodeNetwork, options: ControlServiceOptions): void {
    this.#service = new ControlService(network, options, this.url);
    this.#server.serve(this.#service);
  }

  /** Reports a step as `ControlService` does. Without effect before `serve`. */
  report(step: Omit<StepEvent, 'type'>): void {
    this.#service?.report(step);
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
    await this.#server.close();
    this.#service?.close();
  }
}
