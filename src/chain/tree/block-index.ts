import { binaryKey, fromBinaryKey } from '../../bytes/compare.ts';
import { toReversedHex } from '../../bytes/hex.ts';
import { type HeaderContext, medianTimePast } from '../../consensus/header-context.ts';
import { BlockHeader } from '../../primitives/header.ts';

const NO_PREV = new Uint8Array(32);

/** Returns the height of the skip-list ancestor of a block at `height` (Core: GetSkipHeight). */
function skipHeight(height: number): number {
  if (height < 2) return 0;
  const clearLowestBit = (n: number) => n & (n - 1);
  return height & 1 ? clearLowestBit(clearLowestBit(height - 1)) + 1 : clearLowestBit(height);
}

/** A block in the block tree: its header, position and status (Core: CBlockIndex). */
export class BlockIndex implements HeaderContext {
  /** `binaryKey` of the hash, for use as a map key. */
  readonly key: string;
  readonly height: number;
  readonly version: number;
  readonly time: number;
  readonly bits: number;
  readonly nonce: number;
  readonly prev: BlockIndex | undefined;
  /** Expected number of hashes for the chain from genesis to this block (Core: nChainWork). */
  readonly chainwork: bigint;

  /** Transactions in the block; 0 until its body is stored (Core: nTx). */
  txCount = 0;
  /** Transactions from genesis to this block; 0 until all these bodies are stored (Core: m_chain_tx_count). */
  chainTxCount = 0;
  /** Order in which blocks became connectable: of chains with equal work, the lowest wins (Core: nSequenceId). */
  sequence = 0;
  /** Whether the body is stored (Core: BLOCK_HAVE_DATA). */
  hasData = false;
  /** Whether undo data is stored: the block was connected once, so its scripts are valid (Core: BLOCK_HAVE_UNDO). */
  hasUndo = false;
  /** Whether this block or an ancestor is invalid (Core: BLOCK_FAILED_VALID). */
  failed = false;

  /** `binaryKey` of the merkle root: a fifth of the memory of an array, of which peers send as many as headers. */
  readonly #merkleRoot: string;
  readonly #skip: BlockIndex | undefined;
  #medianTimePast = -1;

  private constructor(
    keys: { readonly key: string; readonly merkleRoot: string },
    { version, time, bits, nonce }: Pick<BlockHeader, 'version' | 'time' | 'bits' | 'nonce'>,
    prev: BlockIndex | undefined,
    chainwork: bigint,
  ) {
    this.key = keys.key;
    this.height = prev ? prev.height + 1 : 0;
    this.version = version;
    this.time = time;
    this.bits = bits;
    this.nonce = nonce;
    this.prev = prev;
    this.chainwork = chainwork;
    this.#merkleRoot = keys.merkleRoot;
    this.#skip = prev?.ancestor(skipHeight(this.height));
  }

  /** Returns the index of a block whose body is not stored; `hash` must be the header's. */
  static of(header: BlockHeader, hash: Uint8Array, prev: BlockIndex | undefined, chainwork: bigint): BlockIndex {
    const keys = { key: binaryKey(hash), merkleRoot: binaryKey(header.merkleRoot) };
    return new BlockIndex(keys, header, prev, chainwork);
  }

  /** Returns a copy on a copy of its parent. */
  copy(prev: BlockIndex | undefined): BlockIndex {
    const copy = new BlockIndex({ key: this.key, merkleRoot: this.#merkleRoot }, this, prev, this.chainwork);
    copy.txCount = this.txCount;
    copy.chainTxCount = this.chainTxCount;
    copy.sequence = this.sequence;
    copy.hasData = this.hasData;
    copy.hasUndo = this.hasUndo;
    copy.failed = this.failed;
    return copy;
  }

  /** 32 bytes, internal byte order, in new memory. */
  get hash(): Uint8Array {
    return fromBinaryKey(this.key);
  }

  /** The hash in hex, byte-reversed as displayed. */
  get hashHex(): string {
    return toReversedHex(this.hash);
  }

  /** The block header. */
  get header(): BlockHeader {
    const { version, time, bits, nonce } = this;
    const prevHash = this.prev?.hash ?? NO_PREV;
    return new BlockHeader({ version, prevHash, merkleRoot: fromBinaryKey(this.#merkleRoot), time, bits, nonce });
  }

  /** Returns the ancestor at `height`, or itself (Core: GetAncestor); undefined if out of range. */
  ancestor(height: number): BlockIndex | undefined {
    if (height > this.height || height < 0) return undefined;
    let at: BlockIndex = this;
    while (at.height !== height) {
      const skip = at.#skip!;
      // Steps to the parent if the skip overshoots, or if the parent's skip leads much farther without overshooting.
      const parentSkip = skipHeight(at.height - 1);
      const parentIsBetter = parentSkip < skip.height - 2 && parentSkip >= height;
      at = skip.height === height || (skip.height > height && !parentIsBetter) ? skip : at.prev!;
    }
    return at;
  }

  /** Returns the median time of this block and its ten predecessors, in seconds (BIP113). */
  medianTimePast(): number {
    if (this.#medianTimePast < 0) this.#medianTimePast = medianTimePast(this);
    return this.#medianTimePast;
  }
}

/** Returns whether the chain ending at `a` is preferred to the one ending at `b` (Core: CBlockIndexWorkComparator). */
export function isBetter(a: BlockIndex, b: BlockIndex): boolean {
  return a.chainwork > b.chainwork || (a.chainwork === b.chainwork && a.sequence < b.sequence);
}

/** Returns the last common ancestor of `a` and `b`, which must share a genesis (Core: LastCommonAncestor). */
export function lastCommonAncestor(a: BlockIndex, b: BlockIndex): BlockIndex {
  let x = a.ancestor(Math.min(a.height, b.height))!;
  let y = b.ancestor(x.height)!;
  while (x !== y) {
    x = x.prev!;
    y = y.prev!;
  }
  return x;
}
