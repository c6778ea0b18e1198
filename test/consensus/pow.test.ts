import { describe, expect, it } from 'vitest';
import { fromReversedHex } from '../../src/bytes/hex.ts';
import type { HeaderContext } from '../../src/consensus/header-context.ts';
import { chainParams, regtest } from '../../src/consensus/params.ts';
import {
  blockWork,
  checkProofOfWork,
  compactToTarget,
  difficulty,
  hashToBigInt,
  nextWorkRequired,
  permittedDifficultyTransition,
  targetToCompact,
} from '../../src/consensus/pow.ts';
import { extendHeaders, TestHeader } from './support/headers.ts';

const main = chainParams('main');

describe('Compact targets', () => {
  // The examples of Core's arith_uint256 tests.
  const valid: [bits: number, target: bigint, back: number][] = [
    [0x00000000, 0n, 0],
    [0x00123456, 0n, 0],
    [0x01003456, 0n, 0],
    [0x02000056, 0n, 0],
    [0x03000000, 0n, 0],
    [0x04000000, 0n, 0],
    [0x00923456, 0n, 0],
    [0x01803456, 0n, 0],
    [0x02800056, 0n, 0],
    [0x03800000, 0n, 0],
    [0x04800000, 0n, 0],
    [0x01123456, 0x12n, 0x01120000],
    [0x02123456, 0x1234n, 0x02123400],
    [0x03123456, 0x123456n, 0x03123456],
    [0x04123456, 0x12345600n, 0x04123456],
    [0x05009234, 0x92340000n, 0x05009234],
    [0x20123456, 0x123456n << 232n, 0x20123456],
    [0x1d00ffff, 0xffffn << 208n, 0x1d00ffff],
    [0x207fffff, 0x7fffffn << 232n, 0x207fffff],
  ];

  it('decode and encode', () => {
    for (const [bits, target, back] of valid) {
      expect(compactToTarget(bits), bits.toString(16)).toEqual({ target, negative: false, overflow: false });
      expect(targetToCompact(target), bits.toString(16)).toBe(back);
    }
    expect(targetToCompact(0x80n)).toBe(0x02008000);
  });

  it('may be negative or overflow', () => {
    expect(compactToTarget(0x01fedcba)).toEqual({ target: 0x7en, negative: true, overflow: false });
    expect(compactToTarget(0x04923456)).toEqual({ target: 0x12345600n, negative: true, overflow: false });
    expect(compactToTarget(0xff123456).overflow).toBe(true);
    expect(compactToTarget(0x21010000).overflow).toBe(true);
    expect(compactToTarget(0x2100ffff).overflow).toBe(false);
    expect(compactToTarget(0x23000001).overflow).toBe(true);
    expect(compactToTarget(0x220000ff).overflow).toBe(false);
  });
});

describe('Proof of work', () => {
  const genesis = fromReversedHex('000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f');

  it('requires a hash that meets a valid target', () => {
    expect(hashToBigInt(genesis)).toBe(0x000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26fn);
    expect(checkProofOfWork(genesis, 0x1d00ffff, main)).toBe(true);
    // A target of difficulty 16,307.
    expect(checkProofOfWork(genesis, 0x1b0404cb, main)).toBe(false);
    const zero = new Uint8Array(32);
    for (const bits of [0, 0x1d80ffff, 0x1d010000, 0x207fffff, 0xff123456]) {
      expect(checkProofOfWork(zero, bits, main), bits.toString(16)).toBe(false);
    }
    expect(checkProofOfWork(zero, 0x207fffff, regtest)).toBe(true);
  });

  it('counts as the expected number of hashes', () => {
    expect(blockWork(0x1d00ffff)).toBe(0x100010001n);
    expect(blockWork(0x207fffff)).toBe(2n);
    expect(blockWork(0x1e0377ae)).toBe(0x49d414n);
    expect(blockWork(0)).toBe(0n);
    expect(blockWork(0x1d80ffff)).toBe(0n);
  });

  it('is reported as a difficulty', () => {
    expect(difficulty(0x1d00ffff)).toBe(1);
    // Core's RPC prints sixteen digits.
    expect(difficulty(0x207fffff).toPrecision(16)).toBe('4.656542373906925e-10');
    expect(difficulty(0x1e0377ae).toPrecision(16)).toBe('0.001126515290698186');
    expect(difficulty(0x1b0404cb).toPrecision(16)).toBe('16307.42093852398');
  });
});

