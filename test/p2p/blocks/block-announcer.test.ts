import { describe, expect, it } from 'vitest';
import type { Chain } from '../../../src/chain/chain.ts';
import type { BlockIndex } from '../../../src/chain/tree/block-index.ts';
import { regtest } from '../../../src/consensus/params.ts';
import { BlockAnnouncer, type BlockAnnouncerModules } from '../../../src/p2p/blocks/block-announcer.ts';
import { PeerChains } from '../../../src/p2p/blocks/peer-chain.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { fakeBlocks } from '../support/fake-blocks.ts';

const main = fakeBlocks(1, 40);
const stale = fakeBlocks(2, 3, main[9]);

interface PeerFields {
  /** Its best block's height. */
  readonly has?: number;
  /** Whether it sent `sendheaders`. */
  readonly headers?: boolean;
  /** Whether it uses high-bandwidth mode. */
  readonly compact?: boolean;
}

function start() {
  const clock = new VirtualClock();
  const state = { isInitialBlockDownload: false, isCatchingUp: false, active: new Set<BlockIndex>(main) };
  const chain = {
    params: regtest,
    get isInitialBlockDownload() {
      return state.isInitialBlockDownload;
    },
    contains: (index: BlockIndex) => state.active.has(index),
    getIndex: () => undefined,
  } as unknown as Chain;
  const chains = new PeerChains(chain);
  const compact = new Set<Peer>();
  const recent = { put: () => {}, compact: (index: BlockIndex) => index.hash };
  const announcer = new BlockAnnouncer({
    ...{ chain, chains, clock, recent, compactPeers: { wantsAnnouncements: (peer: Peer) => compact.has(peer) } },
    catchUp: {
      get isActive() {
        return state.isCatchingUp;
      },
    },
  } as unknown as BlockAnnouncerModules);
  const connect = ({ has = 10, headers = false, compact: wantsCompact = false }: PeerFields = {}) => {
    const sent: string[] = [];
    const of = (hash: Iterable<number>) => [...hash].join(':');
    const peer = {
      send: (command: string, message: { headers: number[][]; entries: { hash: Uint8Array }[] }) => {
        const list = command === 'headers' ? message.headers : message.entries.map(({ hash }) => hash);
        sent.push([command, ...list.map(of)].join(' '));
      },
      sendPayload: (command: string, payload: Uint8Array) => sent.push(`${command} ${of(payload)}`),
    } as unknown as Peer;
    chains.peerReady(peer);
    announcer.peerReady(peer);
    chains.get(peer)!.learn(main[has]!);
    if (headers) announcer.preferHeaders(peer);
    if (wantsCompact) compact.add(peer);
    return { peer, sent };
  };
  /** Connects blocks up to `tip`, above `fork`, and lets the announcements be sent. */
  const connectBlocks = (tip: BlockIndex, fork: BlockIndex) => {
    announcer.tipChanged({ tip, fork } as never);
    clock.advance(0);
  };
  const store = (index: BlockIndex) => announcer.blockStored({ index, block: {} as never });
  return { announcer, clock, connect, connectBlocks, state, store };
}

const headersOf = (from: number, to: number) =>
  ['headers', ...Array.from({ length: to - from + 1 }, (_, i) => `1:${from + i}`)].join(' ');

