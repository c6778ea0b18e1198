import { describe, expect, it } from 'vitest';
import { InvType } from '../../../src/p2p/wire/messages/inventory.ts';
import { Block } from '../../../src/primitives/block.ts';
import { type BlockPeer, type BlockPeerFields, BlockScene } from '../support/block-peers.ts';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const NETWORK = 1n;
const WITNESS = 8n;
const LIMITED = 1024n;
const RECENT = { age: 60 };

describe('blocks are requested', () => {
  it('from each peer up to 16 at a time, the lowest first, each from one peer', async () => {
    const scene = await BlockScene.start(40);
    const peers = [scene.connect(), scene.connect(), scene.connect()];
    scene.download.refill();
    expect(peers.map(({ requested }) => requested)).toEqual([range(1, 16), range(17, 32), range(33, 40)]);
    expect(peers[0]!.types).toEqual(new Array(16).fill(InvType.WITNESS_BLOCK));
    expect(scene.download.inFlight(peers[2]!.peer)).toEqual(range(33, 40));
    expect(scene.download.requestsFor(scene.chain.getIndex(scene.blocks[0]!.hash)!)).toHaveLength(1);
  });

  it('again from a peer when half of its blocks have come', async () => {
    const scene = await BlockScene.start(40);
    const peer = scene.connect();
    scene.download.refill();
    for (let height = 1; height <= 7; height++) await scene.deliver(peer, height);
    expect(peer.requested).toEqual(range(1, 16));
    await scene.deliver(peer, 8);
    expect(peer.requested).toEqual(range(1, 24));
    expect(scene.download.inFlight(peer.peer)).toEqual(range(9, 24));
  });

  it('up to 1,024 above the last common block, not further', async () => {
    const scene = await BlockScene.start(1_060);
    const peers = range(1, 65).map(() => scene.connect());
    scene.download.refill();
    const requested = () => Math.max(...peers.flatMap((peer) => peer.requested));
    expect(requested()).toBe(1_024);
    await scene.deliver(peers[0]!, 2);
    scene.download.refill();
    expect(requested()).toBe(1_024);
    await scene.deliver(peers[0]!, 1);
    scene.download.refill();
    // The first two blocks are there.
    expect(requested()).toBe(1_026);
  });

  it.each<[string, BlockPeerFields, boolean]>([
    ['with all blocks', {}, true],
    ['without blocks', { services: WITNESS }, false],
    ['without witnesses', { services: NETWORK }, false],
    ['with the last 288 blocks, while the tip is old', { services: WITNESS | LIMITED }, false],
    ['of no known chain', { height: 0 }, false],
    ['of a chain with less work than the tip', { height: 1 }, false],
    ['that is inbound, if there is no other', { inbound: true }, true],
  ])('or not from a peer %s', async (_, fields, isAsked) => {
    const scene = await BlockScene.start(5, { stored: 2 });
    const { requested } = scene.connect(fields);
    scene.download.refill();
    expect(requested).toEqual(isAsked ? [3, 4, 5] : []);
  });

  it('from a peer with the last 288 blocks up to 286 below its best one', async () => {
    const scene = await BlockScene.start(300, { ...RECENT, stored: 1 });
    // The tip, at the first block, is recent.
    expect(scene.chain.isInitialBlockDownload).toBe(false);
    const limited = scene.connect({ services: WITNESS | LIMITED });
    scene.download.refill();
    expect(limited.requested).toEqual(range(15, 30));
  });

  it('from inbound peers, while the tip is old, only if no outbound peer has blocks in flight', async () => {
    const scene = await BlockScene.start(40);
    const outbound = scene.connect();
    const inbound = scene.connect({ inbound: true });
    scene.download.refill();
    expect([outbound.requested, inbound.requested]).toEqual([range(1, 16), []]);
    scene.close(outbound);
    expect(inbound.requested).toEqual(range(1, 16));
  });

  it('from inbound peers as well once the tip is recent', async () => {
    const scene = await BlockScene.start(40, { ...RECENT, stored: 1 });
    const [outbound, inbound] = [scene.connect(), scene.connect({ inbound: true })];
    scene.download.refill();
    expect([outbound.requested, inbound.requested]).toEqual([range(2, 17), range(18, 33)]);
  });

  it("as a compact block if it is the recent tip's child, alone", async () => {
    for (const [count, age, type] of [
      [2, 60, InvType.CMPCT_BLOCK],
      [2, 20 * 600 + 10, InvType.WITNESS_BLOCK],
      [3, 60, InvType.WITNESS_BLOCK],
    ] as const) {
      const scene = await BlockScene.start(count, { age, stored: 1 });
      const { types } = scene.connect();
      scene.download.refill();
      expect(types[0]).toBe(type);
    }
  });

  it('as a whole block while another one is in flight', async () => {
    const scene = await BlockScene.start(3, { ...RECENT, stored: 1 });
    const first = scene.connect();
    scene.download.refill();
    scene.notFound(first, 2);
    const second = scene.connect();
    scene.download.refill();
    expect([second.requested, second.types]).toEqual([[2], [InvType.WITNESS_BLOCK]]);
  });

  it('only of a chain with the minimum work', async () => {
    // Each block of regtest has a work of 2.
    for (const [minimumChainWork, requested] of [
      [8n, [1, 2, 3]],
      [9n, []],
    ] as const) {
      const scene = await BlockScene.start(3, { minimumChainWork });
      const peer = scene.connect();
      scene.download.refill();
      expect(peer.requested).toEqual(requested);
    }
  });

  it('up to an invalid one', async () => {
    const scene = await BlockScene.start(5);
    await scene.chain.invalidateBlock(scene.chain.getIndex(scene.blocks[2]!.hash)!);
    const { requested } = scene.connect();
    scene.download.refill();
    expect(requested).toEqual([1, 2]);
  });

  it('not from a peer that is closed', async () => {
    const scene = await BlockScene.start(5);
    const { peer, requested } = scene.connect();
    Object.assign(peer, { isClosed: true });
    scene.download.refill();
    expect(requested).toEqual([]);
  });

  it('from another peer when the connection closes', async () => {
    const scene = await BlockScene.start(5);
    const first = scene.connect();
    scene.download.refill();
    const second = scene.connect();
    scene.close(first);
    expect(second.requested).toEqual(range(1, 5));
    expect([scene.download.inFlight(first.peer), scene.download.lastCommon(first.peer)]).toEqual([[], undefined]);
  });
});

