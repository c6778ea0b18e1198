import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/bytes/compare.ts';
import { Chain } from '../../../src/chain/chain.ts';
import { regtest } from '../../../src/consensus/params.ts';
import { Mempool } from '../../../src/mempool/mempool.ts';
import type { ConnectionManager } from '../../../src/p2p/connections/connection-manager.ts';
import type { Endpoint } from '../../../src/p2p/net/endpoint.ts';
import { ioBlocks } from '../../../src/p2p/transport/block-pool.ts';
import type { Connection } from '../../../src/p2p/transport/connection.ts';
import { TcpTransport } from '../../../src/p2p/transport/tcp-transport.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import { mineBlock } from '../../chain/support/builder.ts';
import { fullNodeConnections } from '../../support/full-node-connections.ts';
import { waitFor } from '../../support/wait.ts';

const ANY = { host: '127.0.0.1', port: 0 };
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function pair(): Promise<{ caller: Connection; called: Connection; endpoint: Endpoint }> {
  const transport = new TcpTransport();
  const accepted: Connection[] = [];
  const listener = await transport.listen(ANY, (connection) => accepted.push(connection));
  const caller = await transport.connect(listener.endpoint);
  const called = await waitFor(() => accepted[0]);
  cleanups.push(
    () => listener.close(),
    () => called.close(),
    () => caller.close(),
  );
  return { caller, called, endpoint: listener.endpoint };
}

describe('TcpTransport', () => {
  it('carries bytes both ways, and reports both endpoints', async () => {
    const { caller, called, endpoint } = await pair();
    expect(caller).toMatchObject({ inbound: false, remote: endpoint });
    expect(called).toMatchObject({ inbound: true, local: endpoint, remote: caller.local });
    const got: number[] = [];
    caller.onData((chunk) => got.push(...chunk));
    called.onData((chunk) => called.send(chunk.map((byte) => byte + 1)));
    caller.send(Uint8Array.of(1, 2, 3));
    await waitFor(() => got.length === 3);
    expect(got).toEqual([2, 3, 4]);
  });

  it('delivers data and the close event that precede the listener', async () => {
    const { caller, called } = await pair();
    caller.send(Uint8Array.of(7));
    await new Promise((resolve) => setImmediate(resolve));
    const got: number[] = [];
    called.onData((chunk) => got.push(...chunk));
    await waitFor(() => got.length === 1);
    called.close();
    await new Promise((resolve) => called.onClose(() => resolve(undefined)));
    await new Promise((resolve) => caller.onClose(() => resolve(undefined)));
    caller.send(Uint8Array.of(1));
    expect(caller.bufferedBytes).toBe(0);
  });

  it('carries short and long messages in order, and gives the memory of short ones back', async () => {
    const { caller, called } = await pair();
    const before = ioBlocks.used;
    const sizes = [1, 16_384, 3, 5_000, 5_000, 5_000, 5_000, 16_385, 100_000, 0, 7, 65_536, 12];
    const messages = sizes.map((size, i) => new Uint8Array(size).fill(i + 1));
    const got: Uint8Array[] = [];
    called.onData((chunk) => got.push(chunk.slice()));
    for (const message of messages) caller.send(message);
    expect(caller.bufferedBytes).toBeGreaterThan(0);
    const expected = concatBytes(...messages);
    await waitFor(() => got.reduce((sum, { length }) => sum + length, 0) === expected.length);
    expect(Buffer.compare(concatBytes(...got), expected)).toBe(0);
    await waitFor(() => ioBlocks.used === before);
    caller.send(new Uint8Array(10));
    expect(ioBlocks.used).toBe(before + 1);
    caller.close();
    await waitFor(() => ioBlocks.used === before);
  });

  it('applies backpressure from a paused reader', async () => {
    const { caller, called } = await pair();
    let got = 0;
    let drained = false;
    called.onData((chunk) => {
      got += chunk.length;
    });
    caller.onDrain(() => {
      drained = true;
    });
    called.pause();
    const size = 32 << 20;
    caller.send(new Uint8Array(size));
    await waitFor(() => caller.bufferedBytes > 1_000_000);
    const before = got;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([got, drained]).toEqual([before, false]);
    called.resume();
    await waitFor(() => got === size && drained);
    expect(caller.bufferedBytes).toBe(0);
  });

  it('rejects with an error code', async () => {
    const { endpoint } = await pair();
    const transport = new TcpTransport();
    await expect(transport.listen(endpoint, () => {})).rejects.toMatchObject({ code: 'port-taken' });
    const { endpoint: gone, close } = await transport.listen(ANY, () => {});
    await close();
    await expect(transport.connect(gone)).rejects.toMatchObject({ code: 'connect-failed' });
    const abort = new AbortController();
    // Unreachable: TEST-NET-1 (RFC 5737).
    const connecting = transport.connect({ host: '192.0.2.1', port: 9 }, abort.signal);
    abort.abort();
    await expect(connecting).rejects.toMatchObject({ code: 'connect-failed' });
  });
});

describe('nodes over TCP', () => {
  async function start(addNodes: Endpoint[] = [], v2Transport = true) {
    const modules = { clock: systemClock, logger: silentLogger };
    const chain = await Chain.open({ params: regtest }, { ...modules, store: new MemoryStore() });
    const mempool = new Mempool({}, { ...modules, chain });
    const { connections: peers } = fullNodeConnections(
      { listen: [ANY], addNodes, v2Transport },
      { ...modules, chain, mempool, transport: new TcpTransport(), random: systemRandom },
    );
    cleanups.push(async () => {
      await peers.stop();
      mempool.close();
      await chain.close();
    });
    await peers.start();
    return { chain, peers };
  }

  it.each([
    ['v2', true],
    ['v1', false],
  ])('sync over %s, and discover each other through a seed', async (version, v2Transport) => {
    const seed = await start([], v2Transport);
    for (let i = 0; i < 50; i++) {
      const { tip } = seed.chain;
      const time = Math.max(Math.floor(Date.now() / 1000), tip.medianTimePast() + 1);
      await seed.chain.acceptBlock(mineBlock(tip, { time }));
    }
    const a = await start([seed.peers.endpoint!], v2Transport);
    const b = await start([seed.peers.endpoint!], v2Transport);
    await waitFor(() => a.chain.tip.height === 50 && b.chain.tip.height === 50);
    const port = (node: { peers: ConnectionManager }) => node.peers.endpoint!.port;
    const knows = (x: typeof a, y: typeof a) =>
      x.peers.peers().some((peer) => peer.isReady && peer.endpoint?.port === port(y));
    await waitFor(() => knows(a, b) && knows(b, a));
    for (const { peers } of [seed, a, b]) {
      for (const peer of peers.peers()) if (peer.isReady) expect(peers.info(peer).transport).toBe(version);
    }
  });

  it('disconnect an HTTP client at once if v2 is off, and keep serving peers', async () => {
    const node = await start([], false);
    const socket = connect(node.peers.endpoint!.port, '127.0.0.1');
    const received: Buffer[] = [];
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => {}).on('data', (chunk) => received.push(chunk));
    socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await closed;
    expect(received).toEqual([]);
    const other = await start([node.peers.endpoint!]);
    await waitFor(() => other.peers.peers().some((peer) => peer.isReady));
  });
});