describe('connected blocks are announced', () => {
  // Core's MAX_BLOCKS_TO_ANNOUNCE is eight.
  it.each<[string, PeerFields, number, string[]]>([
    ['by headers to a peer that asked for them', { headers: true }, 11, [headersOf(11, 11)]],
    ['by headers up to eight', { headers: true }, 18, [headersOf(11, 18)]],
    ['by inv of the last one of nine', { headers: true }, 19, ['inv 1:19']],
    ['by inv of the last one of many', { headers: true }, 35, ['inv 1:35']],
    ['by inv to a peer that did not ask for headers', {}, 12, ['inv 1:12']],
    ['by inv if the headers would not connect', { headers: true, has: 8 }, 12, ['inv 1:12']],
    ['without those that the peer has', { headers: true, has: 12 }, 14, [headersOf(13, 14)]],
    ['not to a peer that has them', { headers: true, has: 12 }, 12, []],
    ['not by inv to a peer that has them', { has: 13 }, 12, []],
    ['by a compact block to a high-bandwidth peer', { compact: true }, 11, ['cmpctblock 1:11']],
    ['by inv to a high-bandwidth peer that lacks the parent', { compact: true, has: 9 }, 11, ['inv 1:11']],
    ['by headers to a high-bandwidth peer, of two', { compact: true, headers: true }, 12, [headersOf(11, 12)]],
    ['by inv to a high-bandwidth peer, of two', { compact: true }, 12, ['inv 1:12']],
  ])('%s', (_, fields, height, expected) => {
    const { connect, connectBlocks } = start();
    const { sent } = connect(fields);
    connectBlocks(main[height]!, main[10]!);
    expect(sent).toEqual(expected);
  });

  it('by headers if the peer was sent the parent', () => {
    for (const [fields, command] of [
      [{ headers: true }, 'headers'],
      [{ compact: true }, 'cmpctblock'],
    ] as const) {
      const { connect, connectBlocks } = start();
      const { sent } = connect(fields);
      connectBlocks(main[11]!, main[10]!);
      connectBlocks(main[12]!, main[11]!);
      expect(sent).toEqual([`${command} 1:11`, `${command} 1:12`]);
    }
  });

  it('together if they are connected in one turn, and once', () => {
    const { announcer, clock, connect } = start();
    const { sent } = connect({ headers: true });
    announcer.tipChanged({ tip: main[11]!, fork: main[10]! } as never);
    announcer.tipChanged({ tip: main[12]!, fork: main[11]! } as never);
    clock.advance(0);
    announcer.tipChanged({ tip: main[13]!, fork: main[12]! } as never);
    clock.advance(1_000);
    expect(sent).toEqual([headersOf(11, 12), headersOf(13, 13)]);
  });

  it('by inv if there are more than eight of one turn, together', () => {
    const { announcer, clock, connect } = start();
    const { sent } = connect({ headers: true });
    for (let height = 11; height <= 30; height++)
      announcer.tipChanged({ tip: main[height]!, fork: main[height - 1]! } as never);
    clock.advance(0);
    expect(sent).toEqual(['inv 1:30']);
  });

  it('not if they have left the active chain meanwhile', () => {
    const { connect, connectBlocks } = start();
    const { sent } = connect({ headers: true });
    connectBlocks(stale[1]!, main[9]!);
    expect(sent).toEqual([]);
  });

  it('of a reorganization by inv, if only the last one is active', () => {
    const { connect, connectBlocks, state } = start();
    const { sent } = connect({ headers: true });
    state.active.add(stale[2]!);
    connectBlocks(stale[2]!, main[9]!);
    expect(sent).toEqual(['inv 2:12']);
  });

  it.each<[string, (scene: ReturnType<typeof start>, peer: Peer) => void]>([
    ['while the node catches up', ({ state }) => (state.isCatchingUp = true)],
    ['to a closed peer', ({ announcer }, peer) => announcer.peerClosed(peer)],
  ])('not %s', (_, prepare) => {
    const scene = start();
    const { peer, sent } = scene.connect({ headers: true });
    prepare(scene, peer);
    scene.connectBlocks(main[11]!, main[10]!);
    expect(sent).toEqual([]);
  });

  it('not after the end', () => {
    const { announcer, clock, connect } = start();
    const { sent } = connect({ headers: true });
    announcer.tipChanged({ tip: main[11]!, fork: main[10]! } as never);
    announcer.close();
    clock.advance(1_000);
    expect(sent).toEqual([]);
  });
});

describe('a stored block is announced before its full validation', () => {
  it.each<[string, PeerFields, string[]]>([
    ['to a high-bandwidth peer that has its parent', { compact: true }, ['cmpctblock 1:11']],
    ['not to one that has it', { compact: true, has: 11 }, []],
    ['not to one that lacks its parent', { compact: true, has: 9 }, []],
    ['not to other peers', { headers: true }, []],
  ])('%s', (_, fields, expected) => {
    const { connect, store } = start();
    const { sent } = connect(fields);
    store(main[11]!);
    expect(sent).toEqual(expected);
  });

  it('once at each height, and not again when it is connected', () => {
    const { connect, connectBlocks, store } = start();
    const { sent } = connect({ compact: true, headers: true });
    store(main[11]!);
    // Of the same height, on the same parent.
    store(fakeBlocks(3, 1, main[10])[0]!);
    connectBlocks(main[11]!, main[10]!);
    store(main[12]!);
    store(main[11]!);
    expect(sent).toEqual(['cmpctblock 1:11', 'cmpctblock 1:12']);
  });

  it('not during the initial block download', () => {
    const { connect, state, store } = start();
    state.isInitialBlockDownload = true;
    const { sent } = connect({ compact: true });
    store(main[11]!);
    expect(sent).toEqual([]);
  });
});
