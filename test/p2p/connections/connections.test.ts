import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../src/p2p/transport/connection.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { mine, TestNetwork } from '../support/network.ts';

describe('an added node', () => {
  it('is dialed with exponential backoff up to 30 seconds', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const endpoint = { host: '127.0.0.1', port: 7000 };
    const dials: number[] = [];
    const start = net.clock.now();
    // Closes every connection.
    const listener = await net.network.transport().listen(endpoint, (connection) => {
      dials.push(net.clock.now() - start);
      connection.close();
    });
    node.connections.addNode(endpoint, false);
    await net.advance(120_000, 50);
    const gaps = dials.slice(1).map((at, i) => at - dials[i]!);
    expect(gaps[0]).toBeLessThanOrEqual(200);
    for (let i = 1; i < 8; i++) expect(gaps[i]! / gaps[i - 1]!).toBeGreaterThan(1.3);
    expect(gaps.at(-1)).toBeGreaterThanOrEqual(30_000);
    expect(gaps.at(-1)).toBeLessThan(31_000);
    await listener.close();
  });

  it('is not dialed once it is removed, although an attempt was due', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const endpoint = { host: '127.0.0.1', port: 7000 };
    let dials = 0;
    await net.network.transport().listen(endpoint, (connection) => {
      dials++;
      connection.close();
    });
    node.connections.addNode(endpoint, false);
    await net.until(() => dials === 3);
    await net.advance(50);
    node.connections.removeNode(endpoint);
    await net.advance(60_000, 50);
    expect(dials).toBe(3);
  });

  it('is reconnected soon after the connection was lost', async () => {
    const net = new TestNetwork();
    const seed = await net.start();
    const node = await net.start({ seeds: [seed] });
    await net.until(() => node.connections.peers().some((peer) => peer.isReady));
    await seed.connections.stop();
    await net.until(() => node.connections.peers().length === 0, 500);
    const connections: Connection[] = [];
    await net.network.transport().listen(seed.endpoint, (connection) => connections.push(connection));
    await net.until(() => connections.length > 0, 1000);
    expect(node.connections.addedNodes()).toEqual([seed.endpoint]);
  });

  it('is not dialed while connected, nor after it was removed', async () => {
    const net = new TestNetwork();
    const [a, b] = [await net.start({ maxOutbound: 0 }), await net.start({ maxOutbound: 0 })];
    expect(a.connections.addNode(b.endpoint)).toBe(true);
    expect(a.connections.addNode(b.endpoint)).toBe(false);
    await net.until(() => b.connections.peers().some((peer) => peer.isReady));
    // Each has the other as an added node: one connection suffices.
    b.connections.addNode(a.endpoint);
    await net.advance(2000);
    expect([a.connections.peers().length, b.connections.peers().length]).toEqual([1, 1]);
    expect(a.connections.removeNode(b.endpoint)).toBe(true);
    expect(a.connections.removeNode(b.endpoint)).toBe(false);
    b.connections.removeNode(a.endpoint);
    expect(a.connections.disconnect(b.endpoint)).toBe(true);
    expect(a.connections.disconnect(b.endpoint)).toBe(false);
    await net.advance(5000);
    expect(a.connections.peers()).toEqual([]);
  });

  it('that misbehaves stays connected, since the user chose it', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const fake = await FakePeer.manual(net, node);
    fake.sendPayload('headers', Uint8Array.of(0xfd, 0xd1, 0x07));
    await net.advance(500);
    expect(fake.closed).toBe(false);
  });
});

describe('automatic connections', () => {
  it('are opened up to maxOutbound', async () => {
    const net = new TestNetwork();
    const others = [];
    for (let i = 0; i < 5; i++) others.push(await net.start({ maxOutbound: 0 }));
    const node = await net.start({ maxOutbound: 3, maxBlockRelayOnly: 0 });
    for (const { endpoint } of others) node.connections.addresses.add({ endpoint, services: 1033n, time: 1 }, endpoint);
    await net.advance(3000);
    expect(node.connections.peers()).toHaveLength(3);
    expect(node.connections.peers().every((peer) => peer.type === 'outbound-full-relay')).toBe(true);
    const [lost] = node.connections.peers();
    lost!.disconnect('test');
    await net.advance(3000);
    expect(node.connections.peers()).toHaveLength(3);
  });

  it('are not reopened to a discouraged peer, but retried to one without the required services', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const dials: string[] = [];
    const listen = async (port: number, services: bigint, greet: (fake: FakePeer) => void) => {
      const endpoint = { host: '127.0.0.1', port };
      await net.network.transport().listen(endpoint, (connection) => {
        dials.push(`${port}`);
        const fake = new FakePeer(net, connection);
        void fake.shakeHands({ version: { services } }).then(
          () => greet(fake),
          () => {},
        );
      });
      node.connections.addresses.add({ endpoint, services: 1033n, time: 1 }, endpoint);
    };
    await listen(7001, 8n, () => {});
    await listen(7002, 1033n, (fake) => fake.sendPayload('headers', Uint8Array.of(0xfd, 0xd1, 0x07)));
    await net.advance(1500);
    expect([...new Set(node.disconnects)].toSorted()).toEqual([
      'misbehaving: oversized headers',
      'missing services: NETWORK',
    ]);
    await net.advance(60_000, 500);
    expect(dials.filter((port) => port === '7002')).toHaveLength(1);
    expect(dials.filter((port) => port === '7001').length).toBeGreaterThan(1);
  });
});

