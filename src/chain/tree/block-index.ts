import { binaryKey, fromBinaryKey } from '../../bytes/compare.ts';
import { toReversedHex } from '../../bytes/hex.ts';
import { type HeaderContext, medianTimePast } from '../../consensus/header-context.ts';
import { BlockHeader } from '../../primitives/header.ts';

const NO_PREV = new Uint8Array(32);

/** The height of the far ancestor that a block at `height` keeps a link to: about log2(height) links lead anywhere. */
function skipHeight(height: number): number {
  if (height < 2) return 0;
  const clearLowestBit = (n: number) => n & (n - 1);
  return height & 1 ? clearLowestBit(clearLowestBit(height - 1)) + 1 : clearLowestBit(height);
}

/** A block of the tree: its header, its place, and what is known of its body (Core: CBlockIndex). */
export class BlockIndex implements HeaderContext {
  /** 32 bytes, internal order. */
  readonly hash: Uint8Array;
  /** `binaryKey` of the hash, for maps. */
  readonly key: string;
  readonly height: number;
  readonly version: number;
  readonly time: number;
  readonly bits: number;
  readonly nonce: number;
  readonly prev: BlockIndex | undefined;
  /** Expected hashes from genesis to this block. */
  readonly chainwork: bigint;

  /** Transactions in the body; 0 until it has been stored. */
  txCount = 0;
  /** Transactions from genesis to this block; 0 until all those bodies have been stored. */
  chainTxCount = 0;
  /** The order in which bodies became connectable: of chains with equal work, the one with the lowest wins. */
  sequence = 0;
  /** The body is stored. */
  hasData = false;
  /** The block has been connected once, so all its scripts are valid, and the outputs that it spends are stored. */
  hasUndo = false;
  /** This block or one before it is invalid. */
  failed = false;

  readonly #merkleRoot: string;
  readonly #skip: BlockIndex | undefined;
  #medianTimePast = -1;

  constructor(header: BlockHeader, hash: Uint8Array, prev: BlockIndex | undefined, chainwork: bigint) {
    this.hash = hash;
    this.key = binaryKey(hash);
    this.height = prev ? prev.height + 1 : 0;
    this.version = header.version;
    this.time = header.time;
    this.bits = header.bits;
    this.nonce = header.nonce;
    this.prev = prev;
    this.chainwork = chainwork;
    // As a string it takes less memory, and does not keep the buffer that it came in.
    this.#merkleRoot = binaryKey(header.merkleRoot);
    this.#skip = prev?.ancestor(skipHeight(this.height));
  }

  /** The hash as people see it. */
  get hashHex(): string {
    return toReversedHex(this.hash);
  }

  get header(): BlockHeader {
    const { version, time, bits, nonce } = this;
    const prevHash = this.prev?.hash ?? NO_PREV;
    return new BlockHeader({ version, prevHash, merkleRoot: fromBinaryKey(this.#merkleRoot), time, bits, nonce });
  }

  ancestor(height: number): BlockIndex | undefined {
    if (height > this.height || height < 0) return undefined;
    let at: BlockIndex = this;
    while (at.height !== height) {
      const skip = at.#skip!;
      // Passing the goal is no use, nor is a jump where the parent's goes much farther without passing it.
      const parentSkip = skipHeight(at.height - 1);
      const parentIsBetter = parentSkip < skip.height - 2 && parentSkip >= height;
      at = skip.height === height || (skip.height > height && !parentIsBetter) ? skip : at.prev!;
    }
    return at;
  }

  medianTimePast(): number {
    if (this.#medianTimePast < 0) this.#medianTimePast = medianTimePast(this);
    return this.#medianTimePast;
  }
}

/** Whether the chain up to `a` is to be preferred over the one up to `b`: more work, or known first. */
export function isBetter(a: BlockIndex, b: BlockIndex): boolean {
  return a.chainwork > b.chainwork || (a.chainwork === b.chainwork && a.sequence < b.sequence);
}

/** The last block that the paths to `a` and to `b` share. Both must come from one genesis. */
export function lastCommonAncestor(a: BlockIndex, b: BlockIndex): BlockIndex {
  let x = a.ancestor(Math.min(a.height, b.height))!;
  let y = b.ancestor(x.height)!;
  while (x !== y) {
    x = x.prev!;
    y = y.prev!;
  }
  return x;
}
