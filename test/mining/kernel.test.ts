import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromReversedHex } from '../../src/bytes/hex.ts';
import { chainParams } from '../../src/consensus/params.ts';
import { compactToTarget } from '../../src/consensus/pow.ts';
import { buildSearchKernel, LANES, SearchKernel } from '../../src/mining/kernel/search-kernel.ts';
import { INITIAL_STATE, ROUND_CONSTANTS } from '../../src/mining/kernel/sha256.ts';
import { leb } from '../../src/mining/kernel/wasm.ts';
import { runSearchJob, stopSearch } from '../../src/mining/search-job.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

const compileKernel = () => new WebAssembly.Module(buildSearchKernel());

function doubleSha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(createHash('sha256').update(data).digest()).digest();
}

/** Mainnet block 125,552. */
const header125552 = new BlockHeader({
  version: 1,
  prevHash: fromReversedHex('00000000000008a3a41b85b8b29ad444def299fee21793cd8b9e567eab02cd81'),
  merkleRoot: fromReversedHex('2b12fcf1b09288fcaff797d71e950e71ae42b91e8bdb2304758dfcffc2b620e3'),
  time: 1305998791,
  bits: 0x1a44b9f2,
  nonce: 2504433986,
});

describe('the SHA-256 constants', () => {
  it('match FIPS 180-4', () => {
    expect(INITIAL_STATE.map((word) => word.toString(16))).toEqual(
      '6a09e667 bb67ae85 3c6ef372 a54ff53a 510e527f 9b05688c 1f83d9ab 5be0cd19'.replace(/\b0/g, '').split(' '),
    );
    expect(ROUND_CONSTANTS).toHaveLength(64);
    expect(ROUND_CONSTANTS.slice(0, 4)).toEqual([0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5]);
    expect(ROUND_CONSTANTS.slice(-4)).toEqual([0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2]);
  });
});

describe('LEB128', () => {
  it('encodes seven bits per byte', () => {
    expect(leb(0)).toEqual([0]);
    expect(leb(127)).toEqual([127]);
    expect(leb(128)).toEqual([0x80, 1]);
    expect(leb(624485)).toEqual([0xe5, 0x8e, 0x26]);
    expect(leb(0xffff_ffff)).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f]);
  });
});

describe('the search kernel', () => {
  it('finds the nonces of real blocks', () => {
    const module = compileKernel();
    const { header: genesis } = chainParams('main').genesis;
    for (const header of [genesis, header125552]) {
      const { target } = compactToTarget(header.bits);
      const kernel = new SearchKernel(module, header.encode(), target);
      const group = header.nonce - (header.nonce % LANES);
      expect(kernel.nextCandidates(group - 400, 1000)).toBe(group);
      expect(kernel.nextCandidates(group - 400, 400)).toBeUndefined();
      expect(kernel.nextCandidates(group + LANES, 400)).toBeUndefined();
    }
  });

  it('finds exactly the same nonces as node:crypto', () => {
    const module = compileKernel();
    const random = new SeededRandom(7);
    const target = 1n << 246n;
    for (let i = 0; i < 4; i++) {
      const header = random.bytes(80);
      const view = new DataView(header.buffer);
      const first = i === 0 ? 2 ** 32 - 4096 : LANES * i * 1000;
      const expected: number[] = [];
      for (let nonce = first; nonce < first + 4096; nonce++) {
        view.setUint32(76, nonce, true);
        const highest = doubleSha256(header).readUInt32LE(28);
        const group = nonce - (nonce % LANES);
        if (highest <= Number(target >> 224n) && expected.at(-1) !== group) expected.push(group);
      }
      expect(expected.length).toBeGreaterThan(0);

      const kernel = new SearchKernel(module, header, target);
      const found: number[] = [];
      for (let from = first; from < first + 4096; ) {
        const group = kernel.nextCandidates(from, first + 4096 - from);
        if (group === undefined) break;
        found.push(group);
        from = group + LANES;
      }
      expect(found).toEqual(expected);
    }
  });
});

describe('runSearchJob', () => {
  const { target } = compactToTarget(header125552.bits);
  const job = (firstNonce: number, count: number) => ({
    header: header125552.encode(),
    target,
    firstNonce,
    count,
    control: new Int32Array(new SharedArrayBuffer(8)),
  });

  it('finds the nonce and counts the hashes', () => {
    const module = compileKernel();
    const { nonce } = header125552;
    expect(runSearchJob(module, job(nonce - 1001, 5000))).toEqual({ nonce, hashes: 1002 });
    expect(runSearchJob(module, job(nonce - 70_001, 5_000_000))).toEqual({ nonce, hashes: 70_002 });
    expect(runSearchJob(module, job(nonce, 1))).toEqual({ nonce, hashes: 1 });
  });

  it('stays within the given nonces', () => {
    const module = compileKernel();
    const { nonce } = header125552;
    expect(runSearchJob(module, job(nonce - 1001, 1001))).toEqual({ nonce: undefined, hashes: 1001 });
    expect(runSearchJob(module, job(nonce + 1, 9))).toEqual({ nonce: undefined, hashes: 9 });
  });

  it('does nothing once stopped, and shares ranges with other workers', () => {
    const module = compileKernel();
    const stopped = job(header125552.nonce, 1);
    stopSearch(stopped.control);
    expect(runSearchJob(module, stopped)).toEqual({ nonce: undefined, hashes: 0 });
    const shared = job(header125552.nonce, 100_000);
    // Another worker has taken the first range.
    shared.control[0] = 1;
    expect(runSearchJob(module, shared)).toEqual({ nonce: undefined, hashes: 100_000 - 65_536 });
  });
});
