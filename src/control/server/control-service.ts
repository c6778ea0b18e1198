import { toHex } from '../../bytes/hex.ts';
import type { NodeNetwork } from '../../devnet/network/node-network.ts';
import { systemClock } from '../../platform/clock.ts';
import { PierError } from '../../platform/errors.ts';
import { systemRandom } from '../../platform/random.ts';
import type { StepEvent } from '../protocol/events.ts';
import type { ControlChannel } from '../protocol/messages.ts';
import type { MethodName } from '../protocol/methods.ts';
import { portChannel } from '../protocol/port-channel.ts';
import { ControlSession, type MethodHandler } from './control-session.ts';
import { EventSource } from './event-source.ts';
import { NetworkMethods } from './network-methods.ts';

/** What a network's clients are served. */
export interface ControlServiceOptions {
  /** Name of the network. */
  readonly name: string;
  /** Is called when a client asks for the end of the network. */
  readonly onDown?: () => void;
  /** Returns why clients can only watch the network now; undefined, as by default, if they can change it. */
  readonly busyWith?: () => string | undefined;
}

/** Methods that change nothing, or end the network. `call` reaches the RPC of the nodes, which their users have anyway. */
const READ_METHODS: ReadonlySet<MethodName> = new Set([
  ...(['status', 'accounts', 'links', 'logs', 'snapshot.list', 'call', 'down', 'rpc.discover'] as const),
]);

/**
 * Serves one network to clients in the same program, such as a web page, over message ports. `NetworkControl` serves it to
 * other programs. The network outlives it.
 *
 * @example
 * ```ts
 * import { connectPort, ControlService } from 'pier/control';
 * import { createNetwork } from 'pier/devnet';
 *
 * await using network = await createNetwork({ nodes: 2 });
 * const service = new ControlService(network, { name: 'docs' });
 * const { port1, port2 } = new MessageChannel();
 * service.attachPort(port1);
 * const client = connectPort(port2);
 * console.log((await client.call('status')).name); // docs
 * service.close();
 * ```
 */
export class ControlService {
  /** Runs a method. @internal */
  readonly handle: MethodHandler;
  /** The network's events. @internal */
  readonly events: EventSource;
  readonly #channels = new Set<ControlChannel>();

  /** `url`: where other programs reach it; null if nowhere. */
  constructor(
    network: NodeNetwork,
    { name, onDown = () => {}, busyWith = () => undefined }: ControlServiceOptions,
    url: string | null = null,
  ) {
    const { chain, address, mnemonic } = network.description;
    const methods = new NetworkMethods(network, {
      ...{ name, chain, address, mnemonic },
      control: () => url,
      page: () => url?.replace(/^ws:/, 'http:') ?? null,
      // After the answer.
      down: () => void setTimeout(onDown, 0),
    });
    this.handle = async (method, params, signal) => {
      const reason = READ_METHODS.has(method) ? undefined : busyWith();
      if (reason !== undefined) throw new PierError('network-busy', reason, { hint: 'Try again once that is over.' });
      return methods.handle(method, params, signal);
    };
    this.events = new EventSource(network, systemClock, { id: toHex(systemRandom.bytes(8)) });
  }

  /** Serves the client at the other end of a message port, until either end closes. */
  attachPort(port: MessagePort): void {
    const channel = portChannel(port);
    this.#channels.add(channel);
    new ControlSession(channel, this.handle, this.events, () => this.#channels.delete(channel));
  }

  /** Reports a step that the owner of the network has played, as an event. */
  report(step: Omit<StepEvent, 'type'>): void {
    this.events.report({ type: 'step', ...step });
  }

  /** Ends all connections. */
  close(): void {
    this.events.close();
    for (const channel of this.#channels) channel.close();
  }
}
