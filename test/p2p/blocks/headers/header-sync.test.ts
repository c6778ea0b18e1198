import { describe, expect, it } from 'vitest';
import { Chain } from '../../../../src/chain/chain.ts';
import { regtest } from '../../../../src/consensus/params.ts';
import { HeaderSync } from '../../../../src/p2p/blocks/headers/header-sync.ts';
import { PeerChains } from '../../../../src/p2p/blocks/peer-chain.ts';
import type { Peer } from '../../../../src/p2p/peer/peer.ts';
import type { LocatorMessage } from '../../../../src/p2p/wire/messages/locator.ts';
import { silentLogger } from '../../../../src/platform/logger.ts';
import { atOnce } from '../../../../src/platform/slices.ts';
import { BlockHeader } from '../../../../src/primitives/header.ts';
import { MemoryStore } from '../../../../src/store/memory-store.ts';
import { SeededRandom } from '../../../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../../../src/testing/virtual-clock.ts';
import { headerChain } from '../../support/headers.ts';
import { START_MS } from '../../support/network.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 3_600;

interface HeaderPeer {
  readonly peer: Peer;
  /** The first hash of each `getheaders`, in hex. */
  readonly requests: string[];
  readonly commands: string[];
  reason: string | undefined;
}

const hex = (hash: Uint8Array) => Buffer.from(hash).toString('hex');

/** A header sync on a chain of five headers, of which the last one is `age` seconds old. */
async function start(options: { age?: number; minimumChainWork?: bigint } = {}) {
  const { age = 30 * DAY, minimumChainWork = 0n } = options;
  const clock = new VirtualClock(START_MS);
  const params = { ...regtest, minimumChainWork };
  const chain = await Chain.open({ params }, { clock, logger: silentLogger, store: new MemoryStore() });
  const { hash, bits } = chain.tip;
  const known = headerChain({ hash, bits, time: START_MS / 1000 - age - 5 }, 5, { mined: true });
  chain.acceptHeaders(known);
  const chains = new PeerChains(chain);
  let processed = 0;
  const sync = new HeaderSync(
    { chain, chains, clock, random: new SeededRandom(1), logger: silentLogger },
    () => processed++,
  );
  let nextId = 0;
  const connect = (fields: { inbound?: boolean; services?: bigint; version?: number } = {}): HeaderPeer => {
    const { inbound = false, services = 9n, version = 70_016 } = fields;
    const fake = { requests: [] as string[], commands: [] as string[], reason: undefined as string | undefined };
    const end = (reason: string) => {
      fake.reason ??= reason;
    };
    const send = (command: string, { locator }: LocatorMessage) => {
      if (command === 'getheaders') fake.requests.push(hex(locator[0]!));
      else fake.commands.push(command);
    };
    const peer = { id: nextId++, inbound, services, handshake: { version }, send, misbehaving: end, disconnect: end };
    const connected = Object.assign(fake, { peer: peer as unknown as Peer });
    chains.peerReady(connected.peer);
    sync.peerReady(connected.peer);
    return connected;
  };
  const receive = ({ peer }: HeaderPeer, headers: readonly BlockHeader[]) => atOnce(sync.received(peer, headers));
  const close = ({ peer }: HeaderPeer) => {
    chains.peerClosed(peer);
    sync.peerClosed(peer);
  };
  const tick = (ms: number) => {
    clock.advance(ms);
    sync.tick();
  };
  const more = (count: number, tag = 0) => headerChain(chain.bestHeader, count, { mined: true, tag });
  return { chain, chains, clock, close, connect, known, more, processed: () => processed, receive, sync, tick };
}

const counts = (...peers: HeaderPeer[]) => peers.map(({ requests }) => requests.length);

