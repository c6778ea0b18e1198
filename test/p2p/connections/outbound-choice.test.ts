import { describe, expect, it } from 'vitest';
import type { ConnectionType } from '../../../src/p2p/peer/peer.ts';
import { flush } from '../support/network.ts';
import { OutboundScene } from '../support/outbound-scene.ts';

const at = (host: string) => ({ host, port: 8333 });
const MINUTE = 60;

describe('an automatic connection', () => {
  it.each<[string, (scene: OutboundScene) => void, boolean]>([
    ['an address with blocks and witnesses', () => {}, true],
    ['one that is connected inbound', (scene) => scene.connect('inbound', at('20.0.0.1')), false],
    [
      'one whose host is connected inbound from another node',
      (scene) => scene.connect('inbound', at('20.0.0.2')),
      true,
    ],
    ['one in the netgroup of an outbound peer', (scene) => scene.connect('manual', at('20.0.9.9')), false],
    [
      'one in the netgroup of a block-relay-only peer',
      (scene) => scene.connect('block-relay-only', at('20.0.9.9')),
      false,
    ],
    ['one in another netgroup', (scene) => scene.connect('manual', at('20.1.9.9')), true],
    ['one that is added', (scene) => scene.connector.addNode(at('20.0.0.1')), false],
    [
      'one that is banned',
      ({ book }) => book.bans.add({ network: Uint8Array.of(20, 0, 0, 0), prefixLength: 16 }, 2e9),
      false,
    ],
    ['one that is discouraged', ({ book }) => book.discouraged.add({ host: '20.0.0.1', port: 1 }, undefined), false],
    ['where this node listens', ({ book }) => (book.listening = at('20.0.0.1')), false],
    ['one that was dialed just now', ({ book }) => book.addresses.attempted(at('20.0.0.1')), false],
  ])('is or is not opened to %s', async (_, prepare, isDialed) => {
    const scene = new OutboundScene({ maxOutbound: 1 });
    scene.know('20.0.0.1');
    prepare(scene);
    await scene.start();
    const dials = scene.dials.filter((dial) => !dial.startsWith('manual'));
    expect(dials).toEqual(isDialed ? ['outbound-full-relay v1 20.0.0.1:8333'] : []);
  });

  it.each([
    [1n, false],
    [8n, false],
    [1024n, false],
    [9n, true],
    [1024n | 8n, true],
  ])('is opened to an address with the services %d: %s', async (services, isDialed) => {
    const scene = new OutboundScene({ maxOutbound: 1 });
    scene.know('20.0.0.1', services);
    await scene.start();
    expect(scene.dials).toHaveLength(isDialed ? 1 : 0);
  });

  it('is full-relay up to the limit, then block-relay-only, each to another netgroup', async () => {
    const scene = new OutboundScene({ maxOutbound: 2, maxBlockRelayOnly: 1 });
    for (let i = 20; i < 30; i++) scene.know(`${i}.0.0.1`);
    await scene.start();
    const types = () => scene.peers.map(({ type }) => type);
    expect(types()).toEqual(['outbound-full-relay', 'outbound-full-relay', 'block-relay-only']);
    // A replacement has the type of the closed one.
    scene.close(scene.peers[2]!);
    await flush();
    expect(types()).toEqual(['outbound-full-relay', 'outbound-full-relay', 'block-relay-only']);
    scene.connect('manual', at('99.0.0.1'));
    scene.connector.fill();
    await flush();
    expect(scene.peers).toHaveLength(4);
  });

  it.each([
    [true, 9n | 2048n, 'v2'],
    [true, 9n, 'v1'],
    [false, 9n | 2048n, 'v1'],
  ])('prefers v2 (%s) to an address with the services %d: %s', async (v2, services, version) => {
    const scene = new OutboundScene({ maxOutbound: 1, v2 });
    scene.know('20.0.0.1', services);
    await scene.start();
    expect(scene.dials).toEqual([`outbound-full-relay ${version} 20.0.0.1:8333`]);
  });

  it('is not opened before the start, nor after the stop', async () => {
    const scene = new OutboundScene({ maxOutbound: 3 });
    scene.know('20.0.0.1');
    scene.connector.fill();
    await flush();
    expect(scene.dials).toEqual([]);
    await scene.start();
    scene.connector.stop();
    scene.know('21.0.0.1');
    scene.connector.fill();
    await scene.pass(60 * MINUTE);
    expect(scene.dials).toHaveLength(1);
    await scene.start();
    expect(scene.dials).toHaveLength(2);
  });

  it('is searched for every five seconds while no address is suitable', async () => {
    const scene = new OutboundScene({ maxOutbound: 1 });
    scene.know('20.0.0.1', 1n);
    await scene.start();
    scene.know('20.0.0.1', 8n);
    await scene.pass(4);
    expect(scene.dials).toEqual([]);
    await scene.pass(1);
    expect(scene.dials).toHaveLength(1);
  });

  // Core's fCountFailure: with too few outbound peers, our own network may be down.
  it.each([
    [8, 1, 0],
    [8, 2, 1],
    [1, 0, 0],
    [1, 1, 1],
  ])('that fails, of %d, with %d others, counts %d', async (maxOutbound, others, attempts) => {
    const scene = new OutboundScene({ maxOutbound });
    const endpoint = scene.know('20.0.0.1');
    for (let i = 0; i < others; i++) scene.connect('manual', at(`${30 + i}.0.0.1`));
    scene.connect('inbound', at('40.0.0.1'));
    scene.isRefusing = true;
    await scene.start();
    expect(scene.book.addresses.get(endpoint)).toMatchObject({ attempts, dials: 1 });
  });
});

