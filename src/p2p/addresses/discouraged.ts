import type { Endpoint } from '../net/endpoint.ts';
import { formatEndpoint, isLoopback } from '../net/endpoint.ts';
import { RollingSet } from '../peer/rolling-set.ts';

/** Maximum number of remembered hosts (Core: m_discouraged). */
const CAPACITY = 50_000;

/**
 * Hosts of misbehaving peers (Core: m_discouraged). The node does not connect to them, and prefers to evict or reject them
 * as inbound peers. Nodes on this machine share a host and are identified by port.
 */
export class Discouraged {
  readonly #keys = new RollingSet(CAPACITY);

  /**
   * Adds a peer. `endpoint` is the listening endpoint of an outbound peer, undefined for an inbound peer. An inbound peer
   * on this machine cannot be identified and is not added.
   */
  add(remote: Endpoint, endpoint: Endpoint | undefined): void {
    if (!isLoopback(remote.host)) this.#keys.add(remote.host);
    else if (endpoint) this.#keys.add(formatEndpoint(endpoint));
  }

  /** Whether an endpoint is discouraged: by host, or on this machine by port. */
  has({ host, port }: Endpoint): boolean {
    return this.#keys.has(isLoopback(host) ? formatEndpoint({ host, port }) : host);
  }
}
