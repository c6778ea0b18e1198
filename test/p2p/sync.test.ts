import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { type InvEntry, InvType } from '../../src/p2p/wire/messages/inventory.ts';
import type { Block } from '../../src/primitives/block.ts';
import type { BlockHeader } from '../../src/primitives/header.ts';
import { mineBlock } from '../chain/support/builder.ts';
import { FakePeer } from './support/fake-peer.ts';
import { mine, peerOf, START_MS, TestNetwork, type TestNode } from './support/network.ts';

const MINUTE = 60_000;

/** Formats inventory entries for comparison. */
function formatted(entries: Iterable<InvEntry>): string[] {
  return [...entries].map(({ type, hash }) => `${type} ${toHex(hash)}`);
}

/** Lets a fake peer answer `getheaders` and, unless `headersOnly`, `getdata` with consecutive `blocks`. */
function serve(peer: FakePeer, blocks: readonly Block[], options: { headersOnly?: boolean } = {}): void {
  const indexes = new Map(blocks.map(({ hash }, i) => [toHex(hash), i]));
  peer.on('getheaders', ({ locator }) => {
    const known = locator.map((hash) => indexes.get(toHex(hash))).find((at) => at !== undefined);
    const from = known === undefined ? 0 : known + 1;
    peer.send('headers', { headers: blocks.slice(from, from + 2000).map(({ header }) => header) });
  });
  if (options.headersOnly) return;
  peer.on('getdata', ({ entries }) => {
    for (const { hash } of entries) {
      const at = indexes.get(toHex(hash));
      if (at !== undefined) peer.send('block', blocks[at]!);
    }
  });
}

/** Returns blocks on a node's tip that no node has received. */
function privateChain(node: TestNode, length: number): Block[] {
  const blocks: Block[] = [];
  const time = Math.max(START_MS / 1000, node.chain.tip.time) + 1;
  let prev: { hash: Uint8Array; height: number; time: number; bits: number } = node.chain.tip;
  for (let i = 0; i < length; i++) {
    const block = mineBlock(prev, { time: time + i, tag: 99 });
    prev = { hash: block.hash, height: prev.height + 1, time: block.header.time, bits: block.header.bits };
    blocks.push(block);
  }
  return blocks;
}

