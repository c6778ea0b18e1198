import { describe, expect, it } from 'vitest';
import type { BlockIndex } from '../../src/chain/tree/block-index.ts';
import type { Peer } from '../../src/p2p/peer/peer.ts';
import type { Block } from '../../src/primitives/block.ts';
import { encodeFilter, filterHash, filterHeader, NO_FILTER_HEADER } from '../../src/proofs/block-filter.ts';
import { FilterScanner } from '../../src/spv/filters/filter-scanner.ts';
import type { Watcher } from '../../src/spv/watcher.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const WANTED = Uint8Array.of(1, 2, 3);

/** A scanner of blocks whose filters are given, with one peer. Blocks arrive when the test says so. */
function setUp(filters: readonly ('match' | 'none' | Uint8Array)[], resumeAfter?: (scanned: number) => number) {
  const indexes = [undefined, ...filters].map(
    (_, height) => ({ height, hash: new Uint8Array(32).fill(height + 1) }) as unknown as BlockIndex,
  );
  const encoded = [new Uint8Array(1), ...filters].map((filter, height) => {
    if (typeof filter === 'object') return filter;
    return encodeFilter(indexes[height]!.hash, filter === 'match' ? [WANTED] : [Uint8Array.of(9)]);
  });
  const headers: Uint8Array[] = [];
  for (const filter of encoded) headers.push(filterHeader(headers.at(-1) ?? NO_FILTER_HEADER, filterHash(filter)));
  const clock = new VirtualClock();
  const log: string[] = [];
  const peer = {
    send: (command: string, { startHeight, stopHash }: { startHeight: number; stopHash: Uint8Array }) =>
      log.push(`${command} ${startHeight} to ${stopHash[0]! - 1}`),
    disconnect: (reason: string) => log.push(`disconnect: ${reason}`),
    misbehaving: (reason: string) => log.push(`misbehaving: ${reason}`),
  } as unknown as Peer;
  const fetches = new Map<number, () => void>();
  const chain = {
    tip: indexes.at(-1),
    filterHeight: filters.length,
    atHeight: (height: number) => indexes[height],
    filterHeader: (height: number) => headers[height],
    contains: () => true,
  };
  const blocks = {
    fetch: (index: BlockIndex) =>
      new Promise<Block>((resolve) => {
        log.push(`fetch ${index.height}`);
        fetches.set(index.height, () => resolve({} as Block));
      }),
  };
  const watcher: Watcher = {
    start: () => indexes[0]!,
    scripts: () => [WANTED],
    found: () => true,
    rewindTo: ({ height }) => log.push(`rewind to ${height}`),
    scanned: () => {},
    ...(resumeAfter ? { resumeAfter: ({ height }: BlockIndex) => indexes[resumeAfter(height)]! } : {}),
  };
  const modules = { chain, blocks, clock, source: () => peer };
  const scanner = new FilterScanner(modules as unknown as ConstructorParameters<typeof FilterScanner>[0], watcher);
  return {
    ...{ scanner, clock, peer, chain, indexes },
    /** Returns what was sent and fetched since the last call. */
    take: () => log.splice(0),
    receive: (...heights: readonly number[]) => {
      for (const height of heights) {
        const message = { filterType: 0, blockHash: indexes[height]!.hash, filter: encoded[height]! };
        scanner.received(peer, message);
      }
    },
    arrive: async (height: number) => {
      fetches.get(height)!();
      await new Promise(setImmediate);
    },
  };
}

describe('a scan by block filters', () => {
  it('holds filters of at most eight megabytes while a block is fetched, and requests the others again', async () => {
    const large = () => new Uint8Array(3_000_000).fill(0xff);
    const { scanner, take, receive, arrive } = setUp(['match', large(), large(), large(), 'none', 'none']);
    scanner.step();
    expect(take()).toEqual(['getcfilters 1 to 6']);
    receive(1, 2, 3, 4, 5, 6);
    expect(take()).toEqual(['fetch 1']);
    await arrive(1);
    for (const height of [2, 3, 4]) {
      expect(take(), `malformed filter ${height}`).toEqual([`fetch ${height}`]);
      await arrive(height);
    }
    expect(take()).toEqual(['getcfilters 5 to 6']);
    expect(scanner.scanned.height).toBe(4);
    // The queue is empty again.
    receive(5);
    expect(take()).toEqual([]);
    receive(6);
    expect(scanner.scanned.height).toBe(6);
  });

  it('disconnects a peer that sends no filter for twenty seconds', () => {
    const { scanner, clock, take, receive } = setUp(['none', 'none', 'none']);
    scanner.step();
    clock.advance(20_000);
    receive(1);
    clock.advance(20_000);
    scanner.tick();
    expect(take()).toEqual(['getcfilters 1 to 3']);
    clock.advance(1);
    scanner.tick();
    expect(take()).toEqual(['disconnect: filter timeout']);
  });

  it('fetches a disputed block that the watcher would skip, and no longer once a reorganisation removes it', async () => {
    const { scanner, take, receive, arrive, indexes } = setUp(['none', 'none', 'none', 'none', 'none'], (scanned) =>
      scanned >= 1 ? 5 : scanned,
    );
    scanner.step();
    take();
    scanner.force(indexes[2]!);
    scanner.force(indexes[4]!);
    receive(1);
    scanner.tipChanged(indexes[3]!, indexes[5]!);
    expect(take()).toEqual(['fetch 2']);
    await arrive(2);
    // Not 4: it is disconnected.
    expect(take()).toEqual([]);
    expect(scanner.scanned.height).toBe(5);
  });

  it('delivers a disputed block at once if it is scanned, and scans later ones again', async () => {
    const { scanner, take, receive, arrive, indexes } = setUp(['none', 'none', 'none']);
    scanner.step();
    receive(1, 2, 3);
    take();
    scanner.force(indexes[2]!);
    expect(take()).toEqual(['fetch 2']);
    await arrive(2);
    expect(take()).toEqual(['rewind to 2', 'getcfilters 3 to 3']);
  });

  it('goes back to where the watcher wants it, and on', () => {
    let isRepeated = false;
    const { scanner, take, receive } = setUp(['none', 'none', 'none'], (scanned) => {
      if (scanned < 3 || isRepeated) return scanned;
      isRepeated = true;
      return 1;
    });
    scanner.step();
    receive(1, 2, 3);
    expect(take()).toEqual(['getcfilters 1 to 3', 'getcfilters 2 to 3']);
    receive(2, 3);
    expect([take(), scanner.scanned.height]).toEqual([[], 3]);
  });
});
