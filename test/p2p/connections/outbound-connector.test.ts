import { describe, expect, it } from 'vitest';
import { parseSubnet } from '../../../src/p2p/net/subnet.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { mine, TestNetwork, type TestNode } from '../support/network.ts';

const MINUTE = 60_000;

const types = (node: TestNode) =>
  node.connections
    .peers()
    .map(({ type }) => type)
    .toSorted();

/** Listens as a fake node, adds its address to `node`, and records in `dials` the connections it accepts. */
async function fakeNode(net: TestNetwork, node: TestNode, host: string, port: number, dials: string[] = []) {
  const endpoint = { host, port };
  await net.network.transport().listen(endpoint, (connection) => {
    dials.push(host);
    const fake = new FakePeer(net, connection);
    void fake.shakeHands().catch(() => {});
  });
  node.connections.addresses.add({ endpoint, services: 1033n, time: net.clock.now() / 1000 }, endpoint);
  return dials;
}

describe('automatic connections', () => {
  it('are eight full-relay and two block-relay-only ones, each to another netgroup', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const dials: string[] = [];
    for (let i = 0; i < 12; i++) {
      await fakeNode(net, node, `${20 + i}.1.1.1`, 8333, dials);
      await fakeNode(net, node, `${20 + i}.1.2.1`, 8333, dials);
    }
    await net.advance(20_000, 50);
    expect(types(node)).toEqual([
      ...new Array<string>(2).fill('block-relay-only'),
      ...new Array<string>(8).fill('outbound-full-relay'),
    ]);
    expect(new Set(node.connections.peers().map(({ remote }) => remote.host.split('.')[0])).size).toBe(10);
  });

  it('that are block-relay-only carry neither addresses nor transactions', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 1, maxBlockRelayOnly: 1 });
    await mine(net, node, 1);
    const fakes: FakePeer[] = [];
    for (const port of [7001, 7002]) {
      const endpoint = { host: '127.0.0.1', port };
      await net.network.transport().listen(endpoint, (connection) => fakes.push(new FakePeer(net, connection)));
      node.connections.addresses.add({ endpoint, services: 1033n, time: net.clock.now() / 1000 }, endpoint);
    }
    await net.until(() => fakes.length === 2);
    for (const fake of fakes) await fake.shakeHands();
    await net.advance(2000, 50);
    const blockRelayOnly = fakes.find((fake) => fake.received('version')[0]?.relay === false)!;
    const fullRelay = fakes.find((fake) => fake !== blockRelayOnly)!;
    expect(fullRelay.commands()).toEqual(expect.arrayContaining(['getaddr', 'feefilter', 'getheaders']));
    expect(blockRelayOnly.commands()).toContain('getheaders');
    for (const command of ['getaddr', 'addr', 'addrv2', 'feefilter']) {
      expect(blockRelayOnly.commands()).not.toContain(command);
    }
    const info = node.connections.peers().map((peer) => node.connections.info(peer));
    expect(info.find(({ connectionType }) => connectionType === 'block-relay-only')).toMatchObject({
      addressRelay: false,
    });
    blockRelayOnly.send('inv', { entries: [{ type: 1, hash: new Uint8Array(32) }] });
    await net.until(() => blockRelayOnly.closed, 1000);
    expect(fullRelay.closed).toBe(false);
  });

  it('include a feeler to an address of the new table about every two minutes', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 1, maxBlockRelayOnly: 0 });
    for (let i = 0; i < 10; i++) await fakeNode(net, node, `${20 + i}.1.1.1`, 8333);
    await net.advance(30 * MINUTE, 500);
    const feelers = node.disconnects.filter((reason) => reason.startsWith('feeler'));
    expect(feelers.length).toBeGreaterThanOrEqual(5);
    expect(feelers.length).toBeLessThanOrEqual(9);
    expect(types(node)).toEqual(['outbound-full-relay']);
    expect(node.connections.addresses.triedCount).toBe(feelers.length + 1);
  });

  it('include an extra outbound peer while the tip is stale', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 2, maxBlockRelayOnly: 0 });
    const others: TestNode[] = [];
    for (let i = 0; i < 4; i++) others.push(await net.start({ maxOutbound: 0 }));
    for (const { endpoint } of others) {
      node.connections.addresses.add({ endpoint, services: 1033n, time: net.clock.now() / 1000 }, endpoint);
    }
    await net.until(() => node.connections.peers().length === 2);
    const full = () => node.connections.peers().filter(({ type }) => type === 'outbound-full-relay').length;
    // The peer with the latest block announcement stays connected.
    const [announcing] = node.connections.peers();
    const announcer = others.find(({ endpoint }) => endpoint.port === announcing!.target!.port)!;
    await mine(net, announcer, 1);
    await net.until(() => node.chain.tip.height === 1);
    await net.until(() => full() === 3, 41 * MINUTE, 1000);
    await net.until(() => full() === 2, 2 * MINUTE, 1000);
    expect(node.connections.peers()).toContain(announcing);
    expect(node.disconnects).toContain('extra outbound peer');
  });

  it('are neither opened to nor accepted from a banned subnet, and open ones are closed', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const dials = await fakeNode(net, node, '20.1.1.1', 8333);
    const inbound = await FakePeer.join(net, node, { host: '20.1.7.7' });
    await net.until(() => node.connections.peers().length === 2);
    node.connections.ban(parseSubnet('20.1.0.0/16')!, Math.ceil(net.clock.now() / 1000) + 600);
    expect(node.connections.peers()).toEqual([]);
    await net.until(() => inbound.closed, 100);
    const again = await FakePeer.dial(net, node, '20.1.7.8');
    await net.until(() => again.closed, 100);
    await net.advance(60_000, 200);
    expect(dials).toHaveLength(1);
    expect(node.connections.bans.remove(parseSubnet('20.1.0.0/16')!)).toBe(true);
    await net.until(() => dials.length === 2, 60_000, 100);
  });
});

