import { describe, expect, it } from 'vitest';

import type { MempoolEntry } from '../../../src/mempool/entry.ts';
import type { Mempool } from '../../../src/mempool/mempool.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import type { Work } from '../../../src/p2p/peer/work.ts';
import { TxAnnouncer } from '../../../src/p2p/transactions/tx-announcer.ts';
import { type InvEntry, InvType } from '../../../src/p2p/wire/messages/inventory.ts';
import { ServiceFlag } from '../../../src/p2p/wire/protocol.ts';
import { Emitter } from '../../../src/platform/emitter.ts';
import { atOnce } from '../../../src/platform/slices.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';

interface FakePeer {
  readonly peer: Peer;
  /** The ids of each `inv`. */
  readonly invs: number[][];
  readonly types: number[];
  isCongested: boolean;
}

interface EntryFields {
  readonly fee?: bigint;
  /** The fee with the user's priority; default: `fee`. */
  readonly modifiedFee?: bigint;
  readonly vsize?: number;
  readonly ancestorCount?: number;
}

/** An announcer of a mempool without rules. The wtxid of entry `id` begins with its id, the txid is 100,000 more. */
function start({ trickle = false, bloom = false } = {}) {
  const clock = new VirtualClock();
  const entries = new Set<MempoolEntry>();
  const events = new Emitter<{ added: { entry: MempoolEntry }; removed: { entry: MempoolEntry } }>();
  const get = (txid: Uint8Array) => [...entries].find(({ tx }) => tx.txid === txid);
  let nextSequence = 1;
  const mempool = {
    ...{ events, get, entries: () => entries.values() },
    get nextSequence() {
      return nextSequence;
    },
  } as unknown as Mempool;
  const services = bloom ? ServiceFlag.BLOOM : 0n;
  const announcer = new TxAnnouncer({ trickle, services }, { mempool, clock, random: new SeededRandom(1) });
  const hashOf = (id: number) => {
    const hash = new Uint8Array(32);
    new DataView(hash.buffer).setUint32(0, id);
    return hash;
  };
  const add = (id: number, { fee = 1_000n, modifiedFee = fee, vsize = 100, ancestorCount = 1 }: EntryFields = {}) => {
    const tx = { wtxid: hashOf(id), txid: hashOf(100_000 + id) };
    const entry = { tx, fee, modifiedFee, vsize, ancestorCount } as unknown as MempoolEntry;
    entries.add(entry);
    nextSequence++;
    events.emit('added', { entry });
    return entry;
  };
  const remove = (entry: MempoolEntry) => {
    entries.delete(entry);
    events.emit('removed', { entry });
  };
  const connect = (fields: { type?: string; relay?: boolean; wtxidRelay?: boolean } = {}): FakePeer => {
    const { type = 'inbound', relay = true, wtxidRelay = true } = fields;
    const fake = { invs: [] as number[][], types: [] as number[], isCongested: false };
    const peer = {
      ...{ type, inbound: type === 'inbound', handshake: { wtxidRelay, remote: { relay } } },
      get isCongested() {
        return fake.isCongested;
      },
      send: (_: string, { entries: sent }: { entries: readonly InvEntry[] }) => {
        fake.types.push(sent[0]!.type);
        fake.invs.push(sent.map(({ hash }) => new DataView(hash.buffer, hash.byteOffset).getUint32(0)));
      },
      perform: (work: Work) => atOnce(work as Generator<void, void, void>),
    } as unknown as Peer;
    announcer.peerReady(peer);
    return Object.assign(fake, { peer });
  };
  return { add, announcer, clock, connect, hashOf, remove };
}