describe('a peer that answers notfound', () => {
  it('is not asked again for these blocks, but another peer is', async () => {
    const scene = await BlockScene.start(5);
    const first = scene.connect();
    scene.download.refill();
    const second = scene.connect();
    scene.notFound(first, 2, 4);
    expect(second.requested).toEqual([2, 4]);
    scene.close(second);
    scene.tick(1_000);
    expect(first.requested).toEqual(range(1, 5));
    expect(scene.download.inFlight(first.peer)).toEqual([1, 3, 5]);
  });

  it('for a block that was not requested from it has no effect', async () => {
    const scene = await BlockScene.start(20);
    const [first, second] = [scene.connect(), scene.connect()];
    scene.download.refill();
    scene.notFound(second, 1);
    scene.close(first);
    expect(second.requested).toContain(1);
  });

  it('for more than 1,024 announced blocks is disconnected', async () => {
    const scene = await BlockScene.start(1_100);
    const peer = scene.connect();
    scene.download.refill();
    for (let height = 1; height <= 1_024; height++) scene.notFound(peer, height);
    expect(peer.reason).toBeUndefined();
    // So far the window; the first block comes from another peer.
    await scene.deliver(scene.connect({ inbound: true }), 1);
    scene.download.refill();
    scene.notFound(peer, 1_025);
    expect(peer.reason).toBe('announced blocks unavailable');
  });
});

describe('a peer that stalls the window', () => {
  /** A scene in which `staller` owes the first block of a full window, whose first blocks the other peer lacks. */
  async function stalled(): Promise<{ scene: BlockScene; staller: BlockPeer; other: BlockPeer }> {
    const scene = await BlockScene.start(1_100);
    const other = scene.connect();
    scene.download.refill();
    scene.notFound(other, ...range(1, 16));
    const staller = scene.connect();
    scene.download.refill();
    for (let height = 17; height <= 1_024; height++) await scene.deliver(other, height);
    expect(scene.download.inFlight(other.peer)).toEqual([]);
    return { scene, staller, other };
  }

  it('is disconnected after more than two seconds', async () => {
    const { scene, staller, other } = await stalled();
    scene.tick(0);
    scene.tick(2_000);
    expect(staller.reason).toBeUndefined();
    scene.tick(1);
    expect([staller.reason, other.reason]).toEqual(['block download stall', undefined]);
  }, 20_000);

  // Core's BLOCK_STALLING_TIMEOUT_MAX, and a decay of 15% for each block.
  it('has twice as long if the last one stalled as well, at most 64 seconds, and less after each block', async () => {
    const { scene, staller, other } = await stalled();
    let current = staller;
    /** Returns how long the peer may stall, then replaces it. */
    const limit = () => {
      scene.tick(0);
      let waited = 0;
      for (; current.reason === undefined; waited += 100) scene.tick(100);
      scene.close(current);
      current = scene.connect();
      // The other peer waits for the window to move once the blocks are in flight again.
      for (let i = 0; i < 2; i++) scene.download.refill();
      expect(current.requested[0]).toBe(scene.chain.tip.height + 1);
      return waited - 100;
    };
    expect(range(1, 7).map(limit)).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 64_000]);
    for (const height of [1, 2, 3]) await scene.deliver(current, height);
    scene.download.refill();
    // The window has moved by three blocks.
    for (const height of [1_025, 1_026, 1_027]) await scene.deliver(other, height);
    expect(limit()).toBe(Math.floor((64_000 * 0.85 ** 6) / 100) * 100);
  }, 20_000);

  it('is forgiven once it sends a block', async () => {
    const { scene, staller } = await stalled();
    scene.tick(0);
    scene.tick(1_900);
    await scene.deliver(staller, 1);
    scene.download.refill();
    scene.tick(0);
    scene.tick(2_000);
    expect(staller.reason).toBeUndefined();
  }, 20_000);
});

