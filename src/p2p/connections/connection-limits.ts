/** Connections of all kinds (Core: DEFAULT_MAX_PEER_CONNECTIONS). */
const DEFAULT_MAX_CONNECTIONS = 125;
/** Automatic full-relay connections (Core: MAX_OUTBOUND_FULL_RELAY_CONNECTIONS). */
const MAX_OUTBOUND = 8;
/** Block-relay-only connections (Core: MAX_BLOCK_RELAY_ONLY_CONNECTIONS). */
const MAX_BLOCK_RELAY_ONLY = 2;
/** Feeler connections (Core: MAX_FEELER_CONNECTIONS). */
const MAX_FEELERS = 1;

/** Maximum numbers of connections of each kind. Connections to added nodes do not count. */
export interface ConnectionLimits {
  readonly maxInbound: number;
  /** Automatic full-relay connections: blocks, transactions and addresses. */
  readonly maxOutbound: number;
  /** Automatic block-relay-only connections. */
  readonly maxBlockRelayOnly: number;
}

/** Overrides of the default limits. */
export interface ConnectionLimitsOptions extends Partial<ConnectionLimits> {
  /** Maximum number of connections of all kinds; default 125 (Core: -maxconnections). */
  readonly maxConnections?: number | undefined;
}

/** Returns the limits. Inbound peers get the slots that remain after the other kinds. */
export function connectionLimits(options: ConnectionLimitsOptions): ConnectionLimits {
  const { maxConnections = DEFAULT_MAX_CONNECTIONS } = options;
  const maxOutbound = options.maxOutbound ?? Math.min(MAX_OUTBOUND, maxConnections);
  const more = Math.max(0, Math.min(MAX_BLOCK_RELAY_ONLY, maxOutbound, maxConnections - maxOutbound));
  const maxBlockRelayOnly = options.maxBlockRelayOnly ?? more;
  const left = Math.max(0, maxConnections - maxOutbound - maxBlockRelayOnly - MAX_FEELERS);
  return { maxOutbound, maxBlockRelayOnly, maxInbound: options.maxInbound ?? left };
}