describe('without trickling, a transaction', () => {
  it('is announced at once, and one time, by the id that the peer uses', () => {
    const { add, clock, connect } = start();
    const [modern, old] = [connect(), connect({ wtxidRelay: false })];
    add(1);
    add(2);
    clock.advance(0);
    clock.advance(60_000);
    expect([modern.invs, old.invs]).toEqual([[[1, 2]], [[100_001, 100_002]]]);
    expect([modern.types, old.types]).toEqual([[InvType.WTX], [InvType.TX]]);
  });

  it.each([
    ['a block-relay-only peer', { type: 'block-relay-only' }, false],
    ['a peer with relay=false', { relay: false }, false],
  ])('is not announced to %s', (_, fields, hasTxRelay) => {
    const { add, announcer, clock, connect } = start();
    add(1);
    const { peer, invs } = connect(fields);
    add(2);
    clock.advance(1_000);
    expect([invs, announcer.hasTxRelay(peer), announcer.relays(peer)]).toEqual([[], hasTxRelay, false]);
  });

  it('is announced to a peer with relay=false once that has set or cleared a Bloom filter (BIP37)', () => {
    const { add, announcer, clock, connect } = start({ bloom: true });
    add(1);
    const { peer, invs } = connect({ relay: false });
    expect([announcer.hasTxRelay(peer), announcer.relays(peer)]).toEqual([true, false]);
    add(2);
    clock.advance(100);
    announcer.setFilter(peer, undefined);
    add(3);
    clock.advance(100);
    expect([invs, announcer.relays(peer)]).toEqual([[[3]], true]);
  });

  it('is not announced to a peer that knows it', () => {
    const { add, announcer, clock, connect, hashOf } = start();
    const [knowing, other] = [connect(), connect()];
    announcer.noteKnown(knowing.peer, hashOf(1));
    add(1);
    add(2);
    clock.advance(0);
    expect([knowing.invs, other.invs]).toEqual([[[2]], [[1, 2]]]);
  });

  it('is not announced once it is removed, nor to a closed peer, nor after the end', () => {
    const { add, announcer, clock, connect, remove } = start();
    const [peer, gone] = [connect(), connect()];
    remove(add(1));
    clock.advance(0);
    announcer.peerClosed(gone.peer);
    add(2);
    clock.advance(0);
    add(3);
    announcer.close();
    clock.advance(1_000);
    add(4);
    clock.advance(1_000);
    expect([peer.invs, gone.invs, announcer.relays(gone.peer)]).toEqual([[[2]], [], false]);
  });

  it('has no effect after the end', () => {
    const { add, announcer, clock, connect } = start();
    const { invs } = connect();
    announcer.close();
    add(1);
    clock.advance(1_000);
    expect(invs).toEqual([]);
  });

  // Core's m_tx_inventory_known_filter has 50,000 elements.
  it('is remembered as known among thousands', () => {
    const { add, announcer, clock, connect, hashOf } = start();
    const { peer, invs } = connect();
    for (let id = 0; id < 9_000; id++) announcer.noteKnown(peer, hashOf(id));
    add(0);
    clock.advance(1_000);
    expect(invs).toEqual([]);
  });

  it('of a mempool of many is announced to a new peer with 1,000 others, 50 milliseconds after those before', () => {
    const { add, clock, connect } = start();
    for (let id = 0; id < 2_001; id++) add(id);
    clock.advance(0);
    const { invs } = connect();
    clock.advance(0);
    expect(invs.map(({ length }) => length)).toEqual([1_000]);
    clock.advance(49);
    expect(invs).toHaveLength(1);
    clock.advance(1);
    expect(invs.map(({ length }) => length)).toEqual([1_000, 1_000]);
    clock.advance(50);
    expect(invs.map(({ length }) => length)).toEqual([1_000, 1_000, 1]);
    expect(new Set(invs.flat()).size).toBe(2_001);
  });

  it('waits while the peer does not read', () => {
    const { add, clock, connect } = start();
    const fake = connect();
    fake.isCongested = true;
    add(1);
    clock.advance(1_000);
    expect(fake.invs).toEqual([]);
    fake.isCongested = false;
    clock.advance(50);
    expect(fake.invs).toEqual([[1]]);
  });
});

describe('a fee filter', () => {
  it.each([
    [10_000n, 1_000n, 100, true],
    [10_001n, 1_000n, 100, false],
    [10_000n, 999n, 100, false],
    [1_001n, 101n, 100, true],
    [1_001n, 100n, 100, false],
    [0n, 0n, 100, true],
  ])('of %d satoshis per 1,000 virtual bytes, and a fee of %d for %d: passes %s', (feeRate, fee, vsize, passes) => {
    const { add, announcer, clock, connect } = start();
    const { peer, invs } = connect();
    expect(announcer.feeFilter(peer)).toBe(0n);
    announcer.setFeeFilter(peer, feeRate);
    expect(announcer.feeFilter(peer)).toBe(feeRate);
    add(1, { fee, vsize });
    clock.advance(0);
    expect(invs).toEqual(passes ? [[1]] : []);
  });

  it.each([
    ['that means no transactions', 9_000_000n, 1_000n, false, true],
    ['of less', 8_999_999n, 1_000n, false, false],
    ['that is replaced by another one that means none', 9_170_997n, 9_000_000n, false, false],
    ['that means no transactions, with trickling', 9_170_997n, 1_000n, true, false],
  ])('%s leads to another announcement of the mempool once it is lowered', (_, before, after, trickle, isRepeated) => {
    const { add, announcer, clock, connect } = start({ trickle });
    const { peer, invs } = connect();
    add(1);
    clock.advance(100_000);
    expect(invs).toEqual([[1]]);
    announcer.setFeeFilter(peer, before);
    announcer.setFeeFilter(peer, after);
    clock.advance(100_000);
    expect(invs).toHaveLength(isRepeated ? 2 : 1);
    // This happens once.
    announcer.setFeeFilter(peer, before);
    announcer.setFeeFilter(peer, after);
    clock.advance(100_000);
    expect(invs).toHaveLength(isRepeated ? 2 : 1);
  });
});

