import type { Endpoint } from '../net/endpoint.ts';
import { formatEndpoint, isLoopback } from '../net/endpoint.ts';
import { RollingSet } from '../peer/rolling-set.ts';

/** Hosts that are remembered (Core: m_discouraged). */
const CAPACITY = 50_000;

/**
 * Who has broken the rules: not called any more, and refused when places are short. On one's own machine all nodes
 * share their host, so there only the port tells them apart.
 */
export class Discouraged {
  readonly #keys = new RollingSet(CAPACITY);

  /** `endpoint` is where the peer was called; of one that called us from this machine nothing can be remembered. */
  add(remote: Endpoint, endpoint: Endpoint | undefined): void {
    if (!isLoopback(remote.host)) this.#keys.add(remote.host);
    else if (endpoint) this.#keys.add(formatEndpoint(endpoint));
  }

  /** Whether the endpoint, or its host, is discouraged. */
  has({ host, port }: Endpoint): boolean {
    return this.#keys.has(isLoopback(host) ? formatEndpoint({ host, port }) : host);
  }
}
