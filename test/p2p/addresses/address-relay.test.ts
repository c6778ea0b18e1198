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
const told = (peer: FakePeer) =>
  [...peer.received('addr'), ...peer.received('addrv2')].flatMap(({ addresses }) => addresses.map(toEndpoint));

describe('a network with one seed', () => {
  it('is learnt of by every node, and lives on when the seed has gone', async () => {
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

  it('has one connection between two nodes, not two', async () => {
    const net = new TestNetwork({ latencyMs: () => 5 });
    const seed = await net.start();
    const a = await net.start({ seeds: [seed] });
    await net.advance(30_000, 100);
    expect(known(seed)).toEqual([`127.0.0.1:${a.endpoint.port}`]);
    expect(seed.connections.peers()).toHaveLength(1);
    expect(a.connections.peers()).toHaveLength(1);
  });
});

it('two nodes that call each other at the same time keep one connection', async () => {
  const net = new TestNetwork({ latencyMs: () => 50 });
  const [a, b] = [await net.start(), await net.start()];
  const services = 1033n;
  a.connections.addresses.add({ endpoint: b.endpoint, services, time: now(net) }, b.endpoint);
  b.connections.addresses.add({ endpoint: a.endpoint, services, time: now(net) }, a.endpoint);
  await net.until(() => a.connections.peers().length === 2, 2000);
  await net.advance(60_000, 100);
  expect(a.connections.peers().map(({ inbound }) => inbound)).toEqual([false]);
  expect(b.connections.peers().map(({ inbound }) => inbound)).toEqual([true]);
  expect(b.disconnects).toEqual(['connected twice']);
});

describe('getaddr', () => {
  it('is answered once, to those who called, in the form they prefer', async () => {
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
    // One is the node itself.
    expect(
      told(old)
        .map((endpoint) => endpoint!.port)
        .toSorted(),
    ).toEqual([node.endpoint.port, ...Array.from({ length: 10 }, (_, i) => 5000 + i)]);
    const modern = await FakePeer.join(net, node, { addrV2: true });
    modern.send('getaddr', {});
    await net.advance(500);
    expect(modern.commands()).not.toContain('addr');
    expect(told(modern)).toHaveLength(11);
  });

  it('is sent by the one who calls, and its answer may be large', async () => {
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
  it('are taken at one per ten seconds, unless asked for', async () => {
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
    // However long one waits, no more than a thousand at once.
    await net.advance(10 * HOUR, 60_000);
    const many = Array.from({ length: 1000 }, (_, i) => address(net, '127.0.0.1', 20_000 + i));
    peer.send('addr', { addresses: many });
    peer.send('addr', { addresses: many });
    await net.advance(100);
    expect(info().addressesProcessed).toBe(1011);
  });

  it.each([
    ['strangers are passed on to two others', '203.0.113', '198.51.100.1', 2],
    ['neighbours are passed on to all others', '127.0.0', '127.0.0.1', 4],
  ])('of %s while they are news, and not back', async (_, hosts, host, told4321) => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 0 });
    const peers = [];
    for (let i = 0; i < 5; i++) {
      const peer = await FakePeer.join(net, node, { host: `${hosts}.${i + 1}` });
      // Who called has to show an interest.
      peer.send('getaddr', {});
      peers.push(peer);
    }
    await net.advance(500);
    const [source, ...others] = peers as [FakePeer, ...FakePeer[]];
    const heard = () => others.filter((peer) => told(peer).some((endpoint) => endpoint?.port === 4321));
    source.send('addr', { addresses: [address(net, host, 4321)] });
    await net.advance(1000);
    expect(heard()).toHaveLength(told4321);
    expect(told(source).some((endpoint) => endpoint?.port === 4321)).toBe(false);
    await net.advance(20_000, 1000);
    source.send('addr', { addresses: [address(net, host, 4322, { time: net.clock.now() / 1000 - 700 })] });
    await net.advance(1000);
    expect(others.some((peer) => told(peer).some((endpoint) => endpoint?.port === 4322))).toBe(false);
    expect(known(node)).toContain(`${host}:4322`);
  });

  it('are believed only where the peer is as near as the address, and of use', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 0 });
    const stranger = await FakePeer.join(net, node, { host: '203.0.113.7' });
    const tell = async (peer: FakePeer, entry: PeerAddress) => {
      await net.advance(11_000, 1000);
      peer.send('addr', { addresses: [entry] });
      await net.advance(50);
    };
    await tell(stranger, address(net, '127.0.0.1', 22));
    await tell(stranger, address(net, '192.168.1.1', 80));
    await tell(stranger, address(net, '198.51.100.1', 8333));
    expect(known(node)).toEqual(['198.51.100.1:8333']);
    const neighbour = await FakePeer.join(net, node);
    await tell(neighbour, address(net, '127.0.0.1', 3003, { services: 0n }));
    await tell(neighbour, address(net, '127.0.0.1', 0));
    await tell(neighbour, address(net, '0.0.0.0', 3003));
    await tell(neighbour, address(net, '127.0.0.1', node.endpoint.port));
    await tell(neighbour, address(net, '127.0.0.1', 3003));
    expect(known(node)).toEqual(['198.51.100.1:8333', '127.0.0.1:3003']);
    // And neither does the stranger hear of what is on this machine.
    for (let i = 2; i <= 9; i++) {
      const endpoint = { host: `198.51.${i}.1`, port: 8333 };
      node.connections.addresses.add({ endpoint, services: 9n, time: now(net) }, endpoint);
    }
    stranger.send('getaddr', {});
    await net.advance(500);
    // 23% of ten.
    expect(told(stranger)).toEqual([expect.objectContaining({ port: 8333 }), expect.objectContaining({ port: 8333 })]);
  });
});