describe('initial block download', () => {
  it("reaches the seed's tip, with several blocks per request", async () => {
    const net = new TestNetwork();
    const a = await net.start();
    await mine(net, a, 100);
    const b = await net.start({ seeds: [a] });
    await net.untilSynced(a.chain.tip.hash);
    expect(b.chain.tip.height).toBe(100);
    expect(b.chain.isInitialBlockDownload).toBe(false);
    const requests = a.received.filter((command) => command === 'getdata').length;
    expect(requests).toBeLessThan(20);
    expect(b.connections.info(peerOf(b, a))).toMatchObject({ syncedBlocks: 100, syncedHeaders: 100, inFlight: [] });
  });

  it('requests more than 2,000 headers with several messages', async () => {
    const net = new TestNetwork();
    const a = await net.start();
    const blocks = privateChain(a, 2100);
    const b = await net.start();
    const peer = await FakePeer.join(net, b);
    peer.on('getheaders', () => {});
    await net.until(() => peer.received('getheaders').length > 0, 5000);
    serve(peer, blocks, { headersOnly: true });
    peer.send('headers', { headers: blocks.slice(0, 2000).map(({ header }) => header) });
    await net.until(() => b.chain.bestHeader.height === 2100);
    expect(peer.received('getheaders').length).toBeGreaterThanOrEqual(2);
    expect(b.disconnects).toEqual([]);
  });

  it('downloads from several peers in parallel, with at most 16 blocks in flight from each', async () => {
    const net = new TestNetwork({ latencyMs: () => 20 });
    const a = await net.start();
    const blocks = privateChain(a, 200);
    const node = await net.start();
    const peers: FakePeer[] = [];
    const inFlight = new Map<FakePeer, number>();
    let most = 0;
    const requests = new Map<string, number>();
    for (let i = 0; i < 3; i++) {
      const peer = await FakePeer.join(net, node);
      peers.push(peer);
      serve(peer, blocks, { headersOnly: true });
      peer.on('getdata', ({ entries }) => {
        inFlight.set(peer, (inFlight.get(peer) ?? 0) + entries.length);
        most = Math.max(most, inFlight.get(peer)!);
        for (const { type, hash } of entries) {
          expect(type).toBe(0x4000_0002);
          const key = toHex(hash);
          requests.set(key, (requests.get(key) ?? 0) + 1);
          const block = blocks.find((candidate) => Buffer.compare(candidate.hash, hash) === 0)!;
          net.clock.after(30, () => {
            inFlight.set(peer, inFlight.get(peer)! - 1);
            peer.send('block', block);
          });
        }
      });
    }
    for (const peer of peers) peer.send('headers', { headers: blocks.map(({ header }) => header) });
    await net.until(() => node.chain.tip.height === 200);
    expect(most).toBeLessThanOrEqual(16);
    for (const peer of peers) expect(peer.received('getdata').length).toBeGreaterThan(1);
    expect([...requests.values()].every((count) => count === 1)).toBe(true);
    expect(requests.size).toBe(200);
  });

  it('stays within a window of 1,024 blocks, and disconnects a peer that stalls it', async () => {
    const net = new TestNetwork();
    const a = await net.start();
    const blocks = privateChain(a, 1080);
    const node = await net.start();
    const headers = blocks.map(({ header }) => header);
    const stalling = await FakePeer.join(net, node);
    stalling.send('headers', { headers });
    await stalling.waitFor('getdata');
    const helpful = await FakePeer.join(net, node);
    serve(helpful, blocks);
    const requested = () => helpful.received('getdata').flatMap(({ entries }) => [...entries]).length;
    helpful.send('headers', { headers });
    await net.until(() => stalling.closed, 10_000);
    expect(node.disconnects).toEqual(['block download stall']);
    // All blocks, including those first requested from the stalling peer.
    await net.until(() => node.chain.tip.height === 1080);
    expect(requested()).toBe(1080);
  });

  it('gives a staller two seconds again after blocks of other peers, although it gave more after a stall', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const helpful = await FakePeer.join(net, node);
    for (let stalls = 1; stalls <= 2; stalls++) {
      const blocks = privateChain(node, 1080);
      const headers = blocks.map(({ header }) => header);
      const stalling = await FakePeer.join(net, node);
      stalling.send('headers', { headers });
      await stalling.waitFor('getdata');
      const before = helpful.received('getdata').length;
      serve(helpful, blocks);
      helpful.send('headers', { headers });
      const requested = () =>
        helpful
          .received('getdata')
          .slice(before)
          .flatMap(({ entries }) => [...entries]);
      await net.until(() => requested().length >= 1_000);
      // Measured at the ticks of a second each: after three to four seconds, not five to six.
      await net.until(() => stalling.closed, 4_500);
      await net.until(() => node.chain.tip.hashHex === blocks.at(-1)!.hashHex);
      expect(node.disconnects).toEqual(new Array<string>(stalls).fill('block download stall'));
    }
  });

  it('forgives a peer that stalls the window when its block comes', async () => {
    const net = new TestNetwork();
    const a = await net.start();
    const blocks = privateChain(a, 1080);
    const node = await net.start();
    const headers = blocks.map(({ header }) => header);
    const slow = await FakePeer.join(net, node);
    slow.send('headers', { headers });
    await slow.waitFor('getdata');
    const helpful = await FakePeer.join(net, node);
    serve(helpful, blocks);
    helpful.send('headers', { headers });
    const first = [...(await slow.waitFor('getdata')).entries];
    await net.until(() => helpful.received('getdata').flatMap(({ entries }) => [...entries]).length >= 1_000);
    // Each block comes 1.5 seconds after the window was blocked by it: less than a peer may take.
    for (let i = 0; i < 4; i++) {
      await net.advance(1_500, 100);
      expect(toHex(first[i]!.hash)).toBe(toHex(blocks[i]!.hash));
      slow.send('block', blocks[i]!);
      await net.advance(100, 100);
    }
    expect(node.disconnects).toEqual([]);
    await net.until(() => slow.closed, 10_000);
    expect(node.disconnects).toEqual(['block download stall']);
  });

  it('requests an overdue block from another peer after ten seconds', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    await mine(net, node, 1);
    const blocks = privateChain(node, 1);
    const stalling = await FakePeer.join(net, node);
    stalling.send('headers', { headers: [blocks[0]!.header] });
    await stalling.waitFor('getdata');
    const helpful = await FakePeer.join(net, node);
    serve(helpful, blocks);
    helpful.send('headers', { headers: [blocks[0]!.header] });
    await net.advance(5000, 100);
    expect(helpful.received('getdata')).toEqual([]);
    await net.until(() => node.chain.tip.height === 2, 10_000);
    const [next] = await mine(net, node, 1);
    expect(next).toBeDefined();
    expect(stalling.closed).toBe(false);
  });

  it('disconnects a peer on a block download timeout', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    await mine(net, node, 1);
    const [block] = privateChain(node, 1);
    const stalling = await FakePeer.join(net, node);
    stalling.send('headers', { headers: [block!.header] });
    await stalling.waitFor('getdata');
    await net.advance(9 * MINUTE, 1000);
    expect(stalling.closed).toBe(false);
    await net.advance(2 * MINUTE, 1000);
    expect(node.disconnects).toEqual(['block download timeout']);
  });

  it('requests a block from another peer after notfound', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    await mine(net, node, 1);
    const blocks = privateChain(node, 3);
    const headers = blocks.map(({ header }) => header);
    const forgetful = await FakePeer.join(net, node);
    forgetful.on('getdata', ({ entries }) => forgetful.send('notfound', { entries }));
    forgetful.send('headers', { headers });
    await forgetful.waitFor('getdata');
    await net.advance(1000);
    expect(forgetful.received('getdata')).toHaveLength(1);
    const helpful = await FakePeer.join(net, node);
    serve(helpful, blocks);
    helpful.send('headers', { headers });
    await net.until(() => node.chain.tip.height === 4, 1000);
    expect(forgetful.closed).toBe(false);
  });

  it('syncs headers from one peer while the tip is old, and replaces it after ten seconds without response', async () => {
    const net = new TestNetwork();
    const a = await net.start();
    const blocks = privateChain(a, 10);
    const node = await net.start();
    const silent = await FakePeer.join(net, node);
    await silent.waitFor('getheaders');
    const helpful = await FakePeer.join(net, node);
    serve(helpful, blocks);
    await net.advance(9000, 500);
    expect(helpful.received('getheaders')).toEqual([]);
    await net.until(() => node.chain.tip.height === 10, 2000);
    // An outstanding request is not repeated.
    expect(silent.received('getheaders')).toHaveLength(1);
  });

  it('prefers a new peer as the source of headers to one that did not answer', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const silent: FakePeer[] = [];
    for (let i = 0; i < 12; i++) silent.push(await FakePeer.join(net, node));
    // Ten seconds each: the first one's request has expired when the last one's turn comes.
    await silent[11]!.waitFor('getheaders', 1, 200_000);
    await net.advance(8_000, 500);
    const fresh = await FakePeer.join(net, node);
    await fresh.waitFor('getheaders', 1, 20_000);
    expect(silent.map((peer) => peer.received('getheaders').length)).toEqual(new Array(12).fill(1));
  });

  it("requests every peer's headers eventually, so that it finds the best of several old chains", async () => {
    const net = new TestNetwork();
    const longAgo = START_MS / 1000 - 30 * 24 * 3600;
    const a = await net.start();
    const b = await net.start();
    for (let i = 0; i < 5; i++) await mine(net, a, 1, { time: longAgo + i });
    for (let i = 0; i < 9; i++) await mine(net, b, 1, { time: longAgo + i, tag: 1 });
    const c = await net.start({ seeds: [a, b] });
    await net.untilSynced(b.chain.tip.hash);
    expect(c.chain.isInitialBlockDownload).toBe(true);
  });
});

