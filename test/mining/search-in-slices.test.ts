import { describe, expect, it } from 'vitest';
import { regtest } from '../../src/consensus/params.ts';
import { searchInSlices } from '../../src/mining/search-in-slices.ts';
import { nonceChecker } from '../../src/mining/search-job.ts';

const header = regtest.genesis.header.encode();
/** One in 4,096 headers meets it. */
const target = (1n << 244n) - 1n;
const meetsTarget = nonceChecker(header, target);

/** The nonces that meet the target, by trying each. */
const solutions: number[] = [];
for (let nonce = 0; solutions.length < 2; nonce++) if (meetsTarget(nonce)) solutions.push(nonce);
const [first, second] = solutions as [number, number];

describe('a search on this thread', () => {
  it('finds the first nonce from its start, and counts the headers that it hashed', async () => {
    const search = (firstNonce: number, count: number) =>
      searchInSlices({ header, target, firstNonce, count }, undefined);
    expect(await search(0, 2 ** 32)).toEqual({ nonce: first, hashes: first + 1 });
    expect(await search(first, 2 ** 20)).toEqual({ nonce: first, hashes: 1 });
    expect(await search(first + 1, 2 ** 20)).toEqual({ nonce: second, hashes: second - first });
  });

  it('tries no more nonces than it may', async () => {
    const search = (firstNonce: number, count: number) =>
      searchInSlices({ header, target, firstNonce, count }, undefined);
    expect(await search(first + 1, second - first - 1)).toEqual({ nonce: undefined, hashes: second - first - 1 });
    expect(await search(first + 1, second - first)).toEqual({ nonce: second, hashes: second - first });
  });

  it('lets timers run, and ends when its signal aborts', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 0);
    // No header meets this target.
    const { nonce } = await searchInSlices({ header, target: 0n, firstNonce: 0, count: 2 ** 32 }, abort.signal);
    expect(nonce).toBe(undefined);
  });
});