describe('inbound connections', () => {
  it('are limited', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxInbound: 2 });
    const [a, b] = [await FakePeer.join(net, node), await FakePeer.join(net, node)];
    const c = await FakePeer.dial(net, node);
    await net.until(() => c.closed, 100);
    a.connection.close();
    await net.until(() => node.connections.peers().length === 1);
    await FakePeer.join(net, node);
    expect(b.closed).toBe(false);
  });

  it('of discouraged hosts are refused the last slot; loopback peers are not discouraged by host', async () => {
    const net = new TestNetwork();
    const node = await net.start({ maxInbound: 2 });
    for (const host of ['203.0.113.7', '127.0.0.1']) {
      const bad = await FakePeer.join(net, node, { host });
      bad.sendPayload('headers', Uint8Array.of(0xfd, 0xd1, 0x07));
      await net.until(() => bad.closed);
    }
    const first = await FakePeer.join(net, node, { host: '203.0.113.7' });
    const again = await FakePeer.dial(net, node, '203.0.113.7');
    await net.until(() => again.closed, 100);
    const other = await FakePeer.join(net, node);
    expect([first.closed, other.closed]).toEqual([false, false]);
  });
});

describe('connect', () => {
  it('resolves to a peer after its handshake, or rejects with an error code', async () => {
    const net = new TestNetwork();
    const [a, b] = [await net.start(), await net.start()];
    const during = async <T>(promise: Promise<T>): Promise<T> => {
      const [result] = await Promise.all([promise, net.advance(500)]);
      return result;
    };
    const peer = await during(a.connections.connect(b.endpoint));
    expect(peer).toMatchObject({ isReady: true, type: 'manual' });
    await expect(during(a.connections.connect({ host: '127.0.0.1', port: 1 }))).rejects.toMatchObject({
      code: 'connect-failed',
    });
    a.connections.setNetworkActive(false);
    expect(a.connections.peers()).toEqual([]);
    await expect(during(a.connections.connect(b.endpoint))).rejects.toMatchObject({ code: 'network-inactive' });
    const refused = await FakePeer.dial(net, a);
    await net.until(() => refused.closed, 100);
    a.connections.setNetworkActive(true);
    await during(a.connections.connect(b.endpoint));
  });

  it('leaves no listeners behind, whether it succeeds or fails', async () => {
    const net = new TestNetwork();
    const [a, b] = [await net.start(), await net.start()];
    let active = 0;
    const { events } = a.connections;
    const on = events.on.bind(events);
    events.on = (...args) => {
      active++;
      const unsubscribe = on(...args);
      return () => {
        active--;
        unsubscribe();
      };
    };
    const settled = async (endpoint: typeof b.endpoint) => {
      const connecting = a.connections.connect(endpoint, false).catch(() => undefined);
      await net.advance(500);
      return connecting;
    };
    expect(await settled(b.endpoint)).toMatchObject({ isReady: true });
    // Ends before the handshake.
    const closing = { host: '127.0.0.1', port: 7000 };
    await net.network.transport().listen(closing, (connection) => {
      connection.onData(() => connection.close());
    });
    expect(await settled(closing)).toBeUndefined();
    expect(active).toBe(0);
  });
});

describe('stop', () => {
  it('closes every connection, waits for blocks being processed, and can be called twice', async () => {
    const net = new TestNetwork();
    const a = await net.start();
    await mine(net, a, 30);
    const b = await net.start({ seeds: [a] });
    await net.until(() => b.chain.tip.height > 0);
    await Promise.all([b.connections.stop(), b.connections.stop()]);
    expect(b.connections.peers()).toEqual([]);
    const { height } = b.chain.tip;
    await net.advance(500);
    expect(b.chain.tip.height).toBe(height);
    expect(a.connections.peers()).toEqual([]);
    // The port is released.
    await net.network.transport().listen(b.endpoint, () => {});
  });
});
