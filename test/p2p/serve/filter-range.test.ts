import { describe, expect, it } from 'vitest';
import type { Chain } from '../../../src/chain/chain.ts';
import type { BlockIndex } from '../../../src/chain/tree/block-index.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import { FilterServer } from '../../../src/p2p/serve/filter-server.ts';
import { ServiceFlag } from '../../../src/p2p/wire/protocol.ts';
import { atOnce } from '../../../src/platform/slices.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';

const hash = new Uint8Array(32);

/** Requests the filters or filter hashes from `startHeight` to `stopHeight`. Returns the number sent, or the disconnect. */
function requested(method: 'getFilters' | 'getFilterHashes', startHeight: number, stopHeight: number): unknown {
  let stop: { height: number; hash: Uint8Array; prev: unknown } | undefined;
  for (let height = 0; height <= stopHeight; height++) stop = { height, hash, prev: stop };
  const chain = {
    blockFilters: { filter: () => new Uint8Array(1), commitment: () => ({ hash, header: hash }) },
    getIndex: () => stop as unknown as BlockIndex,
    contains: () => true,
  } as unknown as Chain;
  let result: unknown = 0;
  const peer = {
    send: (command: string, message: { filterHashes: readonly Uint8Array[] }) => {
      result = command === 'cfilter' ? (result as number) + 1 : message.filterHashes.length;
    },
    disconnect: (reason: string) => {
      result = reason;
    },
  } as unknown as Peer;
  const server = new FilterServer({ services: ServiceFlag.COMPACT_FILTERS, chain, clock: new VirtualClock() });
  atOnce(server[method](peer, { filterType: 0, startHeight, stopHash: hash }));
  return result;
}

describe('a request for block filters', () => {
  it.each([
    ['getFilters', 1_000],
    ['getFilterHashes', 2_000],
  ] as const)('%s: may be for %i blocks, and no more', (method, max) => {
    expect(requested(method, 1, max)).toBe(max);
    expect(requested(method, 0, max)).toBe(`invalid block filter range: 0 to ${max}`);
    expect(requested(method, 5, 5)).toBe(1);
    expect(requested(method, 6, 5)).toBe('invalid block filter range: 6 to 5');
  });
});

// BIP157: the filter headers at each multiple of 1,000 up to the stop block.
it.each([
  [999, []],
  [1_000, [1_000]],
  [2_999, [1_000, 2_000]],
  [3_000, [1_000, 2_000, 3_000]],
])('checkpoints up to block %d are those of %j', (stopHeight, heights) => {
  const indexes = Array.from({ length: stopHeight + 1 }, (_, height) => ({
    height,
    ancestor: (at: number) => indexes[at],
  }));
  const commitment = ({ height }: { height: number }) => ({ header: height });
  const chain = {
    blockFilters: { commitment },
    getIndex: () => indexes.at(-1),
    contains: () => true,
  } as unknown as Chain;
  const sent: unknown[] = [];
  const peer = { send: (command: string, message: object) => sent.push({ command, ...message }) } as unknown as Peer;
  const server = new FilterServer({ services: ServiceFlag.COMPACT_FILTERS, chain, clock: new VirtualClock() });
  atOnce(server.getCheckpoints(peer, { filterType: 0, stopHash: hash }));
  expect(sent).toEqual([{ command: 'cfcheckpt', filterType: 0, stopHash: hash, filterHeaders: heights }]);
});

it('is refused by a node that indexes filters and does not offer them', () => {
  let reason: string | undefined;
  const chain = { blockFilters: {}, getIndex: () => undefined } as unknown as Chain;
  const peer = {
    disconnect: (text: string) => {
      reason = text;
    },
  } as unknown as Peer;
  const server = new FilterServer({ services: ServiceFlag.NETWORK, chain, clock: new VirtualClock() });
  atOnce(server.getCheckpoints(peer, { filterType: 0, stopHash: hash }));
  expect(reason).toBe('unsupported block filter type 0');
});
