import { describe, expect, it } from 'vitest';
import { toHex } from '../../../../src/bytes/hex.ts';
import { regtest } from '../../../../src/consensus/params.ts';
import type { Connection } from '../../../../src/p2p/transport/connection.ts';
import { V1Framing } from '../../../../src/p2p/transport/v1-framing.ts';
import { FakePeer } from '../../support/fake-peer.ts';
import { mine, peerOf, TestNetwork, type TestNode } from '../../support/network.ts';
import { seedOfShortGreeting, v2Framing } from './support.ts';

/** Service bits that include NODE_P2P_V2. */
const V2_SERVICES = 0xc09n;
const ELSEWHERE = { host: '127.0.0.1', port: 7000 };

/** Listens as a v1-only peer. Returns its peers and connections, to which later ones are added. */
async function v1Listener(net: TestNetwork): Promise<{ peers: FakePeer[]; connections: Connection[] }> {
  const peers: FakePeer[] = [];
  const connections: Connection[] = [];
  await net.network.transport().listen(ELSEWHERE, (connection) => {
    connections.push(connection);
    const peer = new FakePeer(net, connection, new V1Framing(regtest.magic));
    peers.push(peer);
    // The inbound end answers `version`; it does not send first.
    peer.on('version', () => void peer.shakeHands());
  });
  return { peers, connections };
}

const connected = (node: TestNode) => node.connections.peers().some((peer) => peer.isReady);
const transports = (node: TestNode) => node.connections.peers().map((peer) => node.connections.info(peer).transport);

describe('two nodes', () => {
  it('connect over v2 with the same session id, and sync', async () => {
    const net = new TestNetwork();
    const a = await net.start();
    await mine(net, a, 300);
    const b = await net.start({ seeds: [a] });
    await net.untilSynced();
    const [ofA, ofB] = [a.connections.info(peerOf(a, b)), b.connections.info(peerOf(b, a))];
    for (const info of [ofA, ofB]) expect(info).toMatchObject({ transport: 'v2', services: V2_SERVICES });
    expect(ofA.sessionId).toHaveLength(32);
    expect(toHex(ofA.sessionId!)).toBe(toHex(ofB.sessionId!));
    const [block] = await mine(net, b, 1);
    await net.untilSynced(block!.hash);
    expect([...a.disconnects, ...b.disconnects]).toEqual([]);
  });

  it('discovered through a seed connect over v2', async () => {
    const net = new TestNetwork();
    const seed = await net.start();
    const nodes = [await net.start({ seeds: [seed] }), await net.start({ seeds: [seed] })];
    await net.until(() =>
      nodes.every((node) => node.connections.peers().length === 2 && node.connections.peers().every((p) => p.isReady)),
    );
    for (const node of nodes) expect(transports(node)).toEqual(['v2', 'v2']);
  });

  it.each([
    ['the outbound end', false, true],
    ['the inbound end', true, false],
    ['both ends', false, false],
  ])('connect over v1 if %s has v2 off, and keep one connection', async (_, dialerHasV2, listenerHasV2) => {
    const net = new TestNetwork();
    const listener = await net.start({ v2Transport: listenerHasV2 });
    const dialer = await net.start({ v2Transport: dialerHasV2, seeds: [listener], maxOutbound: 0 });
    await net.until(() => connected(dialer), 200);
    await net.advance(2000);
    expect([transports(dialer), transports(listener)]).toEqual([['v1'], ['v1']]);
    const info = dialer.connections.info(dialer.connections.peers()[0]!);
    expect([info.sessionId, info.services]).toEqual([undefined, listenerHasV2 ? V2_SERVICES : 0x409n]);
    expect(dialer.disconnects).toEqual(dialerHasV2 ? ['closed by peer'] : []);
    expect(listener.disconnects).toEqual(dialerHasV2 ? ['wrong network magic'] : []);
  });

  it('connect over v1 if addNode requests it', async () => {
    const net = new TestNetwork();
    const [a, b] = [await net.start({ maxOutbound: 0 }), await net.start({ maxOutbound: 0 })];
    a.connections.addNode(b.endpoint, false);
    await net.until(() => connected(a));
    expect([transports(a), transports(b)]).toEqual([['v1'], ['v1']]);
    expect([...a.disconnects, ...b.disconnects]).toEqual([]);
  });
});

