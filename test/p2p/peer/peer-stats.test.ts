import { describe, expect, it } from 'vitest';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import { peerStats } from '../../../src/p2p/peer/peer-stats.ts';
import { Traffic } from '../../../src/p2p/peer/traffic.ts';
import { NO_ADDRESS, toNetAddress } from '../../../src/p2p/wire/messages/net-address.ts';

const common = {
  ...{ id: 7, remote: { host: '203.0.113.7', port: 8333 }, local: { host: '10.0.0.1', port: 5 }, services: 1033n },
  ...{ connectedAt: 1_700_000_000_999, inbound: false, type: 'manual', transportVersion: 'v2', sessionId: undefined },
};

describe('the statistics of a peer', () => {
  it('have seconds, and what its version said', () => {
    const traffic = new Traffic();
    traffic.moved('sent', 100, 1_700_000_001_999);
    traffic.moved('received', 30, 1_700_000_002_001);
    traffic.moved('received', 40, 1_700_000_003_999);
    traffic.count('received', 'ping', 32);
    traffic.count('received', 'ping', 8);
    traffic.count('received', 'nosuchthing', 5);
    const receiver = toNetAddress({ host: '198.51.100.1', port: 8333 });
    const remote = { receiver, version: 70_015, userAgent: '/a/', startHeight: 0 };
    const keepAlive = { lastMs: 250, bestMs: 50, waitingMs: 1_500 };
    const peer = { ...common, traffic, keepAlive, handshake: { remote, timeOffset: -3 } } as unknown as Peer;
    expect(peerStats(peer)).toEqual({
      ...{ id: 7, remote: common.remote, local: common.local, seenAs: { host: '198.51.100.1', port: 8333 } },
      ...{ services: 1033n, lastSend: 1_700_000_001, lastReceive: 1_700_000_003, bytesSent: 100, bytesReceived: 70 },
      ...{
        sentPerCommand: new Map(),
        receivedPerCommand: new Map([...[['ping', 40] as const, ['*other*', 5] as const]]),
      },
      ...{ connectedAt: 1_700_000_000, timeOffset: -3, ping: 0.25, minPing: 0.05, pingWait: 1.5 },
      ...{ protocolVersion: 70_015, userAgent: '/a/', inbound: false, connectionType: 'manual', transport: 'v2' },
      ...{ sessionId: undefined, startHeight: 0 },
    });
  });

  it('before the handshake say so', () => {
    const keepAlive = { lastMs: undefined, bestMs: undefined, waitingMs: 0 };
    const handshake = { remote: undefined, timeOffset: 0 };
    const peer = { ...common, traffic: new Traffic(), keepAlive, handshake } as unknown as Peer;
    expect(peerStats(peer)).toMatchObject({
      ...{ seenAs: undefined, lastSend: 0, lastReceive: 0, bytesSent: 0, bytesReceived: 0, protocolVersion: 0 },
      ...{ userAgent: '', startHeight: -1, ping: undefined, minPing: undefined, pingWait: 0 },
    });
    const unspecified = { ...peer, handshake: { remote: { receiver: NO_ADDRESS }, timeOffset: 0 } };
    expect(peerStats(unspecified as unknown as Peer).seenAs).toBeUndefined();
  });
});
