import { expect, it } from 'vitest';
import type { RpcNode } from '../../src/api/method/rpc-node.ts';
import type { PeerInfo } from '../../src/p2p/connections/connection-manager.ts';
import { noPeerStateStats } from '../../src/p2p/processing/peer-state-stats.ts';
import { callInProcess } from '../../src/testing/call-in-process.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** A peer whose statistics all differ. */
const info: PeerInfo = {
  ...noPeerStateStats,
  id: 7,
  remote: { host: '203.0.113.1', port: 1 },
  local: { host: '192.0.2.1', port: 2 },
  seenAs: { host: '192.0.2.2', port: 3 },
  services: 9n,
  lastSend: 11,
  lastReceive: 12,
  bytesSent: 13,
  bytesReceived: 14,
  sentPerCommand: new Map([['ping', 15]]),
  receivedPerCommand: new Map([['pong', 16]]),
  connectedAt: 17,
  timeOffset: 18,
  ping: 0.3,
  minPing: 0.2,
  pingWait: 0.1,
  protocolVersion: 70_016,
  userAgent: '/test:1/',
  inbound: true,
  connectionType: 'inbound',
  transport: 'v2',
  sessionId: new Uint8Array(32).fill(1),
  startHeight: 19,
  presyncedHeaders: 20,
  syncedHeaders: 21,
  syncedBlocks: 22,
  inFlight: [23],
  addressesProcessed: 24,
  addressesRateLimited: 25,
  lastTxTime: 26,
  lastBlockTime: 27,
  lastInvSequence: 28,
  invToSend: 29,
};

const peerInfo = (fields: Partial<PeerInfo>) => {
  const connections = { peers: () => [{}], info: () => ({ ...info, ...fields }) };
  const clock = new VirtualClock();
  return callInProcess({ connections, clock } as unknown as RpcNode, 'getpeerinfo');
};

it('getpeerinfo returns each statistic under the name that Core gives it', async () => {
  expect(await peerInfo({})).toMatchObject([
    {
      ...{ id: 7, addr: '203.0.113.1:1', addrbind: '192.0.2.1:2', addrlocal: '192.0.2.2:3' },
      ...{ services: '0000000000000009', servicesnames: ['NETWORK', 'WITNESS'] },
      ...{ lastsend: 11, lastrecv: 12, bytessent: 13, bytesrecv: 14, last_transaction: 26, last_block: 27 },
      ...{ bytessent_per_msg: { ping: 15 }, bytesrecv_per_msg: { pong: 16 }, conntime: 17, timeoffset: 18 },
      ...{ pingtime: 0.3, minping: 0.2, pingwait: 0.1, version: 70_016, subver: '/test:1/', inbound: true },
      ...{ startingheight: 19, presynced_headers: 20, synced_headers: 21, synced_blocks: 22, inflight: [23] },
      ...{ addr_processed: 24, addr_rate_limited: 25, connection_type: 'inbound', transport_protocol_type: 'v2' },
      ...{ last_inv_sequence: 28, inv_to_send: 29, session_id: '01'.repeat(32) },
    },
  ]);
});

it('getpeerinfo tells which of the two announces by compact blocks', async () => {
  expect(await peerInfo({ highBandwidthTo: true, highBandwidthFrom: false })).toMatchObject([
    { bip152_hb_to: true, bip152_hb_from: false },
  ]);
  expect(await peerInfo({ highBandwidthTo: false, highBandwidthFrom: true })).toMatchObject([
    { bip152_hb_to: false, bip152_hb_from: true },
  ]);
  expect(await peerInfo({ relaysTransactions: true, addressRelay: false })).toMatchObject([
    { relaytxes: true, addr_relay_enabled: false },
  ]);
});