describe('headers are requested', () => {
  it.each([
    [DAY, [1, 0, 0]],
    [DAY - 1, [1, 1, 1]],
  ])('if the best header is %d seconds old from one peer, or from all: %s', async (age, expected) => {
    const { connect, sync } = await start({ age });
    const peers = [connect(), connect(), connect({ inbound: true })];
    expect(counts(...peers)).toEqual(expected);
    expect(peers.map(({ peer }) => sync.hasRequestedChain(peer))).toEqual(expected.map((count) => count === 1));
    expect(sync.isActive).toBe(age === DAY);
  });

  it("from the best header's parent on", async () => {
    const { connect, known } = await start();
    expect(connect().requests).toEqual([hex(known[3]!.hash)]);
  });

  it('from no peer without blocks', async () => {
    for (const age of [60, 30 * DAY]) {
      const { connect } = await start({ age });
      const peers = [connect({ services: 8n }), connect({ services: 1024n })];
      expect(counts(...peers)).toEqual([0, 1]);
    }
  });

  it('from the next peer when one has sent its headers, outbound peers first', async () => {
    const { connect, known, receive, sync } = await start();
    const [first, inbound, outbound] = [connect(), connect({ inbound: true }), connect()];
    receive(first, known.slice(4));
    expect(counts(first, inbound, outbound)).toEqual([1, 0, 1]);
    receive(outbound, []);
    expect(counts(first, inbound, outbound)).toEqual([1, 1, 1]);
    receive(inbound, known.slice(4));
    expect([counts(first, inbound, outbound), sync.isActive]).toEqual([[1, 1, 1], false]);
  });

  it('from the next peer when the connection is closed', async () => {
    const { close, connect, sync } = await start();
    const [first, second] = [connect(), connect()];
    close(first);
    expect([counts(second), sync.hasRequestedChain(first.peer)]).toEqual([[1], false]);
  });

  it('from the next peer after more than ten seconds without an answer', async () => {
    const { connect, tick } = await start();
    const [first, second] = [connect(), connect()];
    tick(10 * SECOND);
    expect(counts(first, second)).toEqual([1, 0]);
    tick(1);
    expect(counts(first, second)).toEqual([1, 1]);
    expect(first.reason).toBeUndefined();
  });

  it('from the peer with the fewest timeouts, again after more than two minutes', async () => {
    const { connect, sync, tick } = await start();
    const peer = connect();
    tick(10 * SECOND + 1);
    expect([counts(peer), sync.isActive]).toEqual([[1], false]);
    tick(2 * MINUTE - 10 * SECOND - 1);
    expect(counts(peer)).toEqual([1]);
    tick(1);
    expect(counts(peer)).toEqual([2]);
    const inbound = connect({ inbound: true });
    tick(10 * SECOND + 1);
    expect(counts(peer, inbound)).toEqual([2, 1]);
  });

  it('from an inbound peer before an outbound one that did not answer', async () => {
    const { clock, connect, receive, tick } = await start();
    const silent = connect();
    tick(10 * SECOND + 1);
    const current = connect();
    clock.advance(2 * MINUTE);
    const inbound = connect({ inbound: true });
    expect(counts(silent, current, inbound)).toEqual([1, 1, 0]);
    receive(current, []);
    expect(counts(silent, current, inbound)).toEqual([1, 1, 1]);
  });

  it('from the last one on, after a full message', async () => {
    const { chain, connect, more, receive } = await start({ age: 60 * DAY });
    const peer = connect();
    const headers = more(2_000);
    receive(peer, headers);
    expect(chain.bestHeader.height).toBe(2_005);
    expect(peer.requests[1]).toBe(hex(headers.at(-1)!.hash));
    receive(peer, more(1_999));
    expect(counts(peer)).toEqual([2]);
  });
});

describe('a sync peer that sends headers for too long', () => {
  // Core's HEADERS_DOWNLOAD_TIMEOUT: 15 minutes and a millisecond for each expected header.
  it('is disconnected if there is another one', async () => {
    for (const hasOther of [true, false]) {
      const { clock, connect, more, receive, sync } = await start({ age: 60 * DAY });
      const peer = connect();
      const other = hasOther ? connect() : undefined;
      const expected = Math.floor((60 * DAY) / 600);
      for (let i = 0; i < 2; i++) {
        clock.advance(i === 0 ? 15 * MINUTE + expected - 5 : 6);
        // It has answered just now.
        if (i === 0) receive(peer, more(2_000));
        sync.tick();
        if (i === 0) expect(peer.reason).toBeUndefined();
      }
      expect(peer.reason).toBe(hasOther ? 'headers timeout' : undefined);
      expect(other?.reason).toBeUndefined();
    }
  });
});

describe('an announced block', () => {
  it('that is unknown leads to a request from the best header on, if none is outstanding', async () => {
    const { chains, clock, connect, known, receive, sync } = await start({ age: 60 });
    const peer = connect();
    receive(peer, []);
    sync.announced(peer.peer, known[2]!.hash);
    expect([counts(peer), chains.get(peer.peer)!.bestKnown!.height]).toEqual([[1], 3]);
    sync.announced(peer.peer, new Uint8Array(32).fill(1));
    expect(peer.requests[1]).toBe(hex(known[4]!.hash));
    clock.advance(2 * MINUTE);
    sync.announced(peer.peer, new Uint8Array(32).fill(2));
    expect(counts(peer)).toEqual([2]);
    clock.advance(1);
    sync.announced(peer.peer, new Uint8Array(32).fill(2));
    expect(counts(peer)).toEqual([3]);
  });

  it('leads to one request from a peer while another one is the sync peer', async () => {
    const { clock, connect, receive, sync } = await start();
    connect();
    const other = connect();
    sync.announced(other.peer, new Uint8Array(32).fill(1));
    expect(counts(other)).toEqual([1]);
    clock.advance(3 * MINUTE);
    sync.announced(other.peer, new Uint8Array(32).fill(2));
    expect(counts(other)).toEqual([1]);
    receive(other, []);
    sync.announced(other.peer, new Uint8Array(32).fill(3));
    expect(counts(other)).toEqual([1]);
  });
});

