import { describe, expect, it } from 'vitest';
import { AddressBook } from '../../../src/p2p/addresses/address-book.ts';
import { ServiceFlag } from '../../../src/p2p/wire/protocol.ts';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { peerOf, START_MS, TestNetwork, type TestNode } from '../support/network.ts';

/** Headers that are misbehaviour: more than a message may hold. */
const OVERSIZED = Uint8Array.of(0xfd, 0xd1, 0x07);

/** Listens as a node that the test answers for; returns its connections. */
async function listen(net: TestNetwork, port: number): Promise<FakePeer[]> {
  const fakes: FakePeer[] = [];
  await net.network.transport().listen({ host: '127.0.0.1', port }, (connection) => {
    fakes.push(new FakePeer(net, connection));
  });
  return fakes;
}

/** Records what a promise settles to. */
function outcomeOf(promise: Promise<unknown>): unknown[] {
  const results: unknown[] = [];
  promise.then(
    (value) => results.push(value),
    (error: unknown) => results.push((error as Error).message),
  );
  return results;
}

describe('a connection manager', () => {
  it('shows what it was given', async () => {
    const net = new TestNetwork();
    const { connections } = await net.start({ userAgent: '/Test:1.0/', blocksOnly: true });
    expect(connections.endpoint).toEqual({ host: '127.0.0.1', port: 3000 });
    expect(connections.userAgent).toBe('/Test:1.0/');
    expect(connections.services).toBe(
      ServiceFlag.NETWORK | ServiceFlag.WITNESS | ServiceFlag.NETWORK_LIMITED | ServiceFlag.P2P_V2,
    );
    expect([connections.relaysTransactions, connections.networkActive]).toEqual([false, true]);
    const other = await net.start();
    expect([other.connections.userAgent, other.connections.relaysTransactions]).toEqual([
      '/Satoshi:30.0.0(Pier:0.1.0)/',
      true,
    ]);
  });

  it('counts the bytes of all peers, also of closed ones, by direction', async () => {
    const net = new TestNetwork();
    const node = await net.start({ v2Transport: false });
    const totals = { sent: 0, received: 0 };
    node.connections.events.on('message', ({ bytes, direction }) => (totals[direction] += bytes));
    const peer = await FakePeer.join(net, node);
    peer.send('ping', { nonce: 7n });
    await peer.waitFor('pong');
    await net.advance(100);
    const { bytesSent, bytesReceived } = node.connections.info(node.connections.peers()[0]!);
    expect(node.connections.totalBytes).toEqual({ sent: bytesSent, received: bytesReceived });
    expect(node.connections.totalBytes).toEqual(totals);
    expect(bytesSent).not.toBe(bytesReceived);
    peer.connection.close();
    await net.until(() => node.connections.peers().length === 0);
    await FakePeer.join(net, node);
    expect(node.connections.totalBytes.received).toBeGreaterThan(bytesReceived);
  });

  it('disconnects one peer, or all at an endpoint, and says why', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    for (let i = 0; i < 3; i++) await FakePeer.join(net, node);
    const [first, second, third] = node.connections.peers();
    expect(node.connections.disconnect(second!)).toBe(true);
    expect(node.connections.peers()).toEqual([first, third]);
    expect(node.connections.disconnect(third!.remote)).toBe(true);
    expect(node.connections.disconnect({ host: '127.0.0.1', port: 9 })).toBe(false);
    expect(node.connections.peers()).toEqual([first]);
    expect(node.disconnects).toEqual(['disconnect requested', 'disconnect requested']);
  });

  it('says why it disconnects all peers, when networking is switched off and when it stops', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    await FakePeer.join(net, node);
    node.connections.setNetworkActive(false);
    expect([node.connections.networkActive, node.disconnects]).toEqual([false, ['network inactive']]);
    node.connections.setNetworkActive(true);
    await FakePeer.join(net, node);
    await node.connections.stop();
    expect(node.disconnects).toEqual(['network inactive', 'node shutdown']);
  });

  it('dials no added node once it is stopped, even if networking is switched off and on', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const fakes = await listen(net, 7000);
    node.connections.setNetworkActive(false);
    node.connections.addNode({ host: '127.0.0.1', port: 7000 });
    await node.connections.stop();
    node.connections.setNetworkActive(true);
    await net.advance(1_000);
    expect([fakes.length, node.connections.networkActive]).toEqual([0, false]);
  });
});

