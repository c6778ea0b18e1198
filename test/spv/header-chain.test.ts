import { beforeAll, describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/bytes/compare.ts';
import { chainParams, regtest } from '../../src/consensus/params.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { filterHash, filterHeader, NO_FILTER_HEADER } from '../../src/proofs/block-filter.ts';
import { HeaderChain } from '../../src/spv/header-chain.ts';
import { ProofStore } from '../../src/spv/proof-store.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { FaultyStore } from '../chain/support/faulty-store.ts';
import { START_MS } from '../p2p/support/network.ts';
import { ServedChain } from './support/light-network.ts';

const plain = (count: number, tag: number) => Array.from({ length: count }, () => ({ tag }));
/** Two branches, with more than two chunks of headers and of filter headers. */
let left: ServedChain;
let right: ServedChain;
const FORK = 200;

const open = (store: Store, params = regtest) =>
  HeaderChain.open(params, { store, clock: new VirtualClock(START_MS), logger: silentLogger });

beforeAll(() => {
  left = ServedChain.of(plain(260, 1));
  right = ServedChain.of(plain(80, 2), left.blocks.slice(0, FORK + 1));
});

const headersOf = (chain: ServedChain, from: number, to: number) =>
  chain.blocks.slice(from, to + 1).map(({ header }) => header);
const hashesOf = (chain: ServedChain, from: number, to: number) => chain.filters.slice(from, to + 1).map(filterHash);

function filterHeadersOf(chain: ServedChain): Uint8Array[] {
  let header: Uint8Array = NO_FILTER_HEADER;
  return chain.filters.map((filter) => {
    header = filterHeader(header, filterHash(filter));
    return header;
  });
}

/** Applies every kind of change, and writes each before the next. */
async function live(chain: HeaderChain): Promise<void> {
  for (let to = 50; to <= 260; to += 70) {
    chain.acceptHeaders(headersOf(left, 1, to));
    await chain.flush();
    chain.appendFilterHashes(hashesOf(left, chain.filterHeight + 1, to - 3));
    await chain.flush();
  }
  chain.truncateFilterHeaders(150);
  await chain.flush();
  chain.appendFilterHashes(hashesOf(left, 151, 255));
  await chain.flush();
  chain.acceptHeaders(headersOf(right, FORK + 1, 280));
  await chain.flush();
  chain.appendFilterHashes(hashesOf(right, chain.filterHeight + 1, 280));
  await chain.flush();
}

/** Expects a prefix of one of the two branches, with the right filter headers up to some height. */
function expectWhole(chain: HeaderChain): void {
  const { tip } = chain;
  const which = [left, right].find(({ blocks }) => blocks[tip.height]?.hashHex === tip.hashHex);
  expect(which).toBeDefined();
  expect(chain.filterHeight).toBeLessThanOrEqual(tip.height);
  const headers = filterHeadersOf(which!);
  for (let height = 0; height <= tip.height; height++) {
    expect(equalBytes(chain.atHeight(height)!.hash, which!.blocks[height]!.hash)).toBe(true);
    const header = chain.filterHeader(height);
    if (height <= chain.filterHeight) expect(equalBytes(header!, headers[height]!)).toBe(true);
    else expect(header).toBeUndefined();
  }
}

describe('stored headers', () => {
  it('are consistent after a crash at any write, and continue from there', async () => {
    const rehearsal = new FaultyStore(new MemoryStore(), () => false);
    await live(await open(rehearsal));
    expect(rehearsal.writes).toBeGreaterThan(10);
    const seen = new Set<string>();
    for (let last = 0; last < rehearsal.writes; last++) {
      const disk = new MemoryStore();
      const dying = open(new FaultyStore(disk, (write) => write > last)).then(live);
      await expect(dying).rejects.toThrow('the disk is gone');
      const chain = await open(disk);
      expectWhole(chain);
      seen.add(`${chain.tip.height} ${chain.filterHeight}`);
      if (chain.tip.height < 280) await live(chain).catch(() => {});
      chain.acceptHeaders(headersOf(right, 1, 280));
      chain.appendFilterHashes(hashesOf(right, chain.filterHeight + 1, 280));
      await chain.flush();
      const again = await open(disk);
      expectWhole(again);
      expect([again.tip.hashHex, again.filterHeight]).toEqual([right.blocks[280]!.hashHex, 280]);
    }
    expect(seen.size).toBeGreaterThan(8);
  });

  it('take one page per 84 headers, and full chunks are not written again', async () => {
    const store = new MemoryStore();
    const chain = await open(store);
    await live(chain);
    const bytes = [...store.entries()].reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    expect(bytes).toBeLessThan(281 * (48 + 32) + 200);
    const before = new Map([...store.entries()].map(([key, value]) => [key.join(), value]));
    chain.acceptHeaders(headersOf(ServedChain.of(plain(1, 3), right.blocks), 281, 281));
    await chain.flush();
    const changed = [...store.entries()].filter(([key, value]) => before.get(key.join()) !== value);
    // The last chunk of headers, the tip, the format version.
    expect(changed.length).toBeLessThanOrEqual(3);
  });

  it('with any one value damaged or missing are reported as corrupt, or only lack filter headers', async () => {
    const build = async () => {
      const store = new MemoryStore();
      await live(await open(store));
      return store;
    };
    const original = [...(await build()).entries()].map(([key, value]): [Uint8Array, Uint8Array] => [
      key,
      value.slice(),
    ]);
    let refused = 0;
    for (const [damaged, value] of original) {
      const others = [
        undefined,
        new Uint8Array(0),
        Uint8Array.of(0xff),
        value.map((byte) => byte ^ 1),
        value.slice(32),
      ];
      for (const other of others) {
        const store = new MemoryStore();
        store.writeSync(original.map(([key, kept]) => ({ type: 'put', key, value: kept })));
        store.writeSync([other ? { type: 'put', key: damaged, value: other } : { type: 'delete', key: damaged }]);
        try {
          const chain = await open(store);
          expect(chain.tip.hashHex).toBe(right.blocks[280]!.hashHex);
          // A wrong filter header is corrected by the first honest peer.
          expect(damaged[0]).toBe(0x66);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/corrupt-database|other-network/) });
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(original.length * 3);
  });

  it('with an unreadable payment proof are reported as corrupt', () => {
    for (const kind of [0x70, 0x71]) {
      for (const value of [new Uint8Array(0), new Uint8Array(37).fill(0xff)]) {
        const store = new MemoryStore();
        store.writeSync([{ type: 'put', key: Uint8Array.of(kind, ...new Uint8Array(32)), value }]);
        expect(() => new ProofStore(store)).toThrow(expect.objectContaining({ code: 'corrupt-database' }));
      }
    }
  });

  it('of another network are rejected', async () => {
    const store = new MemoryStore();
    await (await open(store)).flush();
    await expect(open(store, chainParams('signet'))).rejects.toMatchObject({ code: 'other-network' });
  });
});
