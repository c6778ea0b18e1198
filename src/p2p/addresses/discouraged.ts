import { RollingSet } from '../../platform/rolling-set.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { formatEndpoint, isLoopback } from '../net/endpoint.ts';

/** Maximum number of remembered hosts (Core: m_discouraged). */
const CAPACITY = 50_000;

/**
 * Hosts of misbehaving peers (Core: m_discouraged). The node does not connect to them, and evicts them first when inbound
 * slots are full. Nodes on this machine share a host and are identified by port.
 */
export class Discouraged {
  readonly #keys = new RollingSet(CAPACITY);

  /**
   * Adds a peer. `endpoint` is where we connected to an outbound peer; undefined for an inbound peer. Inbound peers on
   * this machine cannot be identified and are not added.
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