describe('new blocks', () => {
  it('are relayed as compact blocks along a line of nodes, without requests', async () => {
    const net = new TestNetwork();
    const a = await net.start();
    const b = await net.start({ seeds: [a], maxOutbound: 0 });
    const c = await net.start({ seeds: [b], maxOutbound: 0 });
    await net.until(() => c.connections.peers().some((peer) => peer.isReady));
    await mine(net, a, 1);
    await net.untilSynced(a.chain.tip.hash, 1000);
    await mine(net, c, 1);
    await net.untilSynced(c.chain.tip.hash, 1000);
    for (const node of net.nodes) node.received.length = 0;
    await mine(net, a, 1);
    await net.untilSynced(a.chain.tip.hash, 1000);
    const unrelated = ['sendcmpct', 'addrv2'];
    const commands = ({ received }: TestNode) => received.filter((command) => !unrelated.includes(command));
    expect([a, b, c].map(commands)).toEqual([[], ['cmpctblock'], ['cmpctblock']]);
  });

  it('reach ten nodes, each once', async () => {
    const net = new TestNetwork({ latencyMs: () => 5 });
    const seed = await net.start();
    await mine(net, seed, 1);
    for (let i = 0; i < 9; i++) await net.start({ seeds: [seed] });
    await net.untilSynced(seed.chain.tip.hash);
    await net.advance(2000);
    for (const node of net.nodes) node.received.length = 0;
    await mine(net, net.nodes[7]!, 1);
    await net.untilSynced(net.nodes[7]!.chain.tip.hash, 2000);
    await net.advance(500);
    for (const node of net.nodes) {
      expect(node.received.filter((command) => command === 'block').length).toBeLessThanOrEqual(1);
      expect(node.disconnects).toEqual([]);
    }
  });

  it('are announced once by inv to a peer that has not sent sendheaders', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    await mine(net, node, 1);
    const peer = await FakePeer.join(net, node);
    const [block] = await mine(net, node, 1);
    const inv = await peer.waitFor('inv');
    expect(formatted(inv.entries)).toEqual([`2 ${toHex(block!.hash)}`]);
    await net.advance(1000);
    expect(peer.received('inv')).toHaveLength(1);
    expect(peer.received('headers')).toEqual([]);
  });

  it("are announced by headers if they connect to the peer's chain, otherwise by inv of the last one", async () => {
    const net = new TestNetwork();
    const node = await net.start();
    await mine(net, node, 3);
    const peer = await FakePeer.join(net, node);
    peer.send('sendheaders', {});
    await net.advance(50);
    // The peer's chain is unknown.
    await mine(net, node, 1);
    expect(formatted((await peer.waitFor('inv')).entries)).toEqual([`2 ${toHex(node.chain.tip.hash)}`]);
    peer.send('getheaders', { locator: [node.chain.params.genesis.hash], stop: new Uint8Array(32) });
    expect((await peer.waitFor('headers')).headers).toHaveLength(4);
    const two = await mine(net, node, 2);
    await net.until(() => peer.received('headers').length > 1, 1000);
    const announced = peer
      .received('headers')
      .slice(1)
      .flatMap(({ headers }) => headers);
    await net.advance(100);
    expect(announced.map(({ hashHex }) => hashHex).at(-1)).toBe(two[1]!.hashHex);
    await mine(net, node, 0);
    // More than eight at once, by a reorganisation.
    const fork = node.chain.atHeight(1)!;
    const before = peer.received('inv').length;
    await mine(net, node, 16, { tag: 5 }, fork);
    await net.advance(100);
    expect(peer.received('inv').length).toBeGreaterThan(before);
    expect(formatted(peer.received('inv').at(-1)!.entries)).toEqual([`2 ${toHex(node.chain.tip.hash)}`]);
  });

  it('are downloaded after an announcement by inv', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    await mine(net, node, 1);
    const blocks = privateChain(node, 5);
    const peer = await FakePeer.join(net, node);
    serve(peer, blocks);
    peer.send('headers', { headers: [] });
    peer.send('inv', { entries: [{ type: 2, hash: blocks[4]!.hash }] });
    await net.until(() => node.chain.tip.height === 6, 1000);
  });

  it('are downloaded after an unconnecting header, with one getheaders in two minutes', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    await mine(net, node, 1);
    const blocks = privateChain(node, 5);
    const peer = await FakePeer.join(net, node);
    await peer.waitFor('getheaders');
    peer.send('headers', { headers: [] });
    await net.advance(50);
    for (let i = 0; i < 20; i++) peer.send('headers', { headers: [blocks[4]!.header] });
    await net.advance(1000);
    expect(peer.received('getheaders')).toHaveLength(2);
    serve(peer, blocks);
    peer.send('headers', { headers: blocks.map(({ header }) => header) });
    await net.until(() => node.chain.tip.height === 6, 1000);
  });

  it('are accepted unrequested', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    await mine(net, node, 1);
    const [block] = privateChain(node, 1);
    const peer = await FakePeer.join(net, node);
    peer.send('block', block!);
    await net.until(() => node.chain.tip.height === 2, 1000);
  });
});