describe('a manual connection', () => {
  it.each([
    [true, undefined, 'v2'],
    [false, undefined, 'v1'],
    [true, false, 'v1'],
    [false, true, 'v2'],
  ])('of a node that prefers v2 (%s) is asked for v2 (%s): %s', async (v2, asked, version) => {
    const scene = new OutboundScene({ v2 });
    await scene.start();
    await scene.connector.connect(at('20.0.0.1'), asked);
    scene.connector.addNode(at('20.0.0.2'), asked);
    await flush();
    expect(scene.dials).toEqual([`manual ${version} 20.0.0.1:8333`, `manual ${version} 20.0.0.2:8333`]);
  });
});

describe('anchors', () => {
  const anchors = [at('20.0.0.1'), at('21.0.0.1'), at('22.0.0.1')];

  it('are dialed once, as many as there may be block-relay-only peers, unless refused or own', async () => {
    const scene = new OutboundScene({ maxBlockRelayOnly: 2, anchors });
    await scene.start();
    expect(scene.dials).toEqual(['block-relay-only v1 20.0.0.1:8333', 'block-relay-only v1 21.0.0.1:8333']);
    scene.connector.stop();
    await scene.start();
    expect(scene.dials).toHaveLength(2);
    const refusing = new OutboundScene({ maxBlockRelayOnly: 2, anchors });
    refusing.book.listening = anchors[0];
    refusing.book.discouraged.add(anchors[1]!, undefined);
    await refusing.start();
    expect(refusing.dials).toEqual([]);
  });

  it('are the block-relay-only peers whose handshake is complete', async () => {
    const scene = new OutboundScene();
    for (const [i, type] of (
      ['inbound', 'manual', 'block-relay-only', 'outbound-full-relay', 'feeler'] as const
    ).entries())
      scene.connect(type, at(`${20 + i}.0.0.1`));
    scene.connect('block-relay-only', at('30.0.0.1')).isReady = false;
    expect(scene.connector.currentAnchors()).toEqual([at('22.0.0.1')]);
  });
});

describe('a feeler', () => {
  const feelers = (scene: OutboundScene) => scene.dials.filter((dial) => dial.startsWith('feeler'));

  it('is opened about every two minutes, also into the netgroup of a peer', async () => {
    const scene = new OutboundScene({ maxOutbound: 1 });
    scene.connect('outbound-full-relay', at('20.0.0.1'));
    scene.know('20.0.0.2');
    await scene.start();
    for (let i = 0; i < 200; i++) {
      await scene.pass(MINUTE);
      for (const peer of scene.peers.filter(({ type }) => type === 'feeler')) scene.close(peer);
    }
    // Each attempt without a handshake counts, until the address is terrible.
    expect(feelers(scene).length).toBeGreaterThan(10);
    expect(feelers(scene).length).toBeLessThan(130);
  });

  it.each([
    ['without automatic connections', 0, true],
    ['while networking is off', 1, false],
  ])('is not opened %s', async (_, maxOutbound, isActive) => {
    const scene = new OutboundScene({ maxOutbound });
    if (maxOutbound > 0) scene.connect('outbound-full-relay', at('30.0.0.1'));
    scene.know('20.0.0.2');
    if (isActive) await scene.start();
    await scene.pass(30 * MINUTE);
    expect(scene.dials).toEqual([]);
  });

  it('tests a tried address whose slot another one needs', async () => {
    const scene = new OutboundScene({ maxOutbound: 1 });
    scene.connect('outbound-full-relay', at('30.0.0.1'));
    const { addresses } = scene.book;
    let colliding = at('20.0.0.0');
    for (let i = 0; !addresses.selectTriedCollision(); i++) {
      colliding = scene.know(`20.0.${i >> 8}.${i & 255}`);
      addresses.good(colliding);
    }
    addresses.resolveCollisions();
    scene.clock.advance(5 * 3_600_000);
    addresses.good(colliding);
    const tested = addresses.selectTriedCollision()!.endpoint;
    await scene.start();
    for (let i = 0; i < 39 && feelers(scene).length === 0; i++) await scene.pass(MINUTE);
    expect(feelers(scene)).toEqual([`feeler v1 ${tested.host}:8333`]);
  });
});