describe('connect', () => {
  it('waits for its own peer, whatever other peers do', async () => {
    const net = new TestNetwork();
    const node = await net.start({ v2Transport: false });
    const [fake] = [await listen(net, 7000)];
    const results = outcomeOf(node.connections.connect({ host: '127.0.0.1', port: 7000 }));
    await net.until(() => fake.length === 1);
    const other = await FakePeer.join(net, node);
    other.connection.close();
    await net.until(() => node.disconnects.length === 1);
    expect(results).toEqual([]);
    await fake[0]!.shakeHands();
    expect(results).toMatchObject([{ isReady: true, type: 'manual' }]);
  });

  it('fails with the reason of a disconnect, even of one that comes at once', async () => {
    const net = new TestNetwork();
    const node = await net.start({ v2Transport: false });
    await listen(net, 7000);
    const target = { host: '127.0.0.1', port: 7000 };
    const unsubscribe = node.connections.events.on('connected', ({ peer }) => peer.disconnect('test'));
    const results = outcomeOf(node.connections.connect(target));
    await net.advance(100);
    expect(results).toEqual(['127.0.0.1:7000 disconnected: connection closed']);
    unsubscribe();
    const later = outcomeOf(node.connections.connect(target));
    await net.until(() => node.connections.peers().length === 1);
    node.connections.disconnect(target);
    await net.advance(100);
    expect(later).toEqual(['127.0.0.1:7000 disconnected: disconnect requested']);
  });
});

describe('misbehaviour', () => {
  const endpoint = { host: '127.0.0.1', port: 7000 };
  async function misbehave(options: { sparesAddedNodes?: boolean }): Promise<{ node: TestNode; fake: FakePeer }> {
    const net = new TestNetwork();
    const node = await net.start(options);
    const fake = await FakePeer.manual(net, node);
    fake.sendPayload('headers', OVERSIZED);
    await net.advance(500);
    return { node, fake };
  }

  it.each([
    [true, false],
    [false, true],
  ])(
    'of an added node, if these are spared: %s, closes the connection for good: %s',
    async (sparesAddedNodes, closes) => {
      const { node, fake } = await misbehave({ sparesAddedNodes });
      expect(fake.closed).toBe(closes);
      expect(node.connections.addedNodes()).toEqual(closes ? [] : [endpoint]);
      expect(node.disconnects).toEqual(closes ? ['misbehaving: oversized headers'] : []);
    },
  );
});

describe('block-relay-only peers', () => {
  it('are dialed first after a restart, once', async () => {
    const net = new TestNetwork();
    const store = new MemoryStore();
    const other = await net.start({ maxOutbound: 0 });
    const node = await net.start({ store, maxOutbound: 0, maxBlockRelayOnly: 1, port: 4000 });
    const address = { endpoint: other.endpoint, services: 1033n, time: net.clock.now() / 1000 };
    node.connections.addresses.add(address, other.endpoint);
    await net.until(() => node.connections.peers()[0]?.isReady === true);
    expect(peerOf(node, other).type).toBe('block-relay-only');
    await node.connections.stop();
    // Without the address, only the anchor leads there.
    node.connections.addresses.remove(other.endpoint);
    const types = async (port: number) => {
      const again = await net.start({ store, maxOutbound: 0, maxBlockRelayOnly: 1, port });
      again.connections.addresses.remove(other.endpoint);
      await net.advance(3_000);
      const found = again.connections.peers().map(({ type }) => type);
      // It leaves no anchor.
      for (const peer of again.connections.peers()) again.connections.disconnect(peer);
      again.connections.setNetworkActive(false);
      await again.connections.stop();
      return found;
    };
    expect(await types(4001)).toEqual(['block-relay-only']);
    expect(await types(4002)).toEqual([]);
  });
});