describe('Retargeting', () => {
  /** Returns the bits after a mainnet period, given the time of its first block and its last block. */
  function bitsAfter(firstTime: number, last: { height: number; time: number; bits: number }): number {
    const first = new TestHeader({ height: last.height - 2015, time: firstTime, bits: last.bits });
    const tip: HeaderContext = {
      ...last,
      hash: new Uint8Array(32),
      version: 1,
      prev: undefined,
      ancestor: (height) => (height === first.height ? first : undefined),
      medianTimePast: () => last.time,
    };
    return nextWorkRequired(tip, last.time + 600, main);
  }

  it('matches known adjustments of mainnet', () => {
    expect(bitsAfter(1261130161, { height: 32255, time: 1262152739, bits: 0x1d00ffff })).toBe(0x1d00d86a);
    // Not above the limit.
    expect(bitsAfter(1231006505, { height: 2015, time: 1233061996, bits: 0x1d00ffff })).toBe(0x1d00ffff);
    // By at most a factor of four in either direction.
    expect(bitsAfter(1279008237, { height: 68543, time: 1279297671, bits: 0x1c05a3f4 })).toBe(0x1c0168fd);
    expect(bitsAfter(1263163443, { height: 46367, time: 1269211443, bits: 0x1c387f6f })).toBe(0x1d00e1fd);
  });

  it("permits only possible transitions, as in Core's tests", () => {
    const permitted = (height: number, oldBits: number, newBits: number) =>
      permittedDifficultyTransition(main, height, oldBits, newBits);
    expect(permitted(32256, 0x1d00ffff, 0x1d00d86a)).toBe(true);
    expect(permitted(2016, 0x1d00ffff, 0x1d00ffff)).toBe(true);
    expect(permitted(68544, 0x1c05a3f4, 0x1c0168fd)).toBe(true);
    expect(permitted(68544, 0x1c05a3f4, 0x1c0168fd - 1)).toBe(false);
    expect(permitted(46368, 0x1c387f6f, 0x1d00e1fd)).toBe(true);
    expect(permitted(46368, 0x1c387f6f, 0x1d00e1fd + 1)).toBe(false);
    // No change within a period; any change on networks with minimum-difficulty blocks.
    expect(permitted(32257, 0x1d00d86a, 0x1d00d86a)).toBe(true);
    expect(permitted(32257, 0x1d00d86a, 0x1d00d86b)).toBe(false);
    expect(permittedDifficultyTransition(regtest, 7, 0x207fffff, 0x1d00ffff)).toBe(true);
  });

  it('happens every 2016 blocks, and measures 2015 intervals', () => {
    const genesis = new TestHeader({ time: 1231006505, bits: 0x1d00ffff });
    const last = extendHeaders(genesis, 2015, 300);
    expect(nextWorkRequired(last.prev!, 0, main)).toBe(0x1d00ffff);
    // 2015 intervals of 300 seconds, relative to two weeks.
    const target = (compactToTarget(0x1d00ffff).target * 604_500n) / 1_209_600n;
    expect(nextWorkRequired(last, 0, main)).toBe(targetToCompact(target));
    const next = extendHeaders(last, 1, 300, 0x1c7fff00);
    expect(nextWorkRequired(next, 0, main)).toBe(0x1c7fff00);
  });

  it('never happens on regtest', () => {
    const genesis = new TestHeader({ time: 1296688602, bits: 0x207fffff });
    for (const count of [143, 144, 2015]) {
      expect(nextWorkRequired(extendHeaders(genesis, count, 1), 0, regtest)).toBe(0x207fffff);
    }
  });

  describe('on testnet', () => {
    const test = chainParams('test');
    const testnet4 = chainParams('testnet4');
    const base = extendHeaders(new TestHeader({ time: 1_400_000_000, bits: 0x1c0ffff0 }), 2015, 600);
    const easy = new TestHeader({ time: base.time + 1201, bits: 0x1d00ffff }, base);

    it('allows minimum difficulty only for a block more than twenty minutes late', () => {
      const tip = extendHeaders(base, 10, 600);
      expect(nextWorkRequired(tip, tip.time + 1200, test)).toBe(0x1c0ffff0);
      expect(nextWorkRequired(tip, tip.time + 1201, test)).toBe(0x1d00ffff);
      const late = new TestHeader({ time: tip.time + 1201, bits: 0x1d00ffff }, tip);
      const later = new TestHeader({ time: late.time + 1201, bits: 0x1d00ffff }, late);
      expect(nextWorkRequired(later, later.time + 1, test)).toBe(0x1c0ffff0);
    });

    it('keeps minimum difficulty for a period that starts with it', () => {
      expect(easy.height).toBe(2016);
      expect(nextWorkRequired(easy, easy.time + 1, test)).toBe(0x1d00ffff);
    });

    it('starts from the bits of the first block of the period under BIP94, of the last on testnet3', () => {
      const period = extendHeaders(base, 2015, 600);
      const last = new TestHeader({ time: period.time + 1201, bits: 0x1d00ffff }, period);
      expect(last.height).toBe(4031);
      const elapsed = BigInt(last.time - last.ancestor(2016)!.time);
      const scaled = (bits: number) => targetToCompact((compactToTarget(bits).target * elapsed) / 1_209_600n);
      expect(nextWorkRequired(last, 0, testnet4)).toBe(scaled(0x1c0ffff0));
      expect(nextWorkRequired(last, 0, test)).toBe(0x1d00ffff);
    });
  });
});
