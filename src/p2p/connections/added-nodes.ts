import type { Clock, Timer } from '../../platform/clock.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { formatEndpoint } from '../net/endpoint.ts';
import type { TransportVersion } from '../transport/framing.ts';
import type { Dialer } from './dialer.ts';

/** Milliseconds until a node that we are to stay connected to is called again; doubles while it does not answer. */
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 30_000;

export interface AddedNodesHooks {
  isConnected(endpoint: Endpoint): boolean;
  /** Whether this is ourselves. */
  isOwn(endpoint: Endpoint): boolean;
}

interface AddedNode {
  readonly endpoint: Endpoint;
  readonly version: TransportVersion;
  delayMs: number;
  timer: Timer | undefined;
}

/** The nodes that a person wants us to stay connected to: called again and again, less and less often. */
export class AddedNodes {
  readonly #clock: Clock;
  readonly #dialer: Dialer;
  readonly #hooks: AddedNodesHooks;
  readonly #nodes = new Map<string, AddedNode>();

  constructor(clock: Clock, dialer: Dialer, hooks: AddedNodesHooks) {
    this.#clock = clock;
    this.#dialer = dialer;
    this.#hooks = hooks;
  }

  start(): void {
    for (const node of this.#nodes.values()) this.#call(node);
  }

  stop(): void {
    for (const node of this.#nodes.values()) {
      node.timer?.cancel();
      node.delayMs = RETRY_MIN_MS;
    }
  }

  endpoints(): Endpoint[] {
    return [...this.#nodes.values()].map(({ endpoint }) => endpoint);
  }

  /** `version` is the one to call with first. Returns false if the node was added before. */
  add(endpoint: Endpoint, version: TransportVersion): boolean {
    const key = formatEndpoint(endpoint);
    if (this.#nodes.has(key)) return false;
    const node = { endpoint, version, delayMs: RETRY_MIN_MS, timer: undefined };
    this.#nodes.set(key, node);
    this.#call(node);
    return true;
  }

  /** Returns false if the node had not been added. A connection to it stays. */
  remove(endpoint: Endpoint): boolean {
    const key = formatEndpoint(endpoint);
    this.#nodes.get(key)?.timer?.cancel();
    return this.#nodes.delete(key);
  }

  /** The handshake with the node at `endpoint` is done. */
  connected(endpoint: Endpoint): void {
    const node = this.#nodes.get(formatEndpoint(endpoint));
    if (node) node.delayMs = RETRY_MIN_MS;
  }

  /** The connection with the node at `endpoint` has ended. */
  disconnected(endpoint: Endpoint): void {
    const node = this.#nodes.get(formatEndpoint(endpoint));
    if (node) this.#callLater(node);
  }

  #call(node: AddedNode): void {
    if (!this.#dialer.isActive || this.#hooks.isOwn(node.endpoint)) return;
    // It has called us, or a person has called it. When it goes, it will be called.
    if (this.#hooks.isConnected(node.endpoint)) return;
    if (this.#dialer.isCalling(node.endpoint)) this.#callLater(node);
    else this.#dialer.tryCall(node.endpoint, 'manual', node.version, () => this.#callLater(node));
  }

  #callLater(node: AddedNode): void {
    if (!this.#dialer.isActive || this.#nodes.get(formatEndpoint(node.endpoint)) !== node) return;
    node.timer?.cancel();
    node.timer = this.#clock.after(node.delayMs, () => this.#call(node));
    node.delayMs = Math.min(node.delayMs * 2, RETRY_MAX_MS);
  }
}
