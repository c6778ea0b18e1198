import { describe, expect, it } from 'vitest';
import { type PeerAddress, toEndpoint, toNetAddress } from '../../../src/p2p/wire/messages/net-address.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { mine, TestNetwork, type TestNode } from '../support/network.ts';

const HOUR = 60 * 60_000;

function address(net: TestNetwork, host: string, port: number, fields: Partial<PeerAddress> = {}): PeerAddress {
  return { ...toNetAddress({ host, port })!, services: 9n, time: now(net), ...fields };
}

const now = (net: TestNetwork) => Math.floor(net.clock.now() / 1000);
const known = (node: TestNode) =>
  [...node.connections.addresses.entries()].map(({ endpoint }) => `${endpoint.host}:${endpoint.port}`);
const announcedTo = (peer: FakePeer) =>
  [...peer.received('addr'), ...peer.received('addrv2')].flatMap(({ addresses }) => addresses.map(toEndpoint));

describe('a network with one seed', () => {
  it('is discovered by every node, and stays connected without the seed', async () => {
    const net = new TestNetwork({ latencyMs: () => 5 });
    const seed = await net.start();
    for (let i = 0; i < 5; i++) await net.start({ seeds: [seed] });
    const others = net.nodes.slice(1);
    await net.until(() => others.every((node) => known(node).length >= 4), 60_000);
    await net.until(() => others.every((node) => node.connections.peers().length >= 4), 60_000);
    await seed.stop();
    net.nodes.splice(0, 1);
    await net.advance(1000);
    for (const node of others) expect(node.connections.peers().length).toBeGreaterThanOrEqual(3);
    await mine(net, others[4]!, 3);
    await net.untilSynced(others[4]!.chain.tip.hash, 2000);
  });

  it('has one connection between two nodes', async () => {
    const net = new TestNetwork({ latencyMs: () => 5 });
    const seed = await net.start();
    const a = await net.start({ seeds: [seed] });
    await net.advance(30_000, 100);
    expect(known(seed)).toEqual([`127.0.0.1:${a.endpoint.port}`]);
    expect(seed.connections.peers()).toHaveLength(1);
    expect(a.connections.peers()).toHaveLength(1);
  });
});

it('two nodes that connect to each other at the same time keep one connection', async () => {
  const net = new TestNetwork({ latencyMs: () => 50 });
  const [a, b] = [await net.start(), await net.start()];
  const services = 1033n;
  a.connections.addresses.add({ endpoint: b.endpoint, services, time: now(net) }, b.endpoint);
  b.connections.addresses.add({ endpoint: a.endpoint, services, time: now(net) }, a.endpoint);
  await net.until(() => a.connections.peers().length === 2, 2000);
  await net.advance(60_000, 100);
  expect(a.connections.peers().map(({ inbound }) => inbound)).toEqual([false]);
  expect(b.connections.peers().map(({ inbound }) => inbound)).toEqual([true]);
  expect(b.disconnects).toEqual(['duplicate connection']);
});

describe('getaddr', () => {
  it('is answered once per inbound peer, by addr or addrv2', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 0 });
    for (let port = 5000; port < 5010; port++) {
      const endpoint = { host: '127.0.0.1', port };
      node.connections.addresses.add({ endpoint, services: 9n, time: now(net) }, endpoint);
    }
    const old = await FakePeer.join(net, node);
    old.send('getaddr', {});
    old.send('getaddr', {});
    await net.advance(500);
    expect(old.commands().filter((command) => command === 'addr')).toHaveLength(2);
    // Ten addresses and the node's own.
    expect(
      announcedTo(old)
        .map((endpoint) => endpoint!.port)
        .toSorted(),
    ).toEqual([node.endpoint.port, ...Array.from({ length: 10 }, (_, i) => 5000 + i)]);
    const modern = await FakePeer.join(net, node, { addrV2: true });
    modern.send('getaddr', {});
    await net.advance(500);
    expect(modern.commands()).not.toContain('addr');
    expect(announcedTo(modern)).toHaveLength(11);
  });

  it('is sent on outbound connections, and the answer is not rate-limited', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 0 });
    const peer = await FakePeer.manual(net, node);
    await peer.waitFor('getaddr');
    const addresses = Array.from({ length: 1000 }, (_, i) => address(net, '127.0.0.1', 10_000 + i));
    peer.send('addr', { addresses });
    await net.advance(100);
    expect(node.connections.addresses.size).toBe(1000);
    expect(node.connections.info(node.connections.peers()[0]!)).toMatchObject({
      addressesProcessed: 1000,
      addressesRateLimited: 0,
    });
  });
});