describe('a peer that does not send a block', () => {
  it.each([
    [0, 600_000],
    [1, 900_000],
    [3, 1_500_000],
  ])(
    'is disconnected after ten minutes, and five more for each of %d others with blocks in flight',
    async (others, ms) => {
      const reasonAfter = async (passed: number) => {
        const scene = await BlockScene.start(16 * (others + 1));
        const slow = scene.connect();
        scene.download.refill();
        for (let i = 0; i < others; i++) scene.connect();
        scene.download.refill();
        // Without blocks in flight.
        scene.connect({ height: 0 });
        scene.tick(passed);
        return slow.reason;
      };
      expect([await reasonAfter(ms), await reasonAfter(ms + 1)]).toEqual([undefined, 'block download timeout']);
    },
  );

  it('does not get more time by a request while it owes overdue blocks', async () => {
    const scene = await BlockScene.start(2);
    const slow = scene.connect({ height: 1 });
    scene.download.refill();
    const other = scene.connect();
    scene.download.refill();
    scene.tick(10_001);
    expect(scene.download.inFlight(other.peer)).toEqual([2, 1]);
    // Only the slow peer has the second block.
    scene.notFound(other, 2);
    scene.chains.get(slow.peer)!.learn(scene.chain.bestHeader);
    scene.download.refill();
    expect(slow.requested).toEqual([1, 2]);
    scene.tick(900_000 - 10_001);
    expect(slow.reason).toBeUndefined();
    scene.tick(1);
    expect(slow.reason).toBe('block download timeout');
  });

  it('is disconnected after ten minutes even if another peer has sent it', async () => {
    const scene = await BlockScene.start(1);
    const slow = scene.connect();
    scene.download.refill();
    const other = scene.connect();
    scene.tick(10_001);
    await scene.deliver(other, 1);
    scene.tick(600_000 - 10_001);
    expect(slow.reason).toBeUndefined();
    scene.tick(1);
    expect([slow.reason, other.reason]).toEqual(['block download timeout', undefined]);
  });

  it('does not lose it to a peer that is overdue as well; is asked again once it sends one', async () => {
    const scene = await BlockScene.start(32);
    const [first, second] = [scene.connect(), scene.connect()];
    scene.download.refill();
    scene.tick(10_001);
    expect([scene.download.inFlight(first.peer), scene.download.inFlight(second.peer)]).toEqual([[], range(17, 32)]);
    await scene.deliver(first, 1);
    expect(scene.download.inFlight(first.peer)).toEqual(range(2, 16));
  });

  it.each<[string, bigint, number[]]>([
    ['lacks it', 9n, [1]],
    ['may not be used', 0n, []],
  ])('does not lose it to a peer that %s', async (_, services, absent) => {
    const scene = await BlockScene.start(2);
    const other = scene.connect({ services });
    scene.download.refill();
    scene.notFound(other, ...absent);
    const slow = scene.connect({ height: 1 });
    scene.download.refill();
    scene.tick(10_001);
    expect([scene.download.inFlight(slow.peer), slow.requested]).toEqual([[1], [1]]);
  });

  it('has ten minutes again after each block', async () => {
    const scene = await BlockScene.start(5);
    const slow = scene.connect();
    scene.download.refill();
    scene.tick(599_000);
    await scene.deliver(slow, 1);
    scene.tick(600_000);
    expect(slow.reason).toBeUndefined();
    scene.tick(1);
    expect(slow.reason).toBe('block download timeout');
  });

  it('has ten minutes from its next request on when it had nothing to send', async () => {
    const scene = await BlockScene.start(5);
    const peer = scene.connect({ height: 1 });
    scene.download.refill();
    await scene.deliver(peer, 1);
    scene.tick(3_600_000);
    scene.chains.get(peer.peer)!.learn(scene.chain.bestHeader);
    scene.download.refill();
    scene.tick(600_000);
    expect(peer.reason).toBeUndefined();
    scene.tick(1);
    expect(peer.reason).toBe('block download timeout');
  });

  it('loses it after more than ten seconds to another peer that has it', async () => {
    const scene = await BlockScene.start(3);
    const slow = scene.connect();
    scene.download.refill();
    const other = scene.connect({ height: 2 });
    scene.tick(10_000);
    expect(other.requested).toEqual([]);
    scene.tick(1);
    // The other peer does not have the third block.
    expect([other.requested, scene.download.inFlight(slow.peer)]).toEqual([[1, 2], [3]]);
    // While it owes blocks, it is asked for nothing that another peer has.
    scene.close(other);
    expect(slow.requested).toEqual([1, 2, 3, 1, 2]);
  });
});