it('a tried address is replaced by another one when its test is overdue', async () => {
  const scene = new OutboundScene({ maxOutbound: 1 });
  const { addresses } = scene.book;
  let colliding = at('20.0.0.0');
  for (let i = 0; !addresses.selectTriedCollision(); i++) {
    colliding = scene.know(`20.0.${i >> 8}.${i & 255}`);
    addresses.good(colliding);
  }
  addresses.resolveCollisions();
  scene.clock.advance(5 * 3_600_000);
  addresses.good(colliding);
  scene.clock.advance(41 * MINUTE * 1_000);
  await scene.start();
  expect(addresses.get(colliding)!.tried).toBe(true);
});

it('an added node that was away for long is dialed soon after its next connection is lost', async () => {
  const scene = new OutboundScene();
  await scene.start();
  scene.isRefusing = true;
  scene.connector.addNode(at('20.0.0.1'));
  await scene.pass(100);
  scene.isRefusing = false;
  await scene.pass(31);
  const [peer] = scene.peers;
  scene.ready(peer!);
  scene.dials.length = 0;
  scene.close(peer!);
  scene.clock.advance(100);
  await flush();
  expect(scene.dials).toEqual(['manual v1 20.0.0.1:8333']);
});

describe('while the tip is stale', () => {
  const full = (scene: OutboundScene) => scene.peers.filter(({ type }) => type === 'outbound-full-relay');
  async function start(maxOutbound: number): Promise<OutboundScene> {
    const scene = new OutboundScene({ maxOutbound });
    for (let i = 20; i < 40; i++) scene.know(`${i}.0.0.1`);
    await scene.start();
    return scene;
  }

  it('one more full-relay peer is connected, after a check every ten minutes', async () => {
    const scene = await start(2);
    await scene.pass(9 * MINUTE);
    scene.isTipStale = true;
    await scene.pass(MINUTE - 1);
    expect(full(scene)).toHaveLength(2);
    for (const peer of full(scene)) peer.hasBlocksInFlight = true;
    await scene.pass(10 * MINUTE + 1);
    // A block may be on its way.
    expect(full(scene)).toHaveLength(2);
    for (const peer of full(scene)) peer.hasBlocksInFlight = false;
    await scene.pass(10 * MINUTE - 30);
    const dials = () => scene.dials.filter((dial) => dial.startsWith('outbound-full-relay'));
    expect(dials()).toHaveLength(2);
    await scene.pass(MINUTE);
    expect(dials()).toHaveLength(3);
  });

  it('no peer is added without automatic connections', async () => {
    const scene = await start(0);
    scene.isTipStale = true;
    await scene.pass(40 * MINUTE);
    expect(scene.dials).toEqual([]);
  });

  /** Opens three connections at one time, of which two are allowed; returns the closed one's number. */
  async function evicted(change: (scene: OutboundScene) => void, seconds = 60): Promise<(string | undefined)[]> {
    const scene = new OutboundScene({ maxOutbound: 2 });
    await scene.start();
    await scene.pass(45);
    const peers = [20, 21, 22].map((i) => scene.connect('outbound-full-relay', at(`${i}.0.0.1`)));
    change(scene);
    await scene.pass(seconds);
    return peers.map(({ reason }) => reason);
  }
  const Extra = 'extra outbound peer';

  // Core's EvictExtraOutboundPeers.
  it.each<[string, (scene: OutboundScene) => void, number | undefined]>([
    [
      'the peer with the oldest announcement',
      ({ peers }) => Object.assign(peers[0]!, { announcedAt: 5 }) && Object.assign(peers[2]!, { announcedAt: 9 }),
      1,
    ],
    ['of equal ones the latest', () => {}, 2],
    ['not a protected one', ({ peers }) => (peers[2]!.isProtected = true), 1],
    ['none if it has blocks in flight', ({ peers }) => (peers[2]!.hasBlocksInFlight = true), undefined],
    [
      'none if all are protected',
      ({ peers }) => peers.map((peer) => Object.assign(peer, { isProtected: true })),
      undefined,
    ],
  ])('is disconnected %s', async (_, change, index) => {
    expect(await evicted(change)).toEqual([0, 1, 2].map((i) => (i === index ? Extra : undefined)));
  });

  it('other types do not count', async () => {
    const change = (scene: OutboundScene) => {
      for (const peer of scene.peers.splice(2)) scene.connect('block-relay-only', peer.remote);
      scene.connect('manual', at('50.0.0.1'));
      scene.connect('inbound', at('51.0.0.1'));
    };
    expect(await evicted(change)).toEqual([undefined, undefined, undefined]);
  });

  it('an extra peer has more than 30 seconds, and is checked every 45 seconds', async () => {
    const scene = new OutboundScene({ maxOutbound: 1 });
    await scene.start();
    await scene.pass(1);
    // The check was at one second, and is at 46 and 91 seconds.
    await scene.pass(15);
    scene.connect('outbound-full-relay', at('20.0.0.1'));
    const young = scene.connect('outbound-full-relay', at('21.0.0.1'));
    await scene.pass(30);
    expect(young.reason).toBeUndefined();
    await scene.pass(44);
    expect(young.reason).toBeUndefined();
    await scene.pass(1);
    expect(young.reason).toBe(Extra);
  });
});

