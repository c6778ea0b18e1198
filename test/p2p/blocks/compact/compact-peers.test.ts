import { describe, expect, it } from 'vitest';
import { CompactPeers } from '../../../../src/p2p/blocks/compact/compact-peers.ts';
import type { Peer } from '../../../../src/p2p/peer/peer.ts';
import type { SendCmpctMessage } from '../../../../src/p2p/wire/messages/sendcmpct.ts';

const low = { highBandwidth: false, version: 2n };
const high = { highBandwidth: true, version: 2n };

function start({ blocksOnly = false } = {}) {
  const peers = new CompactPeers({ blocksOnly });
  const connect = (fields: { inbound?: boolean; version?: number } = {}) => {
    const { inbound = false, version = 70_016 } = fields;
    const sent: SendCmpctMessage[] = [];
    const send = (_: string, message: SendCmpctMessage) => sent.push(message);
    const peer = { inbound, handshake: { version }, send } as unknown as Peer;
    peers.peerReady(peer);
    return { peer, sent };
  };
  /** Connects peers that support compact blocks. */
  const connectAll = (...inbound: boolean[]) =>
    inbound.map((isInbound) => {
      const each = connect({ inbound: isInbound });
      peers.received(each.peer, low);
      each.sent.length = 0;
      return each;
    });
  return { peers, connect, connectAll };
}

describe('negotiation of compact blocks', () => {
  it('offers version 2 in low-bandwidth mode to peers from version 70014 on', () => {
    const { connect } = start();
    expect([connect({ version: 70_013 }).sent, connect({ version: 70_014 }).sent]).toEqual([[], [low]]);
  });

  it.each([
    ['version 1 is ignored', { highBandwidth: true, version: 1n }, false, false],
    ['version 3 is ignored', { highBandwidth: true, version: 3n }, false, false],
    ['low-bandwidth mode permits requests', low, true, false],
    ['high-bandwidth mode requests announcements', high, true, true],
  ])('%s', (_, message, mayRequest, wantsAnnouncements) => {
    const { peers, connect } = start();
    const { peer } = connect();
    peers.received(peer, message);
    expect([peers.mayRequest(peer), peers.wantsAnnouncements(peer)]).toEqual([mayRequest, wantsAnnouncements]);
  });

  it('lets a peer change its mode', () => {
    const { peers, connect } = start();
    const { peer } = connect();
    peers.received(peer, high);
    peers.received(peer, { ...low, version: 1n });
    expect(peers.wantsAnnouncements(peer)).toBe(true);
    peers.received(peer, low);
    expect([peers.mayRequest(peer), peers.wantsAnnouncements(peer)]).toEqual([true, false]);
  });

  it('with -blocksonly serves compact blocks, but requests none', () => {
    const { peers, connect } = start({ blocksOnly: true });
    const { peer, sent } = connect();
    peers.received(peer, high);
    peers.delivered(peer);
    expect([peers.mayRequest(peer), peers.wantsAnnouncements(peer), sent]).toEqual([false, true, [low]]);
  });

  it('ends with the connection', () => {
    const { peers, connectAll } = start();
    const [first] = connectAll(false);
    peers.delivered(first!.peer);
    peers.peerClosed(first!.peer);
    expect([peers.announcesToUs(first!.peer), peers.mayRequest(first!.peer)]).toEqual([false, false]);
    peers.received(first!.peer, high);
    expect(peers.wantsAnnouncements(first!.peer)).toBe(false);
  });
});

describe('high-bandwidth mode', () => {
  it('is requested once of a peer that delivers, if it supports compact blocks', () => {
    const { peers, connect, connectAll } = start();
    const without = connect();
    peers.delivered(without.peer);
    expect(without.sent).toEqual([low]);
    const [first] = connectAll(false);
    peers.delivered(first!.peer);
    peers.delivered(first!.peer);
    expect(first!.sent).toEqual([high]);
  });

  it.each([
    ['the one whose last delivery is oldest', [false, false, false, false], [0, 1, 2, 3], 0],
    ['the one whose last delivery is oldest, after another one', [false, false, false, false], [0, 1, 2, 0, 3], 1],
    ['not the last outbound one for an inbound one', [false, true, true, true], [0, 1, 2, 3], 1],
    ['an inbound one if it is the oldest', [true, false, true, true], [0, 1, 2, 3], 0],
    ['one of two outbound ones for an inbound one', [false, false, true, true], [0, 1, 2, 3], 0],
    ['the last outbound one for an outbound one', [false, true, true, false], [0, 1, 2, 3], 0],
    ['any inbound one', [true, true, true, true], [0, 1, 2, 3], 0],
  ])('is of three peers; a fourth one replaces %s', (_, inbound, deliveries, replaced) => {
    const { peers, connectAll } = start();
    const all = connectAll(...inbound);
    for (const i of deliveries) peers.delivered(all[i]!.peer);
    expect(all.map(({ peer }) => peers.announcesToUs(peer))).toEqual(all.map((_each, i) => i !== replaced));
    expect(all.map(({ sent }) => sent)).toEqual(all.map((_each, i) => (i === replaced ? [high, low] : [high])));
  });

  it('passes from a closed peer to another one without a replacement', () => {
    const { peers, connectAll } = start();
    const all = connectAll(false, false, false, false);
    for (const i of [0, 1, 2]) peers.delivered(all[i]!.peer);
    peers.peerClosed(all[1]!.peer);
    peers.delivered(all[3]!.peer);
    expect(all.map(({ sent }) => sent)).toEqual([[high], [high], [high], [high]]);
  });
});