describe('inbound peers', () => {
  it('are evicted for a new one when all slots are taken, unless protected', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 0, maxInbound: 40 });
    const peers: FakePeer[] = [];
    for (let i = 0; i < 40; i++) peers.push(await FakePeer.join(net, node, { host: `20.1.${i}.1` }));
    await net.advance(1000);
    const added = await FakePeer.join(net, node, { host: '21.1.1.1' });
    expect(added.closed).toBe(false);
    const evicted = peers.filter(({ closed }) => closed);
    expect(evicted).toHaveLength(1);
    // The longest connected peers are protected.
    expect(peers.indexOf(evicted[0]!)).toBeGreaterThan(10);
    expect(node.disconnects).toEqual(['evicted']);
  });
});

describe('getaddr of an internet peer', () => {
  it('gets the same cached answer for about a day, and then another one', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 0 });
    for (let i = 0; i < 100; i++) {
      const endpoint = { host: `${20 + i}.1.1.1`, port: 8333 };
      node.connections.addresses.add({ endpoint, services: 9n, time: net.clock.now() / 1000 }, endpoint);
    }
    const getAddr = async (host: string) => {
      const peer = await FakePeer.join(net, node, { host });
      peer.send('getaddr', {});
      await net.advance(300);
      const hosts = peer.received('addr').flatMap(({ addresses }) => addresses.map(({ address }) => address.join('.')));
      peer.connection.close();
      return hosts;
    };
    const first = await getAddr('203.0.113.7');
    expect(first).toHaveLength(23);
    expect(await getAddr('198.51.100.9')).toEqual(first);
    await net.advance(28 * 60 * MINUTE, 30 * MINUTE);
    const later = await getAddr('198.51.100.9');
    expect(later).toHaveLength(23);
    expect(later).not.toEqual(first);
  });
});