describe('reorganisations', () => {
  it('lead to one chain after a network split', async () => {
    const net = new TestNetwork();
    const [a, b] = [await net.start(), await net.start()];
    await mine(net, a, 3);
    b.connections.addNode(a.endpoint);
    await net.untilSynced(a.chain.tip.hash);
    b.connections.removeNode(a.endpoint);
    b.connections.disconnect(a.endpoint);
    await net.advance(100);
    await mine(net, a, 4, { tag: 1 });
    await mine(net, b, 6, { tag: 2 });
    expect(a.chain.tip.height).toBe(7);
    a.connections.addNode(b.endpoint);
    await net.untilSynced(b.chain.tip.hash, 5000);
    expect(a.chain.tip.height).toBe(9);
    expect(a.chain.tips().map(({ height }) => height)).toContain(7);
  });
});

describe('hostile peers', () => {
  it('are disconnected for an invalid block, and for a header that builds on it', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    await mine(net, node, 1);
    const time = START_MS / 1000 + 1;
    const bad = mineBlock(node.chain.tip, { time, fees: 1n });
    const peer = await FakePeer.join(net, node);
    serve(peer, [bad]);
    peer.send('headers', { headers: [bad.header] });
    await net.until(() => peer.closed);
    expect(node.disconnects[0]).toMatch(/^misbehaving: bad-cb-amount/);
    const child = mineBlock(
      { ...bad.header, hash: bad.hash, height: 2, time, bits: bad.header.bits },
      { time: time + 1 },
    );
    const other = await FakePeer.join(net, node);
    other.send('headers', { headers: [child.header] });
    await net.until(() => other.closed);
    expect(node.disconnects[1]).toMatch(/^misbehaving: bad-prevblk/);
    expect(node.chain.tip.height).toBe(1);
  });

  it('cannot keep a valid block out by a mutated one', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    await mine(net, node, 1);
    const [block] = privateChain(node, 1);
    const [other] = privateChain(node, 2).slice(1);
    const mutated = new (block!.constructor as typeof Block)(block!.header, other!.transactions);
    const peer = await FakePeer.join(net, node);
    peer.send('headers', { headers: [block!.header] });
    await peer.waitFor('getdata');
    const attacker = await FakePeer.join(net, node);
    attacker.send('block', mutated);
    await net.until(() => attacker.closed);
    expect(node.disconnects[0]).toMatch(/^misbehaving: bad-txnmrklroot/);
    expect(peer.closed).toBe(false);
    peer.send('block', block!);
    await net.until(() => node.chain.tip.height === 2, 1000);
  });

  it('are disconnected for headers without proof of work, or non-continuous ones', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    await mine(net, node, 1);
    const blocks = privateChain(node, 3);
    const gap = await FakePeer.join(net, node);
    gap.send('headers', { headers: [blocks[0]!.header, blocks[2]!.header] });
    await net.until(() => gap.closed);
    expect(node.disconnects[0]).toBe('misbehaving: non-continuous headers');
    const { header } = blocks[0]!;
    let nonce = header.nonce;
    const HeaderClass = header.constructor as typeof BlockHeader;
    // Half of all nonces meet regtest's target.
    let workless = header;
    while (workless.hash[31]! < 0x80) workless = new HeaderClass({ ...header, nonce: ++nonce });
    const peer = await FakePeer.join(net, node);
    peer.send('headers', { headers: [workless] });
    await net.until(() => peer.closed);
    expect(node.disconnects[1]).toMatch(/high-hash/);
  });

  it('cannot have low-work headers stored', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const start = node.chain.tip;
    const blocks = privateChain(node, 5);
    await mine(net, node, 160, {}, start);
    const peer = await FakePeer.join(net, node);
    const known = node.chain.tips().length;
    peer.send('headers', { headers: blocks.map(({ header }) => header) });
    await net.advance(200);
    expect(node.chain.getIndex(blocks[4]!.hash)).toBeUndefined();
    expect(node.chain.tips()).toHaveLength(known);
    expect(peer.closed).toBe(false);
  });

  it('are disconnected for a block with an unknown parent', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const blocks = privateChain(node, 2);
    const peer = await FakePeer.join(net, node);
    peer.send('block', blocks[1]!);
    await net.until(() => peer.closed);
    expect(node.disconnects[0]).toMatch(/^misbehaving: prev-blk-not-found/);
  });
});