describe('a closed connection', () => {
  it.each<[ConnectionType, boolean, boolean]>([
    ['outbound-full-relay', true, true],
    ['manual', true, true],
    ['manual', false, false],
    // Its time would reveal the connection.
    ['block-relay-only', true, false],
    ['feeler', true, false],
  ])('of type %s (complete: %s) updates the time of its address: %s', (type, isReady, isUpdated) => {
    const scene = new OutboundScene();
    const endpoint = scene.know('20.0.0.1');
    const peer = scene.connect(type, endpoint);
    Object.assign(peer, { handshake: { isReady } });
    const before = scene.book.addresses.get(endpoint)!.time;
    scene.clock.advance(3_600_000);
    scene.close(peer);
    expect(scene.book.addresses.get(endpoint)!.time).toBe(isUpdated ? before + 3600 : before);
  });
});

describe('a complete handshake', () => {
  it('moves an outbound peer to the tried table, with the services of its version', () => {
    const scene = new OutboundScene();
    const [outbound, inbound] = [scene.know('20.0.0.1'), scene.know('21.0.0.1')];
    const peer = scene.connect('manual', outbound);
    peer.services = 1033n;
    scene.ready(peer);
    scene.ready(scene.connect('inbound', inbound));
    expect(scene.book.addresses.get(outbound)).toMatchObject({ tried: true, services: 1033n });
    expect(scene.book.addresses.get(inbound)!.tried).toBe(false);
  });

  // The node with the greater endpoint closes the connection that it opened.
  it.each<[string, string, ConnectionType, boolean, number | undefined]>([
    ['of the lesser endpoint', '198.51.100.1', 'outbound-full-relay', true, undefined],
    ['of the greater endpoint', '99.0.0.1', 'outbound-full-relay', true, 0],
    ['of the greater endpoint, if the first one is not complete', '99.0.0.1', 'outbound-full-relay', false, undefined],
    ['of the greater endpoint, with a manual one', '99.0.0.1', 'manual', true, undefined],
  ])('of a second connection to a node closes one: %s', (_, own, type, isReady, closed) => {
    for (const isOutboundFirst of [true, false]) {
      const scene = new OutboundScene();
      scene.book.listening = at(own);
      const other = at('203.0.113.5');
      const pair = isOutboundFirst ? ([type, 'inbound'] as const) : (['inbound', type] as const);
      const peers = pair.map((each) => scene.connect(each, other));
      peers[0]!.isReady = isReady;
      scene.ready(peers[1]!);
      const outbound = isOutboundFirst ? 0 : 1;
      const reasons = peers.map(({ reason }) => reason);
      expect(reasons[1 - outbound]).toBeUndefined();
      expect(reasons[outbound]).toBe(closed === undefined ? undefined : 'duplicate connection');
    }
  });

  it('of connections to two nodes, or two connections of one direction, closes none', () => {
    const scene = new OutboundScene();
    scene.book.listening = at('99.0.0.1');
    for (const [type, host] of [
      ['inbound', '203.0.113.5'],
      ['outbound-full-relay', '203.0.113.6'],
      ['block-relay-only', '203.0.113.6'],
    ] as const)
      scene.ready(scene.connect(type, at(host)));
    expect(scene.peers.map(({ reason }) => reason)).toEqual([undefined, undefined, undefined]);
  });
});
