/** Core: DEFAULT_MAX_PEER_CONNECTIONS. */
const DEFAULT_MAX_CONNECTIONS = 125;
/** Core: MAX_OUTBOUND_FULL_RELAY_CONNECTIONS, MAX_BLOCK_RELAY_ONLY_CONNECTIONS, MAX_FEELER_CONNECTIONS. */
const MAX_OUTBOUND = 8;
const MAX_BLOCK_RELAY_ONLY = 2;
const MAX_FEELERS = 1;

export interface ConnectionLimits {
  readonly maxInbound: number;
  /** Connections to make to addresses that were learnt. */
  readonly maxOutbound: number;
  /** More of these, over which only blocks are relayed. */
  readonly maxBlockRelayOnly: number;
}

/**
 * How many connections of each kind there may be (Core: -maxconnections, 125 by default). Inbound peers get the places that
 * the others leave; those that a person wants are not counted.
 */
export function connectionLimits(
  options: Partial<ConnectionLimits> & { readonly maxConnections?: number },
): ConnectionLimits {
  const { maxConnections = DEFAULT_MAX_CONNECTIONS } = options;
  const maxOutbound = options.maxOutbound ?? Math.min(MAX_OUTBOUND, maxConnections);
  const more = Math.max(0, Math.min(MAX_BLOCK_RELAY_ONLY, maxOutbound, maxConnections - maxOutbound));
  const maxBlockRelayOnly = options.maxBlockRelayOnly ?? more;
  const left = Math.max(0, maxConnections - maxOutbound - maxBlockRelayOnly - MAX_FEELERS);
  return { maxOutbound, maxBlockRelayOnly, maxInbound: options.maxInbound ?? left };
}