describe('a received block', () => {
  it('counts for its sender with the time of its arrival, if it is new', async () => {
    const scene = await BlockScene.start(3);
    const [first, second] = [scene.connect(), scene.connect()];
    scene.download.refill();
    expect(scene.download.lastBlockTime(first.peer)).toBe(0);
    scene.clock.advance(7_000);
    await scene.deliver(first, 1);
    const time = Math.floor(scene.clock.now() / 1000);
    expect([scene.download.lastBlockTime(first.peer), scene.chain.tip.height]).toEqual([time, 1]);
    await scene.deliver(second, 1);
    expect(scene.download.lastBlockTime(second.peer)).toBe(0);
  });

  it('that is invalid is not requested from its sender again, but from another peer', async () => {
    const scene = await BlockScene.start(3);
    const [first, second] = [scene.connect(), scene.connect()];
    scene.download.refill();
    // Its merkle root does not match.
    const { transactions } = scene.blocks[1]!;
    scene.download.received(first.peer, new Block(scene.blocks[0]!.header, transactions));
    await scene.download.idle();
    expect(first.reason).toMatch(/^bad-txnmrklroot/);
    expect(first.requested).toEqual([1, 2, 3]);
    expect(second.requested).toEqual([1]);
  });

  it('that is invalid stays in flight from another peer', async () => {
    const scene = await BlockScene.start(1);
    const [first, second] = [scene.connect(), scene.connect()];
    const index = scene.chain.getIndex(scene.blocks[0]!.hash)!;
    for (const { peer } of [first, second]) scene.download.claim(peer, index);
    const other = await BlockScene.start(2);
    scene.download.received(first.peer, new Block(scene.blocks[0]!.header, other.blocks[1]!.transactions));
    await scene.download.idle();
    expect(scene.download.requestsFor(index).map(({ peer }) => peer)).toEqual([second.peer]);
    await scene.deliver(second, 1);
    expect(scene.download.requestsFor(index)).toEqual([]);
  });

  it('that is invalid is not held against a peer that has left', async () => {
    const scene = await BlockScene.start(3);
    const first = scene.connect();
    scene.download.refill();
    scene.download.received(first.peer, new Block(scene.blocks[0]!.header, scene.blocks[1]!.transactions));
    scene.close(first);
    await scene.download.idle();
    expect(first.reason).toBeUndefined();
  });

  it('that is a mutated form of a known one is misbehaviour', async () => {
    const scene = await BlockScene.start(1, { stored: 1 });
    const peer = scene.connect();
    const [block] = scene.blocks as [Block];
    const mutated = new Block(block.header, [...block.transactions, ...block.transactions]);
    const handling = scene.download.received(peer.peer, mutated);
    if (handling && 'next' in handling) for (const _ of handling);
    expect(peer.reason).toBe('mutated block');
  });

  it('shows that its sender has it', async () => {
    const scene = await BlockScene.start(3, { stored: 1 });
    const peer = scene.connect({ height: 0 });
    await scene.deliver(peer, 2);
    expect(scene.chains.get(peer.peer)!.bestKnown!.height).toBe(2);
    scene.download.refill();
    expect(scene.download.lastCommon(peer.peer)?.height).toBe(2);
  });

  it('makes its sender a candidate for high-bandwidth mode if it is the recent tip, and no other block is in flight', async () => {
    const scene = await BlockScene.start(3, { ...RECENT, stored: 1 });
    const peer = scene.connect();
    scene.download.refill();
    await scene.deliver(peer, 2);
    expect(scene.delivered).toEqual([]);
    await scene.deliver(peer, 3);
    expect(scene.delivered).toEqual([peer.peer]);
    const old = await BlockScene.start(1);
    await old.deliver(old.connect(), 1);
    expect(old.delivered).toEqual([]);
  });
});