describe('addresses from a peer', () => {
  it('are rate-limited to one per ten seconds unless requested', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 0 });
    const peer = await FakePeer.join(net, node);
    const addresses = Array.from({ length: 100 }, (_, i) => address(net, '127.0.0.1', 10_000 + i));
    peer.send('addr', { addresses });
    await net.advance(100);
    const info = () => node.connections.info(node.connections.peers()[0]!);
    expect(info()).toMatchObject({ addressRelay: true, addressesProcessed: 1, addressesRateLimited: 99 });
    await net.advance(100_000, 1000);
    peer.send('addr', { addresses });
    await net.advance(100);
    expect(info()).toMatchObject({ addressesProcessed: 11 });
    // The token bucket holds at most 1,000.
    await net.advance(10 * HOUR, 60_000);
    const many = Array.from({ length: 1000 }, (_, i) => address(net, '127.0.0.1', 20_000 + i));
    peer.send('addr', { addresses: many });
    peer.send('addr', { addresses: many });
    await net.advance(100);
    expect(info().addressesProcessed).toBe(1011);
  });

  it('of the internet are neither kept nor relayed without publicAddresses', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 0, publicAddresses: false });
    const peer = await FakePeer.manual(net, node);
    const other = await FakePeer.join(net, node);
    other.send('getaddr', {});
    await peer.waitFor('getaddr');
    const hosts = ['8.8.8.8', '10.0.0.1', '127.0.0.1'];
    peer.send('addr', { addresses: Array.from({ length: 999 }, (_, i) => address(net, hosts[i % 3]!, 9_000 + i)) });
    peer.send('addr', { addresses: hosts.map((host, i) => address(net, host, 4_000 + i)) });
    await net.advance(1_000);
    expect(new Set(known(node).map((text) => text.split(':')[0]))).toEqual(new Set(['10.0.0.1', '127.0.0.1']));
    expect(announcedTo(other).map((endpoint) => endpoint?.host)).not.toContain('8.8.8.8');
  });

  it.each([
    ['internet hosts are relayed to two other peers', '203.0.113', '198.51.100.1', 2],
    ['local hosts are relayed to all other peers', '127.0.0', '127.0.0.1', 4],
  ])('of %s while recent, and not back to the sender', async (_, hosts, host, relayCount) => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 0 });
    const peers = [];
    for (let i = 0; i < 5; i++) {
      const peer = await FakePeer.join(net, node, { host: `${hosts}.${i + 1}` });
      // Address relay to an inbound peer starts with its first address message.
      peer.send('getaddr', {});
      peers.push(peer);
    }
    await net.advance(500);
    const [source, ...others] = peers as [FakePeer, ...FakePeer[]];
    const relayedTo = () => others.filter((peer) => announcedTo(peer).some((endpoint) => endpoint?.port === 4321));
    source.send('addr', { addresses: [address(net, host, 4321)] });
    await net.advance(1000);
    expect(relayedTo()).toHaveLength(relayCount);
    expect(announcedTo(source).some((endpoint) => endpoint?.port === 4321)).toBe(false);
    await net.advance(20_000, 1000);
    source.send('addr', { addresses: [address(net, host, 4322, { time: net.clock.now() / 1000 - 700 })] });
    await net.advance(1000);
    expect(others.some((peer) => announcedTo(peer).some((endpoint) => endpoint?.port === 4322))).toBe(false);
    expect(known(node)).toContain(`${host}:4322`);
  });

  it('are accepted only if the peer is not wider in reach than the address, and the address is usable', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 0 });
    const internetPeer = await FakePeer.join(net, node, { host: '203.0.113.7' });
    const announce = async (peer: FakePeer, announced: PeerAddress) => {
      await net.advance(11_000, 1000);
      peer.send('addr', { addresses: [announced] });
      await net.advance(50);
    };
    await announce(internetPeer, address(net, '127.0.0.1', 22));
    await announce(internetPeer, address(net, '192.168.1.1', 80));
    await announce(internetPeer, address(net, '198.51.100.1', 8333));
    expect(known(node)).toEqual(['198.51.100.1:8333']);
    const localPeer = await FakePeer.join(net, node);
    await announce(localPeer, address(net, '127.0.0.1', 3003, { services: 0n }));
    await announce(localPeer, address(net, '127.0.0.1', 0));
    await announce(localPeer, address(net, '0.0.0.0', 3003));
    await announce(localPeer, address(net, '127.0.0.1', node.endpoint.port));
    await announce(localPeer, address(net, '127.0.0.1', 3003));
    expect(known(node)).toEqual(['198.51.100.1:8333', '127.0.0.1:3003']);
    // Addresses of this machine are not sent to the internet peer.
    for (let i = 2; i <= 9; i++) {
      const endpoint = { host: `198.51.${i}.1`, port: 8333 };
      node.connections.addresses.add({ endpoint, services: 9n, time: now(net) }, endpoint);
    }
    internetPeer.send('getaddr', {});
    await net.advance(500);
    // 23% of ten.
    expect(announcedTo(internetPeer)).toEqual([
      expect.objectContaining({ port: 8333 }),
      expect.objectContaining({ port: 8333 }),
    ]);
  });
});
