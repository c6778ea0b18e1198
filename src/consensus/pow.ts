import type { HeaderContext } from './header-context.ts';
import { type ChainParams, difficultyInterval } from './params.ts';

export interface CompactTarget {
  /** 256 bits; what it is worth little where `negative` or `overflow` is set. */
  readonly target: bigint;
  readonly negative: boolean;
  /** The number is wider than 256 bits. */
  readonly overflow: boolean;
}

/** A target from its compact form: a byte for its length in bytes, then a sign bit and its 23 leading bits. */
export function compactToTarget(bits: number): CompactTarget {
  const size = bits >>> 24;
  let word = bits & 0x007f_ffff;
  let target: bigint;
  if (size <= 3) {
    word >>>= 8 * (3 - size);
    target = BigInt(word);
  } else {
    target = BigInt.asUintN(256, BigInt(word) << BigInt(8 * (size - 3)));
  }
  return {
    target,
    negative: word !== 0 && (bits & 0x0080_0000) !== 0,
    overflow: word !== 0 && (size > 34 || (word > 0xff && size > 33) || (word > 0xffff && size > 32)),
  };
}

/** The compact form of a target of at most 256 bits; bits beyond its 23 leading ones are lost. */
export function targetToCompact(target: bigint): number {
  let size = Math.ceil(target.toString(16).length / 2);
  if (target === 0n) size = 0;
  let word = Number(size <= 3 ? target << BigInt(8 * (3 - size)) : target >> BigInt(8 * (size - 3)));
  // The 24th bit is the sign: a number that would set it takes one byte more.
  if (word & 0x0080_0000) {
    word >>>= 8;
    size++;
  }
  return ((size << 24) | word) >>> 0;
}

/** The number that a hash is in the comparison with a target: its 32 bytes, the first one lowest. */
export function hashToBigInt(hash: Uint8Array): bigint {
  const view = new DataView(hash.buffer, hash.byteOffset, 32);
  return (
    (view.getBigUint64(24, true) << 192n) |
    (view.getBigUint64(16, true) << 128n) |
    (view.getBigUint64(8, true) << 64n) |
    view.getBigUint64(0, true)
  );
}

/** The target of `bits`, or undefined where no block of this network may have it (Core: DeriveTarget). */
export function validTarget(bits: number, params: ChainParams): bigint | undefined {
  const { target, negative, overflow } = compactToTarget(bits);
  return negative || overflow || target === 0n || target > params.powLimit ? undefined : target;
}

/** Whether `hash` (internal order) meets the target that `bits` claims, and that target is one of this network. */
export function checkProofOfWork(hash: Uint8Array, bits: number, params: ChainParams): boolean {
  const target = validTarget(bits, params);
  return target !== undefined && hashToBigInt(hash) <= target;
}

let lastBits = -1;
let lastWork = 0n;

/** Hashes that it takes on average to meet the target: 2^256 / (target + 1); 0 for no target (Core: GetBlockProof). */
export function blockWork(bits: number): bigint {
  // Long runs of headers share one target.
  if (bits !== lastBits) {
    const { target, negative, overflow } = compactToTarget(bits);
    lastWork = negative || overflow || target === 0n ? 0n : (1n << 256n) / (target + 1n);
    lastBits = bits;
  }
  return lastWork;
}

/** How many times harder than 1d00ffff, as Core's RPC shows it. */
export function difficulty(bits: number): number {
  let value = 0x0000_ffff / (bits & 0x00ff_ffff);
  let size = bits >>> 24;
  for (; size < 29; size++) value *= 256;
  for (; size > 29; size--) value /= 256;
  return value;
}

/** The bits that a block after `prev` with this `time` (seconds) must have (Core: GetNextWorkRequired). */
export function nextWorkRequired(prev: HeaderContext, time: number, params: ChainParams): number {
  const interval = difficultyInterval(params);
  if ((prev.height + 1) % interval === 0) return retarget(prev, params);
  if (!params.powAllowMinDifficultyBlocks) return prev.bits;

  const easiest = targetToCompact(params.powLimit);
  if (time > prev.time + 2 * params.powTargetSpacing) return easiest;
  // The last block of this period that was not mined by that exception has the real target.
  let real = prev;
  while (real.prev && real.height % interval !== 0 && real.bits === easiest) real = real.prev;
  return real.bits;
}

/**
 * Whether a block at `height` may have `newBits` after one with `oldBits`, as far as that shows without the times: a
 * factor of four at the end of a period, no change elsewhere (Core: PermittedDifficultyTransition).
 */
export function permittedDifficultyTransition(
  params: ChainParams,
  height: number,
  oldBits: number,
  newBits: number,
): boolean {
  if (params.powAllowMinDifficultyBlocks) return true;
  if (height % difficultyInterval(params) !== 0) return oldBits === newBits;
  const { powTargetTimespan, powLimit } = params;
  const oldTarget = compactToTarget(oldBits).target;
  const newTarget = compactToTarget(newBits).target;
  // As a block could have it: within the limit, and with what the compact form leaves of it.
  const reachable = (timespan: number) => {
    const target = (oldTarget * BigInt(timespan)) / BigInt(powTargetTimespan);
    return compactToTarget(targetToCompact(target > powLimit ? powLimit : target)).target;
  };
  return newTarget >= reachable(Math.floor(powTargetTimespan / 4)) && newTarget <= reachable(powTargetTimespan * 4);
}

function retarget(last: HeaderContext, params: ChainParams): number {
  if (params.powNoRetargeting) return last.bits;
  const { powTargetTimespan } = params;
  // One block short of the whole period: Bitcoin has always counted so.
  const first = last.ancestor(last.height - (difficultyInterval(params) - 1))!;
  const least = Math.floor(powTargetTimespan / 4);
  const timespan = Math.min(Math.max(last.time - first.time, least), powTargetTimespan * 4);
  // BIP94: the first block of a period cannot be one of minimum difficulty, so the target that it has is the real one.
  const { target } = compactToTarget(params.enforceBip94 ? first.bits : last.bits);
  const next = (target * BigInt(timespan)) / BigInt(powTargetTimespan);
  return targetToCompact(next > params.powLimit ? params.powLimit : next);
}
