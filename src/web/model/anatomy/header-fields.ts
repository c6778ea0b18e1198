import { fromHex, toHex, toReversedHex } from '../../../bytes/hex.ts';
import { compactToTarget } from '../../../consensus/pow.ts';
import { BlockHeader } from '../../../primitives/header.ts';

/** Name of a field of a header. */
export type HeaderFieldName = 'version' | 'previous' | 'merkleRoot' | 'time' | 'bits' | 'nonce';

/** A field with its bytes as they stand in the header, and what they mean. */
export interface HeaderField {
  readonly name: HeaderFieldName;
  /** Index of its first byte. */
  readonly at: number;
  /** In hex, in the order of the header: numbers are little-endian. */
  readonly bytes: string;
  readonly value: string;
}

/** A header with its proof of work. */
export interface HeaderReport {
  readonly fields: readonly HeaderField[];
  readonly work: ProofOfWork;
}

/** A block's hash beside the target. */
export interface ProofOfWork {
  /** 64 hex digits, reversed as hashes are shown. */
  readonly hash: string;
  /** 64 hex digits. */
  readonly target: string;
  readonly isMet: boolean;
  /** The hash as a part of the target: at most 1 if it is met. */
  readonly share: number;
  /** Hashes that finding a block takes on average. */
  readonly expected: bigint;
}

const SIZES = { version: 4, previous: 32, merkleRoot: 32, time: 4, bits: 4, nonce: 4 } as const;

/** Reads the 80 bytes of a header. Throws `DecodeError` for other lengths. */
export function readHeader(hex: string): HeaderReport {
  const bytes = fromHex(hex);
  const header = BlockHeader.decode(bytes);
  const values: Record<HeaderFieldName, string> = {
    version: `0x${(header.version >>> 0).toString(16).padStart(8, '0')}`,
    previous: toReversedHex(header.prevHash),
    merkleRoot: toReversedHex(header.merkleRoot),
    time: `${header.time} = ${new Date(header.time * 1000).toISOString().slice(0, 19)}Z`,
    bits: `0x${header.bits.toString(16).padStart(8, '0')}`,
    nonce: String(header.nonce),
  };
  let at = 0;
  const fields = (Object.keys(SIZES) as HeaderFieldName[]).map((name) => {
    const field = { name, at, bytes: toHex(bytes.subarray(at, at + SIZES[name])), value: values[name] };
    at += SIZES[name];
    return field;
  });
  return { fields, work: proofOfWork(header) };
}

/** Compares a header's hash with the target that its own bits say. */
export function proofOfWork(header: BlockHeader): ProofOfWork {
  const hash = BigInt(`0x${header.hashHex}`);
  const { target, negative, overflow } = compactToTarget(header.bits);
  const isValid = !negative && !overflow && target > 0n;
  return {
    hash: header.hashHex,
    target: target.toString(16).padStart(64, '0'),
    isMet: isValid && hash <= target,
    share: isValid ? Number((hash * 1_000_000n) / target) / 1_000_000 : Number.POSITIVE_INFINITY,
    expected: isValid ? (1n << 256n) / (target + 1n) : 0n,
  };
}