describe('with trickling', () => {
  it('a new peer is not sent the mempool', () => {
    const { add, clock, connect } = start({ trickle: true });
    add(1);
    const { invs } = connect();
    clock.advance(600_000);
    expect(invs).toEqual([]);
  });

  // Core: INVENTORY_BROADCAST_TARGET, and five for each 1,000 that wait.
  it.each([
    [35, 35],
    [36, 35],
    [999, 35],
    [1_000, 40],
    [2_000, 45],
  ])('of %d transactions %d are announced at a time', (count, first) => {
    const { add, clock, connect } = start({ trickle: true });
    const { invs } = connect();
    for (let id = 0; id < count; id++) add(id);
    while (invs.length === 0) clock.advance(100);
    expect(invs[0]).toHaveLength(first);
  });

  it('parents are announced before children, then the highest fee rate first', () => {
    const { add, clock, connect } = start({ trickle: true });
    const { invs } = connect();
    add(1, { ancestorCount: 2, fee: 9_000n });
    add(2, { fee: 100n, modifiedFee: 1_000n });
    add(3, { fee: 3_000n, vsize: 400 });
    add(4, { fee: 2_000n });
    clock.advance(100_000);
    expect(invs).toEqual([[4, 2, 3, 1]]);
  });

  it('a transaction is withheld until it is announced', () => {
    const { add, announcer, clock, connect } = start({ trickle: true });
    const { peer, invs } = connect();
    const entry = add(1);
    expect(announcer.isUnannounced(peer, entry)).toBe(true);
    while (invs.length === 0) clock.advance(100);
    expect(announcer.isUnannounced(peer, entry)).toBe(false);
    const at = start();
    const other = at.connect();
    expect(at.announcer.isUnannounced(other.peer, at.add(1))).toBe(false);
  });

  /** Returns the average delay of 400 announcements to each of two peers, and how many had equal times. */
  const delays = (type: string) => {
    const { add, clock, connect } = start({ trickle: true });
    const peers = [connect({ type }), connect({ type })];
    let [sum, equal] = [0, 0];
    for (let id = 0; id < 400; id++) {
      add(id);
      const times = [0, 0];
      for (let ms = 10; times.includes(0); ms += 10) {
        clock.advance(10);
        for (const [i, { invs }] of peers.entries()) if (times[i] === 0 && invs.length > id) times[i] = ms;
      }
      sum += times[0]! + times[1]!;
      if (times[0] === times[1]) equal++;
    }
    return { mean: sum / 800, equal };
  };

  it('announcements to an outbound peer are two seconds apart on average, at its own times', () => {
    const { mean, equal } = delays('outbound-full-relay');
    expect(mean).toBeGreaterThan(1_800);
    expect(mean).toBeLessThan(2_200);
    expect(equal).toBeLessThan(20);
  });

  it('announcements to inbound peers are five seconds apart on average, at the same times', () => {
    const { mean, equal } = delays('inbound');
    expect(mean).toBeGreaterThan(4_500);
    expect(mean).toBeLessThan(5_500);
    expect(equal).toBe(400);
  });
});

describe('a mempool message', () => {
  it('is answered with all entries that pass the fee filter, also known ones, once for several messages', () => {
    const { add, announcer, clock, connect, remove } = start();
    for (const id of [1, 2]) add(id);
    const { peer, invs } = connect();
    clock.advance(0);
    add(3, { fee: 1n });
    announcer.setFeeFilter(peer, 1_000n);
    remove(add(4));
    announcer.announceMempool(peer);
    announcer.announceMempool(peer);
    clock.advance(1_000);
    expect(invs).toEqual([
      [1, 2],
      [1, 2],
    ]);
    announcer.announceMempool(peer);
    clock.advance(1_000);
    expect(invs).toHaveLength(3);
  });
});

it('counts what is yet to be announced, and notes how far the mempool was at the last announcement', () => {
  const { add, announcer, clock, connect } = start({ trickle: true });
  const { peer } = connect();
  const deaf = connect({ type: 'block-relay-only' });
  expect(announcer.progress(peer)).toEqual({ lastInvSequence: 1, invToSend: 0 });
  for (const id of [1, 2, 3]) add(id);
  expect(announcer.progress(peer)).toEqual({ lastInvSequence: 1, invToSend: 3 });
  clock.advance(60_000);
  expect(announcer.progress(peer)).toEqual({ lastInvSequence: 4, invToSend: 0 });
  add(4);
  expect(announcer.progress(peer)).toEqual({ lastInvSequence: 4, invToSend: 1 });
  expect(announcer.progress(deaf.peer)).toEqual({ lastInvSequence: 0, invToSend: 0 });
});
