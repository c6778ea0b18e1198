import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { formatEndpoint } from '../net/endpoint.ts';
import type { TransportVersion } from '../transport/framing.ts';
import type { Dialer } from './dialer.ts';

/** Milliseconds before a reconnection to an added node; doubles with each failure. */
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 30_000;
/** Failed attempts in a row for one warning: the first at once, the second after 81 seconds, then every five minutes. */
const FAILURES_PER_WARNING = 10;

/** What `AddedNodes` asks its owner. */
export interface AddedNodesHooks {
  isConnected(endpoint: Endpoint): boolean;
  /** Whether the endpoint is this node. */
  isOwn(endpoint: Endpoint): boolean;
}

interface AddedNode {
  readonly endpoint: Endpoint;
  readonly version: TransportVersion;
  delayMs: number;
  /** Failed attempts since the last handshake. */
  failures: number;
  timer: Timer | undefined;
}

/** Manual connections that are kept open (Core: m_added_node_params), with exponential backoff. */
export class AddedNodes {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #dialer: Dialer;
  readonly #hooks: AddedNodesHooks;
  readonly #nodes = new Map<string, AddedNode>();

  constructor(
    { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
    dialer: Dialer,
    hooks: AddedNodesHooks,
  ) {
    this.#clock = clock;
    this.#logger = logger;
    this.#dialer = dialer;
    this.#hooks = hooks;
  }

  start(): void {
    for (const node of this.#nodes.values()) this.#dial(node);
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

  /** Adds a node and connects to it, first over `version`. Returns false if it was added before. */
  add(endpoint: Endpoint, version: TransportVersion): boolean {
    const key = formatEndpoint(endpoint);
    if (this.#nodes.has(key)) return false;
    const node = { endpoint, version, delayMs: RETRY_MIN_MS, failures: 0, timer: undefined };
    this.#nodes.set(key, node);
    this.#dial(node);
    return true;
  }

  /** Removes a node, but keeps a connection to it. Returns false if it was not added. */
  remove(endpoint: Endpoint): boolean {
    const key = formatEndpoint(endpoint);
    this.#nodes.get(key)?.timer?.cancel();
    return this.#nodes.delete(key);
  }

  /** Resets the backoff after a handshake with the node at `endpoint`. */
  connected(endpoint: Endpoint): void {
    const node = this.#nodes.get(formatEndpoint(endpoint));
    if (!node) return;
    node.delayMs = RETRY_MIN_MS;
    node.failures = 0;
  }

  /** Schedules a reconnection after the connection to the node at `endpoint` was closed. */
  disconnected(endpoint: Endpoint): void {
    const node = this.#nodes.get(formatEndpoint(endpoint));
    if (node) this.#dialLater(node);
  }

  #dial(node: AddedNode): void {
    if (!this.#dialer.isActive || this.#hooks.isOwn(node.endpoint)) return;
    // Already connected, for instance inbound: `disconnected` schedules the next attempt.
    if (this.#hooks.isConnected(node.endpoint)) return;
    if (this.#dialer.isDialing(node.endpoint)) this.#dialLater(node);
    else this.#dialer.tryDial(node.endpoint, 'manual', node.version, (error) => this.#failed(node, error));
  }

  #failed(node: AddedNode, error: unknown): void {
    if (!this.#isKept(node)) return;
    const retryMs = node.delayMs;
    this.#dialLater(node);
    if (node.failures++ % FAILURES_PER_WARNING !== 0) return;
    const fields = { address: formatEndpoint(node.endpoint), reason: (error as Error).message, retryMs };
    this.#logger.warn(fields, 'seed or added node not reached, connecting again');
  }

  /** Whether connections to a node are still to be opened. */
  #isKept(node: AddedNode): boolean {
    return this.#dialer.isActive && this.#nodes.get(formatEndpoint(node.endpoint)) === node;
  }

  #dialLater(node: AddedNode): void {
    if (!this.#isKept(node)) return;
    node.timer?.cancel();
    node.timer = this.#clock.after(node.delayMs, () => this.#dial(node));
    node.delayMs = Math.min(node.delayMs * 2, RETRY_MAX_MS);
  }
}
