import { expect, it } from 'vitest';
import { connectionLimits } from '../../../src/p2p/connections/connection-limits.ts';

// Core's CConnman::Options in AppInitMain: eight full-relay connections, two block-relay-only ones and one feeler.
it.each([
  [{}, 8, 2, 114],
  [{ maxConnections: 125 }, 8, 2, 114],
  [{ maxConnections: 13 }, 8, 2, 2],
  [{ maxConnections: 12 }, 8, 2, 1],
  [{ maxConnections: 11 }, 8, 2, 0],
  [{ maxConnections: 10 }, 8, 2, 0],
  [{ maxConnections: 9 }, 8, 1, 0],
  [{ maxConnections: 8 }, 8, 0, 0],
  [{ maxConnections: 3 }, 3, 0, 0],
  [{ maxConnections: 0 }, 0, 0, 0],
  // Without full-relay connections, the user wants no automatic ones.
  [{ maxOutbound: 0 }, 0, 0, 124],
  [{ maxOutbound: 1 }, 1, 1, 122],
  [{ maxOutbound: 20, maxConnections: 10 }, 20, 0, 0],
  [{ maxBlockRelayOnly: 5 }, 8, 5, 111],
  [{ maxBlockRelayOnly: 0 }, 8, 0, 116],
  [{ maxInbound: 3 }, 8, 2, 3],
  [{ maxInbound: 0, maxConnections: 500 }, 8, 2, 0],
])('%o lead to %d full-relay, %d block-relay-only and %d inbound connections', (options, full, blocks, inbound) => {
  expect(connectionLimits(options)).toEqual({ maxOutbound: full, maxBlockRelayOnly: blocks, maxInbound: inbound });
});
