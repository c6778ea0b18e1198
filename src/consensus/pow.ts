import type { HeaderContext } from './header-context.ts';
import { type ChainParams, difficultyInterval } from './params.ts';

/** A decoded compact target. */
export interface CompactTarget {
  /** At most 256 bits. Meaningless if `negative` or `overflow` is set. */
  readonly target: bigint;
  readonly negative: boolean;
  /** Whether the target exceeds 256 bits. */
  readonly overflow: boolean;
}

/**
 * Decodes the compact form of a target: a byte with its length in bytes, then a sign bit and the 23 leading bits (Core:
 * arith_uint256::SetCompact).
 *
 * @example
 * ```ts
 * import { compactToTarget, targetToCompact } from 'pier/consensus';
 *
 * const { target } = compactToTarget(0x1d00ffff);
 * console.log(target.toString(16).length); // 56
 * console.log(targetToCompact(target) === 0x1d00ffff); // true
 * ```
 */
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

/** Encodes a target of at most 256 bits in compact form, rounded down to 23 bits (Core: arith_uint256::GetCompact). */
export function targetToCompact(target: bigint): number {
  let size = Math.ceil(target.toString(16).length / 2);
  if (target === 0n) size = 0;
  let word = Number(size <= 3 ? target << BigInt(8 * (3 - size)) : target >> BigInt(8 * (size - 3)));
  // The 24th bit is the sign: a number that would set it takes another byte.
  if (word & 0x0080_0000) {
    word >>>= 8;
    size++;
  }
  return ((size << 24) | word) >>> 0;
}

/** Returns a hash (32 bytes, internal order) as the number to compare with a target (Core: UintToArith256). */
export function hashToBigInt(hash: Uint8Array): bigint {
  const view = new DataView(hash.buffer, hash.byteOffset, 32);
  return (
    (view.getBigUint64(24, true) << 192n) |
    (view.getBigUint64(16, true) << 128n) |
    (view.getBigUint64(8, true) << 64n) |
    view.getBigUint64(0, true)
  );
}

/** Returns the target of `bits`; undefined if it is invalid or above the network's limit (Core: DeriveTarget). */
export function validTarget(bits: number, params: ChainParams): bigint | undefined {
  const { target, negative, overflow } = compactToTarget(bits);
  return negative || overflow || target === 0n || target > params.powLimit ? undefined : target;
}

/** Returns whether `bits` is a valid target and the hash (internal order) meets it (Core: CheckProofOfWork). */
export function checkProofOfWork(hash: Uint8Array, bits: number, params: ChainParams): boolean {
  const target = validTarget(bits, params);
  return target !== undefined && hashToBigInt(hash) <= target;
}

let lastBits = -1;
let lastWork = 0n;

/** Returns the expected number of hashes to meet a target, 2^256 / (target + 1); 0 if invalid (Core: GetBlockProof). */
export function blockWork(bits: number): bigint {
  // Cached, because long runs of headers have the same bits.
  if (bits !== lastBits) {
    const { target, negative, overflow } = compactToTarget(bits);
    lastWork = negative || overflow || target === 0n ? 0n : (1n << 256n) / (target + 1n);
    lastBits = bits;
  }
  return lastWork;
}

/** Returns the difficulty relative to bits of 1d00ffff, as in Core's RPC (Core: GetDifficulty). */
export function difficulty(bits: number): number {
  let value = 0x0000_ffff / (bits & 0x00ff_ffff);
  let size = bits >>> 24;
  for (; size < 29; size++) value *= 256;
  for (; size > 29; size--) value /= 256;
  return value;
}

/** Returns the bits required of the block after `prev` with this `time`, Unix seconds (Core: GetNextWorkRequired). */
export function nextWorkRequired(prev: HeaderContext, time: number, params: ChainParams): number {
  const interval = difficultyInterval(params);
  if ((prev.height + 1) % interval === 0) return retarget(prev, params);
  if (!params.powAllowMinDifficultyBlocks) return prev.bits;

  const easiest = targetToCompact(params.powLimit);
  if (time > prev.time + 2 * params.powTargetSpacing) return easiest;
  // The last block of this period that does not use this exception has the regular target.
  let real = prev;
  while (real.prev && real.height % interval !== 0 && real.bits === easiest) real = real.prev;
  return real.bits;
}

/**
 * Returns whether a block at `height` may have `newBits` after a block with `oldBits`, whatever their times: at most a
 * factor of four at the start of a period, no change elsewhere (Core: PermittedDifficultyTransition).
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
  // Within the limit and rounded to the compact form, as in a block.
  const reachable = (timespan: number) => {
    const target = (oldTarget * BigInt(timespan)) / BigInt(powTargetTimespan);
    return compactToTarget(targetToCompact(target > powLimit ? powLimit : target)).target;
  };
  return newTarget >= reachable(Math.floor(powTargetTimespan / 4)) && newTarget <= reachable(powTargetTimespan * 4);
}

function retarget(last: HeaderContext, params: ChainParams): number {
  if (params.powNoRetargeting) return last.bits;
  const { powTargetTimespan } = params;
  // Measures one interval less than the period has: Bitcoin's original off-by-one.
  const first = last.ancestor(last.height - (difficultyInterval(params) - 1))!;
  const least = Math.floor(powTargetTimespan / 4);
  const timespan = Math.min(Math.max(last.time - first.time, least), powTargetTimespan * 4);
  // BIP94: the first block of a period never uses the minimum-difficulty exception, so it has the regular target.
  const { target } = compactToTarget(params.enforceBip94 ? first.bits : last.bits);
  const next = (target * BigInt(timespan)) / BigInt(powTargetTimespan);
  return targetToCompact(next > params.powLimit ? params.powLimit : next);
}
