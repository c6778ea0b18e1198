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

/** Tells a node of an address, and counts the calls it makes there. */
async function fakeNode(net: TestNetwork, node: TestNode, host: string, port: number, calls: string[] = []) {
  const endpoint = { host, port };
  await net.network.transport().listen(endpoint, (connection) => {
    calls.push(host);
    const fake = new FakePeer(net, connection);
    void fake.shakeHands().catch(() => {});
  });
  node.connections.addresses.add({ endpoint, services: 1033n, time: net.clock.now() / 1000 }, endpoint);
  return calls;
}

describe('connections that a node makes by itself', () => {
  it('are eight for everything and two for blocks, each to another network', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const calls: string[] = [];
    for (let i = 0; i < 12; i++) {
      await fakeNode(net, node, `${20 + i}.1.1.1`, 8333, calls);
      await fakeNode(net, node, `${20 + i}.1.2.1`, 8333, calls);
    }
    await net.advance(20_000, 50);
    expect(types(node)).toEqual([
      ...new Array<string>(2).fill('block-relay-only'),
      ...new Array<string>(8).fill('outbound-full-relay'),
    ]);
    expect(new Set(node.connections.peers().map(({ remote }) => remote.host.split('.')[0])).size).toBe(10);
  });

  it('for blocks only carry neither addresses nor transactions', async () => {
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
    const quiet = fakes.find((fake) => fake.received('version')[0]?.relay === false)!;
    const other = fakes.find((fake) => fake !== quiet)!;
    expect(other.commands()).toEqual(expect.arrayContaining(['getaddr', 'feefilter', 'getheaders']));
    expect(quiet.commands()).toContain('getheaders');
    for (const command of ['getaddr', 'addr', 'addrv2', 'feefilter']) expect(quiet.commands()).not.toContain(command);
    const info = node.connections.peers().map((peer) => node.connections.info(peer));
    expect(info.find(({ connectionType }) => connectionType === 'block-relay-only')).toMatchObject({
      addressRelay: false,
    });
    quiet.send('inv', { entries: [{ type: 1, hash: new Uint8Array(32) }] });
    await net.until(() => quiet.closed, 1000);
    expect(other.closed).toBe(false);
  });

  it('look every two minutes or so whether somebody is at an address that is known by hearsay', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 1, maxBlockRelayOnly: 0 });
    for (let i = 0; i < 10; i++) await fakeNode(net, node, `${20 + i}.1.1.1`, 8333);
    await net.advance(30 * MINUTE, 500);
    const visits = node.disconnects.filter((reason) => reason.startsWith('feeler'));
    expect(visits.length).toBeGreaterThanOrEqual(5);
    expect(visits.length).toBeLessThanOrEqual(9);
    expect(types(node)).toEqual(['outbound-full-relay']);
    expect(node.connections.addresses.triedCount).toBe(visits.length + 1);
  });

  it('are one more when no block has come for half an hour, and one fewer again', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 2, maxBlockRelayOnly: 0 });
    const others: TestNode[] = [];
    for (let i = 0; i < 4; i++) others.push(await net.start({ maxOutbound: 0 }));
    for (const { endpoint } of others) {
      node.connections.addresses.add({ endpoint, services: 1033n, time: net.clock.now() / 1000 }, endpoint);
    }
    await net.until(() => node.connections.peers().length === 2);
    const full = () => node.connections.peers().filter(({ type }) => type === 'outbound-full-relay').length;
    // Whoever announces something stays.
    const [keeper] = node.connections.peers();
    const announcer = others.find(({ endpoint }) => endpoint.port === keeper!.target!.port)!;
    await mine(net, announcer, 1);
    await net.until(() => node.chain.tip.height === 1);
    await net.until(() => full() === 3, 41 * MINUTE, 1000);
    await net.until(() => full() === 2, 2 * MINUTE, 1000);
    expect(node.connections.peers()).toContain(keeper);
    expect(node.disconnects).toContain('one peer more than needed');
  });

  it('are not made to those who are banned; connections with these end, and no new ones come', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const calls = await fakeNode(net, node, '20.1.1.1', 8333);
    const guest = await FakePeer.join(net, node, { host: '20.1.7.7' });
    await net.until(() => node.connections.peers().length === 2);
    node.connections.ban(parseSubnet('20.1.0.0/16')!, Math.ceil(net.clock.now() / 1000) + 600);
    expect(node.connections.peers()).toEqual([]);
    await net.until(() => guest.closed, 100);
    const again = await FakePeer.dial(net, node, '20.1.7.8');
    await net.until(() => again.closed, 100);
    await net.advance(60_000, 200);
    expect(calls).toHaveLength(1);
    expect(node.connections.bans.remove(parseSubnet('20.1.0.0/16')!)).toBe(true);
    await net.until(() => calls.length === 2, 60_000, 100);
  });
});

describe('inbound peers', () => {
  it('make room for others when there are many, unless they are good for something', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 0, maxInbound: 40 });
    const peers: FakePeer[] = [];
    for (let i = 0; i < 40; i++) peers.push(await FakePeer.join(net, node, { host: `20.1.${i}.1` }));
    await net.advance(1000);
    const newcomer = await FakePeer.join(net, node, { host: '21.1.1.1' });
    expect(newcomer.closed).toBe(false);
    const gone = peers.filter(({ closed }) => closed);
    expect(gone).toHaveLength(1);
    // Those who have been here longest are not the ones to go.
    expect(peers.indexOf(gone[0]!)).toBeGreaterThan(10);
    expect(node.disconnects).toEqual(['evicted']);
  });
});

describe('a stranger that asks for addresses', () => {
  it('is told what others are told for a day, and then something else', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 0 });
    for (let i = 0; i < 100; i++) {
      const endpoint = { host: `${20 + i}.1.1.1`, port: 8333 };
      node.connections.addresses.add({ endpoint, services: 9n, time: net.clock.now() / 1000 }, endpoint);
    }
    const ask = async (host: string) => {
      const peer = await FakePeer.join(net, node, { host });
      peer.send('getaddr', {});
      await net.advance(300);
      const told = peer.received('addr').flatMap(({ addresses }) => addresses.map(({ address }) => address.join('.')));
      peer.connection.close();
      return told;
    };
    const first = await ask('203.0.113.7');
    expect(first).toHaveLength(23);
    expect(await ask('198.51.100.9')).toEqual(first);
    await net.advance(28 * 60 * MINUTE, 30 * MINUTE);
    const later = await ask('198.51.100.9');
    expect(later).toHaveLength(23);
    expect(later).not.toEqual(first);
  });
});
