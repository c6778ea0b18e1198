import { describe, expect, it } from 'vitest';
import { regtest } from '../../../../src/consensus/params.ts';
import { blockWork } from '../../../../src/consensus/pow.ts';
import { MAX_HEADERS } from '../../../../src/p2p/wire/protocol.ts';
import type { BlockHeader } from '../../../../src/primitives/header.ts';
import { mineBlock } from '../../../chain/support/builder.ts';
import { FakePeer } from '../../support/fake-peer.ts';
import { headerChain } from '../../support/headers.ts';
import { mine, START_MS, TestNetwork, type TestNode } from '../../support/network.ts';

const WORK = blockWork(regtest.genesis.header.bits);
const genesis = { hash: regtest.genesis.hash, time: START_MS / 1000 - 10_000, bits: regtest.genesis.header.bits };

/** Lets a fake peer answer `getheaders` with a chain on genesis. */
function serveHeaders(peer: FakePeer, chain: readonly BlockHeader[]): void {
  const indexes = new Map(chain.map(({ hashHex }, i) => [hashHex, i]));
  const hex = (hash: Uint8Array) => Buffer.from(hash).reverse().toString('hex');
  peer.on('getheaders', ({ locator }) => {
    const known = locator.map((hash) => indexes.get(hex(hash))).find((at) => at !== undefined);
    const from = known === undefined ? 0 : known + 1;
    peer.send('headers', { headers: chain.slice(from, from + MAX_HEADERS) });
  });
}

const infoOf = (node: TestNode) => node.connections.info(node.connections.peers()[0]!);

describe('a chain with less than the minimum work', () => {
  const chain = headerChain(genesis, 2 * MAX_HEADERS + 500, { mined: true });

  it('is not stored, and its peer is not penalized', async () => {
    const net = new TestNetwork();
    const node = await net.start({ minimumChainWork: 6000n * WORK });
    const peer = await FakePeer.join(net, node);
    const progress: number[] = [];
    await peer.waitFor('getheaders');
    peer.on('getheaders', () => progress.push(infoOf(node).presyncedHeaders));
    for (let from = 0; from < chain.length; from += MAX_HEADERS) {
      peer.send('headers', { headers: chain.slice(from, from + MAX_HEADERS) });
      await net.advance(50);
    }
    expect(progress).toEqual([2000, 4000]);
    expect(infoOf(node)).toMatchObject({ presyncedHeaders: -1, syncedHeaders: -1 });
    expect(node.chain.bestHeader.height).toBe(0);
    expect(chain.every(({ hash }) => node.chain.getIndex(hash) === undefined)).toBe(true);
    expect(node.disconnects).toEqual([]);
  });

  it('is stored when it is sent a second time and has proved enough work', async () => {
    const net = new TestNetwork();
    const node = await net.start({ minimumChainWork: 4200n * WORK });
    const peer = await FakePeer.join(net, node);
    serveHeaders(peer, chain);
    peer.send('headers', { headers: chain.slice(0, MAX_HEADERS) });
    await net.until(() => node.chain.bestHeader.height === chain.length);
    // Three messages of presync, three of redownload; the first one was unrequested.
    expect(peer.received('headers')).toEqual([]);
    expect(peer.received('getheaders').length).toBeGreaterThanOrEqual(6);
    expect(infoOf(node)).toMatchObject({ presyncedHeaders: -1, syncedHeaders: chain.length });
    // Blocks are requested only now.
    expect((await peer.waitFor('getdata')).entries.length).toBe(16);
  });

  it("does not prevent another peer's chain from being stored", async () => {
    const net = new TestNetwork();
    const node = await net.start({ minimumChainWork: 4200n * WORK });
    const lowWork = await FakePeer.join(net, node);
    serveHeaders(lowWork, chain.slice(0, 4100));
    const enoughWork = await FakePeer.join(net, node);
    serveHeaders(enoughWork, chain);
    lowWork.send('headers', { headers: chain.slice(0, MAX_HEADERS) });
    await net.until(() => node.chain.bestHeader.height === chain.length);
    expect(lowWork.received('getdata')).toEqual([]);
  });

  it('restarts the pre-sync, without further memory, when a peer switches between chains', async () => {
    const net = new TestNetwork();
    const node = await net.start({ minimumChainWork: 1_000_000n * WORK });
    const peer = await FakePeer.join(net, node);
    for (let tag = 1; tag <= 4; tag++) {
      const headers = headerChain(genesis, MAX_HEADERS, { tag, mined: true });
      peer.send('headers', { headers });
      await net.advance(50);
      expect(infoOf(node).presyncedHeaders).toBe(MAX_HEADERS);
      expect(node.chain.getIndex(headers[0]!.hash)).toBeUndefined();
    }
    expect(node.chain.bestHeader.height).toBe(0);
    expect(node.disconnects).toEqual([]);
  });

  it('leads to a disconnect if a header has no proof of work', async () => {
    const net = new TestNetwork();
    const node = await net.start({ minimumChainWork: 1_000_000n * WORK });
    const peer = await FakePeer.join(net, node);
    peer.send('headers', { headers: headerChain(genesis, MAX_HEADERS) });
    await net.until(() => peer.closed);
    expect(node.disconnects[0]).toMatch(/^misbehaving: high-hash/);
  });

  it('leads to a headers timeout if it never ends and another sync peer is available', async () => {
    const net = new TestNetwork();
    const node = await net.start({ minimumChainWork: 4200n * WORK });
    // The timeout grows with the age of the best header.
    await mine(net, node, 1, { time: START_MS / 1000 - 90_000 });
    const endless = await FakePeer.join(net, node);
    const headers = chain.slice(0, MAX_HEADERS);
    const again = () => net.clock.after(9_500, () => endless.send('headers', { headers }));
    endless.on('getheaders', again);
    again();
    const helpful = await FakePeer.join(net, node);
    serveHeaders(helpful, chain);
    await net.until(() => endless.closed, 40 * 60_000, 500);
    expect(node.disconnects).toEqual(['headers timeout']);
    await net.until(() => node.chain.bestHeader.height === chain.length, 5_000);
  });
});

describe('an unrequested block', () => {
  it('with low work is ignored, and its header is not stored', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const start = node.chain.tip;
    await mine(net, node, 160);
    const old = mineBlock(start, { time: START_MS / 1000 + 1, tag: 7 });
    const recent = mineBlock(node.chain.atHeight(100)!, { time: START_MS / 1000 + 200, tag: 7 });
    const peer = await FakePeer.join(net, node);
    peer.send('block', old);
    peer.send('block', recent);
    await net.until(() => node.chain.getIndex(recent.hash) !== undefined, 1000);
    expect(node.chain.getIndex(old.hash)).toBeUndefined();
    expect(peer.closed).toBe(false);
  });
});
