/** Connections of all kinds (Core: DEFAULT_MAX_PEER_CONNECTIONS). */
const DEFAULT_MAX_CONNECTIONS = 125;
/** Connections of each kind (Core: MAX_OUTBOUND_FULL_RELAY_CONNECTIONS, MAX_BLOCK_RELAY_ONLY_CONNECTIONS, MAX_FEELER_CONNECTIONS. */
const MAX_OUTBOUND = 8;
const MAX_BLOCK_RELAY_ONLY = 2;
const MAX_FEELERS = 1;

/** How many connections of each kind a node has at most; those to added nodes do not count. */
export interface ConnectionLimits {
  readonly maxInbound: number;
  /** Automatic outbound connections for blocks, transactions and addresses. */
  readonly maxOutbound: number;
  /** Further outbound connections, for blocks only. */
  readonly maxBlockRelayOnly: number;
}

/** Overrides of the default limits. */
export interface ConnectionLimitsOptions extends Partial<ConnectionLimits> {
  /** Limit of all kinds together; default 125 (Core: -maxconnections). */
  readonly maxConnections?: number | undefined;
}

/** Returns the limits; inbound peers get the slots that the other kinds leave. */
export function connectionLimits(options: ConnectionLimitsOptions): ConnectionLimits {
  const { maxConnections = DEFAULT_MAX_CONNECTIONS } = options;
  const maxOutbound = options.maxOutbound ?? Math.min(MAX_OUTBOUND, maxConnections);
  const more = Math.max(0, Math.min(MAX_BLOCK_RELAY_ONLY, maxOutbound, maxConnections - maxOutbound));
  const maxBlockRelayOnly = options.maxBlockRelayOnly ?? more;
  const left = Math.max(0, maxConnections - maxOutbound - maxBlockRelayOnly - MAX_FEELERS);
  return { maxOutbound, maxBlockRelayOnly, maxInbound: options.maxInbound ?? left };
}