describe('the address book of a node', () => {
  const hosts = (store: MemoryStore, net: TestNetwork) => {
    const book = new AddressBook({ clock: net.clock, random: new SeededRandom(9), store });
    book.load();
    return [...book.addresses.entries()].map(({ endpoint }) => endpoint.host).toSorted();
  };
  const learn = (node: TestNode, host: string) => {
    const endpoint = { host, port: 8333 };
    node.connections.addresses.add({ endpoint, services: 9n, time: START_MS / 1000 }, endpoint);
  };

  it('is written every five seconds, and at the end', async () => {
    const net = new TestNetwork();
    const store = new MemoryStore();
    const node = await net.start({ store, maxOutbound: 0 });
    for (const [i, host] of ['20.0.0.1', '20.0.0.2', '20.0.0.3'].entries()) {
      await net.advance(2_000, 500);
      learn(node, host);
      await net.advance(6_000, 500);
      expect(hosts(store, net)).toHaveLength(i + 1);
    }
    learn(node, '20.0.0.4');
    await node.connections.stop();
    expect(hosts(store, net)).toEqual(['20.0.0.1', '20.0.0.2', '20.0.0.3', '20.0.0.4']);
  });
});

describe('connections of one type', () => {
  it('do not take the slots of inbound ones', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxInbound: 1 });
    await FakePeer.manual(net, node);
    const inbound = await FakePeer.join(net, node);
    await net.advance(100);
    expect([inbound.closed, node.connections.peers().length]).toEqual([false, 2]);
  });

  it('opened by the user need no services', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const fakes = await listen(net, 7000);
    node.connections.addNode({ host: '127.0.0.1', port: 7000 });
    await net.until(() => fakes.length === 1);
    await fakes[0]!.shakeHands({ version: { services: 0n } });
    expect([fakes[0]!.closed, node.connections.peers()[0]!.isReady]).toEqual([false, true]);
  });

  // As in Core: full-relay and manual ones relay transactions.
  it('have their relay flag in our version', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 1, maxBlockRelayOnly: 1 });
    const fakes = new Map<string, FakePeer>();
    const types = new Map<string, boolean>();
    node.connections.events.on('connected', ({ peer }) => {
      const { type, remote } = peer;
      net.clock.after(100, () => types.set(type, fakes.get(remote.host)!.received('version')[0]!.relay));
    });
    for (let i = 0; i < 12; i++) {
      const endpoint = { host: `${20 + i}.0.0.1`, port: 8333 };
      await net.network.transport().listen(endpoint, (connection) => {
        const fake = new FakePeer(net, connection);
        fakes.set(endpoint.host, fake);
        net.clock.after(150, () => void fake.shakeHands().catch(() => {}));
      });
      node.connections.addresses.add({ endpoint, services: 9n, time: START_MS / 1000 }, endpoint);
      await net.advance(300);
    }
    await net.until(() => types.has('feeler'), 20 * 60_000, 100);
    expect(Object.fromEntries(types)).toEqual({
      'outbound-full-relay': true,
      'block-relay-only': false,
      feeler: false,
    });
  });
});

it('an endpoint that turns out to be this node is not dialed again', async () => {
  const net = new TestNetwork();
  const node = await net.start({ v2Transport: false });
  let dials = 0;
  const alias = { host: '127.0.0.1', port: 7000 };
  await net.network.transport().listen(alias, (near) => {
    dials++;
    void net.network
      .transport()
      .connect(node.endpoint)
      .then((far) => {
        near.onData((bytes) => far.send(bytes));
        far.onData((bytes) => near.send(bytes));
        near.onClose(() => far.close());
        far.onClose(() => near.close());
      });
  });
  const { addresses } = node.connections;
  addresses.add({ endpoint: alias, services: 1n, time: START_MS / 1000 }, alias);
  node.connections.addNode(alias);
  await net.until(() => node.disconnects.length > 0);
  expect(node.disconnects).toContain('connection to self');
  expect(addresses.get(alias)).toBeUndefined();
  await net.advance(60_000, 100);
  expect(dials).toBe(1);
});
