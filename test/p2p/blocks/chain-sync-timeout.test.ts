import { beforeEach, describe, expect, it } from 'vitest';
import type { BlockHeader } from '../../../src/primitives/header.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { mine, TestNetwork, type TestNode } from '../support/network.ts';

const MINUTE = 60_000;
const STEP = 1000;

describe('a peer whose chain stays behind ours', () => {
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

  /** A peer that has the first `height` blocks of the node's chain, once more are set. */
  async function peer(host: string, has: { height: number }, asked: string[] = []): Promise<FakePeer> {
    const endpoint = { host, port: 8333 };
    let fake: FakePeer | undefined;
    await net.network.transport().listen(endpoint, (connection) => {
      fake = new FakePeer(net, connection);
      fake.on('getheaders', () => {
        asked.push('getheaders');
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

  it('has twenty minutes, is asked once more, and goes two minutes later', async () => {
    await start(1, 0);
    const asked: string[] = [];
    const fake = await peer('20.1.1.1', { height: 9 }, asked);
    const before = asked.length;
    await net.advance(19.8 * MINUTE, STEP);
    expect(asked).toHaveLength(before);
    await net.advance(0.4 * MINUTE, STEP);
    expect(asked).toHaveLength(before + 1);
    await net.advance(1.6 * MINUTE, STEP);
    expect(fake.closed).toBe(false);
    await net.until(() => fake.closed, 0.4 * MINUTE, STEP);
    expect(node.disconnects).toEqual(['chain sync timeout']);
  });

  it('has as long again once it is where we were, and stays for good once it is where we are', async () => {
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

  it('stays if it is one of four that once had a good chain, or was chosen by a person; one for blocks only goes', async () => {
    await start(5, 1);
    const chosen = await FakePeer.manual(net, node);
    const fakes: FakePeer[] = [];
    for (let i = 0; i < 6; i++) fakes.push(await peer(`${20 + i}.1.1.1`, { height: 10 }));
    await net.advance(5 * STEP, STEP);
    await mine(net, node, 1);
    await net.advance(23 * MINUTE, STEP);
    // The fifth of its kind, and the one for blocks only.
    expect(fakes.map(({ closed }) => closed)).toEqual([false, false, false, false, true, true]);
    expect(chosen.closed).toBe(false);
  });
});