describe('received headers', () => {
  it('that connect are stored, and show what the peer has', async () => {
    const { chain, chains, clock, connect, more, processed, receive } = await start({ age: 60 });
    const peer = connect();
    clock.advance(5 * SECOND);
    const headers = more(3);
    const before = processed();
    receive(peer, headers);
    expect([chain.bestHeader.height, processed() - before]).toEqual([8, 1]);
    const peerChain = chains.get(peer.peer)!;
    expect([peerChain.bestKnown!.height, peerChain.announcedAt]).toEqual([8, clock.monotonic()]);
    const second = connect();
    clock.advance(5 * SECOND);
    receive(second, headers);
    // It was not the first one.
    expect([chains.get(second.peer)!.bestKnown!.height, chains.get(second.peer)!.announcedAt]).toEqual([8, 0]);
  });

  it('that do not connect lead to one request in two minutes', async () => {
    const { chain, clock, connect, known, receive } = await start({ age: 60 });
    const peer = connect();
    receive(peer, []);
    const orphans = headerChain({ hash: new Uint8Array(32).fill(1), bits: chain.tip.bits, time: START_MS / 1000 }, 2, {
      mined: true,
    });
    receive(peer, orphans);
    expect(peer.requests[1]).toBe(hex(known[4]!.hash));
    clock.advance(2 * MINUTE);
    receive(peer, orphans);
    expect(counts(peer)).toEqual([2]);
    clock.advance(1);
    receive(peer, orphans);
    expect([counts(peer), peer.reason]).toEqual([[3], undefined]);
  });

  it('that do not connect show what the peer has once their parents are known', async () => {
    const { chains, connect, more, receive } = await start({ age: 60 });
    const [peer, other] = [connect(), connect()];
    const headers = more(2);
    receive(peer, headers.slice(1));
    receive(other, headers);
    expect(chains.get(peer.peer)!.bestKnown!.height).toBe(7);
  });

  it('that the chain rejects are misbehaviour', async () => {
    const { chain, connect, receive } = await start({ age: 60 });
    const peer = connect();
    const { hash, bits } = chain.bestHeader;
    receive(peer, headerChain({ hash, bits, time: 1 }, 1, { mined: true }));
    expect(peer.reason).toMatch(/^time-too-old/);
  });

  it.each<[string, (headers: BlockHeader[]) => BlockHeader[], RegExp]>([
    ['that are not continuous', (headers) => [headers[0]!, headers[2]!], /^non-continuous headers$/],
    ['that are in the wrong order', (headers) => headers.toReversed(), /^non-continuous headers$/],
    [
      'without proof of work',
      (headers) => {
        for (let nonce = 0; ; nonce++) {
          const header = new BlockHeader({ ...headers[1]!, nonce });
          if (hex(header.hash).endsWith('ff')) return [headers[0]!, header];
        }
      },
      /^high-hash/,
    ],
  ])('%s are misbehaviour, and none is stored', async (_, change, reason) => {
    const { chain, connect, more, receive } = await start({ age: 60 });
    const peer = connect();
    receive(peer, change(more(3)));
    expect(peer.reason).toMatch(reason);
    expect(chain.bestHeader.height).toBe(5);
  });

  it('of a peer that has left are ignored', async () => {
    const { chain, close, connect, more, receive } = await start({ age: 60 });
    const peer = connect();
    const headers = more(1);
    close(peer);
    receive(peer, headers);
    expect(chain.bestHeader.height).toBe(5);
  });

  it('with less than the minimum work are not stored', async () => {
    // Genesis and five headers have a work of 12.
    for (const [minimumChainWork, height] of [
      [18n, 8],
      [19n, 5],
    ] as const) {
      const { chain, connect, more, processed, receive, sync } = await start({ minimumChainWork });
      const [peer, next] = [connect(), connect()];
      const before = processed();
      receive(peer, more(3));
      expect([chain.bestHeader.height, processed() - before, counts(next), peer.reason]).toEqual([
        ...[height, 1, [1], undefined],
      ]);
      expect([sync.presyncHeight(peer.peer), sync.bestPresyncHeight]).toEqual([undefined, undefined]);
    }
  });
});

describe('sendheaders', () => {
  it.each([
    ['is sent once to a peer with more than the minimum work', 13n, 70_012, 1],
    ['is not sent to a peer with just the minimum work', 14n, 70_012, 0],
    ['is not sent to a peer of an old version', 13n, 70_011, 0],
  ])('%s', async (_, minimumChainWork, version, sent) => {
    const { connect, known, more, receive } = await start({ age: 60, minimumChainWork });
    const peer = connect({ version });
    const headers = more(1);
    receive(peer, known.slice(4));
    expect(peer.commands).toEqual([]);
    for (let i = 0; i < 2; i++) receive(peer, headers);
    expect(peer.commands).toEqual(new Array(sent).fill('sendheaders'));
  });
});