describe('a v1-only peer', () => {
  it('is reconnected at once with v1, and `connect` resolves to that connection', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const { connections } = await v1Listener(net);
    let transport: string | undefined;
    void node.connections.connect(ELSEWHERE).then((peer) => {
      transport = peer.transportVersion;
    });
    await net.until(() => transport !== undefined, 100);
    expect([transport, connections.length]).toEqual(['v1', 2]);
  });

  it('is dialed with v1 the next time, although its address was announced with the v2 service bit', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const { peers, connections } = await v1Listener(net);
    const time = Math.floor(net.clock.now() / 1000);
    node.connections.addresses.add({ endpoint: ELSEWHERE, services: V2_SERVICES, time }, ELSEWHERE);
    await net.until(() => connected(node), 5000);
    expect(node.connections.peers().map(({ type, transportVersion }) => [type, transportVersion])).toEqual([
      ['outbound-full-relay', 'v1'],
    ]);
    expect(connections).toHaveLength(2);
    peers[1]!.connection.close();
    await net.until(() => connections.length > 2, 60_000, 100);
    await net.until(() => connected(node));
    // Its own `version` has replaced the announced services.
    expect(connections).toHaveLength(3);
  });

  it('that keeps the connection open is reconnected with v1 after the handshake timeout', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const connections: Connection[] = [];
    const started = net.clock.now();
    const times: number[] = [];
    await net.network.transport().listen(ELSEWHERE, (connection) => {
      connections.push(connection);
      times.push(net.clock.now() - started);
      if (connections.length > 1) {
        const fake = new FakePeer(net, connection, new V1Framing(regtest.magic));
        void fake.shakeHands();
      }
    });
    node.connections.addNode(ELSEWHERE);
    await net.until(() => connected(node), 70_000, 500);
    expect(transports(node)).toEqual(['v1']);
    expect(times[1]).toBeGreaterThan(60_000);
    expect(node.disconnects).toEqual(['handshake timeout']);
  });

  it('is not assumed if the peer has replied with a byte: it is dialed with v2 again', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const first: number[] = [];
    await net.network.transport().listen(ELSEWHERE, (connection) => {
      connection.onData((chunk) => {
        first.push(chunk[0]!);
        connection.send(Uint8Array.of(1));
        connection.close();
      });
    });
    node.connections.addNode(ELSEWHERE);
    await net.advance(2000);
    expect(first.length).toBeGreaterThan(2);
    // A random key begins with the first byte of the magic once in 256 times.
    expect(first.filter((byte) => byte === regtest.magic[0])).toHaveLength(0);
  });

  it('is not reconnected after networking is switched off', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const connections: Connection[] = [];
    await net.network.transport().listen(ELSEWHERE, (connection) => connections.push(connection));
    node.connections.addNode(ELSEWHERE);
    await net.until(() => connections.length === 1);
    node.connections.setNetworkActive(false);
    await net.advance(5000);
    expect([connections.length, node.connections.peers().length]).toEqual([1, 0]);
  });
});

describe('a hostile inbound peer', () => {
  it('that sends one byte of its key a second times out after a minute, while other peers are served', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const slow = await net.dial(node);
    let closed = false;
    slow.onClose(() => {
      closed = true;
    });
    const greeting = v2Framing(seedOfShortGreeting(1000), true).start()[0]!;
    for (let i = 0; i < 59; i++) {
      slow.send(greeting.subarray(i, i + 1));
      await net.advance(1000, 500);
      if (i === 30) await FakePeer.join(net, node);
    }
    expect(closed).toBe(false);
    await net.advance(4000, 500);
    expect(closed).toBe(true);
    expect(node.disconnects).toEqual(['handshake timeout']);
    expect(connected(node)).toBe(true);
  });

  it('that sends no garbage terminator is disconnected after 4,095 bytes, but not discouraged', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const peer = await FakePeer.dial(net, node, '203.0.113.9');
    peer.connection.send(new Uint8Array(64 + 4095 + 16).fill(0x47));
    await net.until(() => node.disconnects.length > 0, 200);
    expect(node.disconnects).toEqual(['missing garbage terminator']);
    const again = await FakePeer.join(net, node, { host: '203.0.113.9' });
    expect(again.closed).toBe(false);
  });

  it('that sends a tampered packet is disconnected', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const framing = v2Framing(5, true);
    const peer = new FakePeer(net, await net.dial(node), framing);
    await peer.shakeHands();
    expect(transports(node)).toEqual(['v2']);
    const [packet] = framing.frame('ping', new Uint8Array(8));
    packet![10]! ^= 1;
    peer.connection.send(packet!);
    await net.until(() => node.disconnects.length > 0, 200);
    expect(node.disconnects).toEqual(['packet authentication failure']);
  });

  it('has no effect with messages before its version', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const peer = new FakePeer(net, await net.dial(node), v2Framing(5, true));
    for (const command of ['verack', 'wtxidrelay', 'sendcmpct', 'mempool', 'inv', 'nosuchthing'])
      peer.sendPayload(command, new Uint8Array(0));
    peer.send('ping', { nonce: 1n });
    await net.advance(100);
    expect(peer.messages).toEqual([]);
    await peer.shakeHands();
    peer.send('ping', { nonce: 2n });
    expect(await peer.waitFor('pong')).toEqual({ nonce: 2n });
    expect(node.connections.peers()[0]!.handshake.wtxidRelay).toBe(true);
    expect(node.disconnects).toEqual([]);
  });

  it('is not penalized for unknown commands and undecodable payloads', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const framing = v2Framing(5, true);
    const peer = new FakePeer(net, await net.dial(node), framing);
    await peer.shakeHands();
    peer.sendPayload('nosuchthing', new Uint8Array(1000));
    for (const command of ['headers', 'inv', 'tx', 'block', 'version']) peer.sendPayload(command, Uint8Array.of(1, 2));
    peer.sendPayload('ping', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    await peer.waitFor('pong');
    expect(node.disconnects).toEqual([]);
    const { receivedPerCommand } = node.connections.info(node.connections.peers()[0]!);
    expect(receivedPerCommand.get('*other*')).toBe(20 + 13 + 1000);
  });
});