describe('a manual peer', () => {
  it('is not sent a second request for a block of which it sent a mutated form', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    await mine(net, node, 1);
    const [block, other] = privateChain(node, 2);
    const mutated = new (block!.constructor as typeof Block)(block!.header, other!.transactions);
    const fake = await FakePeer.manual(net, node);
    serve(fake, [mutated]);
    fake.send('headers', { headers: [block!.header] });
    await net.advance(5000, 100);
    expect(fake.closed).toBe(false);
    expect(fake.received('getdata')).toHaveLength(1);
    const honest = await FakePeer.join(net, node);
    serve(honest, [block!]);
    honest.send('headers', { headers: [block!.header] });
    await net.until(() => node.chain.tip.height === 2, 1000);
  });
});

describe('a node', () => {
  it('answers getheaders, getblocks and getdata', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const blocks = await mine(net, node, 20);
    const peer = await FakePeer.join(net, node);
    const stop = new Uint8Array(32);
    const hex = (list: Iterable<{ hash: Uint8Array }>) => [...list].map(({ hash }) => toHex(hash));

    peer.send('getheaders', { locator: [blocks[9]!.hash], stop: blocks[14]!.hash });
    expect(hex((await peer.waitFor('headers')).headers)).toEqual(hex(blocks.slice(10, 15)));
    peer.send('getheaders', { locator: [], stop: blocks[3]!.hash });
    expect(hex((await peer.waitFor('headers', 2)).headers)).toEqual(hex([blocks[3]!]));
    peer.send('getheaders', { locator: [new Uint8Array(32).fill(1)], stop });
    expect(hex((await peer.waitFor('headers', 3)).headers)).toEqual(hex(blocks));
    peer.send('getheaders', { locator: [blocks[19]!.hash], stop });
    expect((await peer.waitFor('headers', 4)).headers).toEqual([]);

    peer.send('getblocks', { locator: [blocks[9]!.hash], stop: blocks[14]!.hash });
    expect(hex((await peer.waitFor('inv')).entries)).toEqual(hex(blocks.slice(10, 14)));

    peer.send('getdata', {
      entries: [
        { type: 2, hash: blocks[0]!.hash },
        { type: 0x4000_0002, hash: blocks[0]!.hash },
        { type: 2, hash: new Uint8Array(32).fill(7) },
        { type: 1, hash: new Uint8Array(32).fill(8) },
        { type: 77, hash: blocks[0]!.hash },
      ],
    });
    // Only unknown transactions are in notfound, not unknown blocks and types.
    const missing = await peer.waitFor('notfound');
    expect(formatted(missing.entries)).toEqual([`1 ${'08'.repeat(32)}`]);
    const [stripped, whole] = peer.received('block');
    expect(stripped!.transactions[0]!.hasWitness).toBe(false);
    expect(whole!.transactions[0]!.hasWitness).toBe(true);
    expect(hex([stripped!, whole!])).toEqual(hex([blocks[0]!, blocks[0]!]));
  });

  it('announces the next block by headers to a peer that has its tip, as its answer to getheaders shows', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const blocks = await mine(net, node, 5);
    const peer = await FakePeer.join(net, node);
    peer.send('sendheaders', {});
    peer.send('getheaders', { locator: [blocks[4]!.hash], stop: new Uint8Array(32) });
    expect((await peer.waitFor('headers')).headers).toEqual([]);
    const [next] = await mine(net, node, 1);
    const { headers } = await peer.waitFor('headers', 2, 1_000);
    expect(headers.map(({ hashHex }) => hashHex)).toEqual([next!.hashHex]);
    expect(peer.received('inv')).toEqual([]);
  });

  it('asks for headers only if it lacks the last block of an inv, however long that is', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const blocks = await mine(net, node, 3);
    const peer = await FakePeer.join(net, node);
    // Answers the request at the start, without which there would be no other.
    peer.send('headers', { headers: [] });
    await net.advance(1_000);
    const requests = () => peer.received('getheaders').length;
    const before = requests();
    const known = Array.from({ length: 200 }, (_, i) => ({ type: InvType.BLOCK, hash: blocks[i % 3]!.hash }));
    const unknown = { type: InvType.BLOCK, hash: new Uint8Array(32).fill(7) };
    peer.send('inv', { entries: [...known.slice(1), unknown, ...known] });
    await net.advance(1_000);
    expect(requests()).toBe(before);
    peer.send('inv', { entries: [...known, unknown] });
    await net.advance(1_000);
    expect(requests()).toBe(before + 1);
  });

  it('announces the tip when the last of 500 hashes in its answer to getblocks is requested', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const blocks = await mine(net, node, 510);
    const peer = await FakePeer.join(net, node);
    peer.send('getblocks', { locator: [node.chain.params.genesis.hash], stop: new Uint8Array(32) });
    const entries = [...(await peer.waitFor('inv')).entries];
    expect(entries).toHaveLength(500);
    peer.send('getdata', { entries: entries.slice(-1) });
    expect(formatted((await peer.waitFor('inv', 2)).entries)).toEqual([`2 ${toHex(blocks.at(-1)!.hash)}`]);
    // Once: a further request is for the block alone.
    peer.send('getdata', { entries: entries.slice(-1) });
    await peer.waitFor('block', 2);
    await net.advance(500);
    expect(peer.received('inv')).toHaveLength(2);
  });
});
