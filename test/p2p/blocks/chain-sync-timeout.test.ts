import { beforeEach, describe, expect, it } from 'vitest';
import type { BlockHeader } from '../../../src/primitives/header.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { mine, TestNetwork, type TestNode } from '../support/network.ts';

const MINUTE = 60_000;
const STEP = 1000;

describe('an outbound peer with less work than our tip', () => {
  let net: TestNetwork;
  let node: TestNode;
  let headers: BlockHeader[];

  beforeEach(() => {
    net = new TestNetwork();
  });

  async function start(maxOutbound: number, maxBlockRelayOnly: number): Promise<void> {
    node = await net.start({ maxOutbound, maxBlockRelayOnly });
    headers = (await mine(net, node, 10)).map(({ header }) => header);
  }

  /** Connects a peer with the node's first `has.height` blocks, which may be changed later. */
  async function peer(host: string, has: { height: number }, requests: string[] = []): Promise<FakePeer> {
    const endpoint = { host, port: 8333 };
    let fake: FakePeer | undefined;
    await net.network.transport().listen(endpoint, (connection) => {
      fake = new FakePeer(net, connection);
      fake.on('getheaders', () => {
        requests.push('getheaders');
        fake!.send('headers', { headers: headers.slice(0, has.height) });
      });
      void fake.shakeHands().catch(() => {});
    });
    node.connections.addresses.add({ endpoint, services: 1033n, time: net.clock.now() / 1000 }, endpoint);
    await net.until(
      () => node.connections.peers().some(({ remote, isReady }) => isReady && remote.host === host),
      30_000,
      50,
    );
    return fake!;
  }

  it('is sent getheaders after 20 minutes, and disconnected two minutes later', async () => {
    await start(1, 0);
    const requests: string[] = [];
    const fake = await peer('20.1.1.1', { height: 9 }, requests);
    const before = requests.length;
    await net.advance(19.8 * MINUTE, STEP);
    expect(requests).toHaveLength(before);
    await net.advance(0.4 * MINUTE, STEP);
    expect(requests).toHaveLength(before + 1);
    await net.advance(1.6 * MINUTE, STEP);
    expect(fake.closed).toBe(false);
    await net.until(() => fake.closed, 0.4 * MINUTE, STEP);
    expect(node.disconnects).toEqual(['chain sync timeout']);
  });

  it('gets a new timeout once it reaches our old tip, and is protected once it reaches our tip', async () => {
    await start(1, 0);
    const has = { height: 9 };
    const fake = await peer('20.1.1.1', has);
    await net.advance(MINUTE, STEP);
    headers.push(...(await mine(net, node, 1)).map(({ header }) => header));
    await net.advance(17 * MINUTE, STEP);
    has.height = 10;
    fake.send('headers', { headers: headers.slice(9, 10) });
    await net.advance(18 * MINUTE, STEP);
    expect(fake.closed).toBe(false);
    fake.send('headers', { headers: headers.slice(10, 11) });
    await net.advance(STEP, STEP);
    await mine(net, node, 1);
    await net.advance(60 * MINUTE, STEP);
    expect(fake.closed).toBe(false);
  });

  it('is disconnected unless it is one of four protected full-relay peers or a manual one', async () => {
    await start(5, 1);
    const manual = await FakePeer.manual(net, node);
    const fakes: FakePeer[] = [];
    for (let i = 0; i < 6; i++) fakes.push(await peer(`${20 + i}.1.1.1`, { height: 10 }));
    await net.advance(5 * STEP, STEP);
    await mine(net, node, 1);
    await net.advance(23 * MINUTE, STEP);
    // The fifth full-relay peer and the block-relay-only one.
    expect(fakes.map(({ closed }) => closed)).toEqual([false, false, false, false, true, true]);
    expect(manual.closed).toBe(false);
  });

  it('leaves its protection to another peer when it closes', async () => {
    await start(4, 0);
    for (let i = 0; i < 4; i++) {
      const host = `${20 + i}.1.1.1`;
      const fake = await peer(host, { height: 10 });
      await net.advance(5 * STEP, STEP);
      // So that it is not dialled again.
      node.connections.addresses.remove({ host, port: 8333 });
      fake.connection.close();
      await net.until(() => node.disconnects.length === i + 1, MINUTE, STEP);
    }
    const successor = await peer('30.1.1.1', { height: 10 });
    await net.advance(5 * STEP, STEP);
    await mine(net, node, 1);
    await net.advance(23 * MINUTE, STEP);
    expect(successor.closed).toBe(false);
  });
});
