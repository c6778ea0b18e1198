import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter, compactSizeLength } from '../bytes/writer.ts';
import { atOnce } from '../platform/slices.ts';
import { BlockHeader, HEADER_SIZE } from './header.ts';
import { readTransactionsInSteps, type Transaction, WITNESS_SCALE_FACTOR } from './transaction.ts';

/**
 * An immutable block (BIP144 encoding; Core: CBlock). A decoded block is a view of its bytes, which must not change.
 */
export class Block {
  readonly header: BlockHeader;
  readonly transactions: readonly Transaction[];
  #raw: Uint8Array | undefined;
  #strippedSize = -1;

  /** `raw` is the encoding of the block, if it is known. */
  constructor(header: BlockHeader, transactions: readonly Transaction[], raw?: Uint8Array) {
    this.header = header;
    this.transactions = transactions;
    this.#raw = raw;
  }

  /**
   * Decodes exactly one block. Throws `DecodeError` on malformed or trailing bytes.
   *
   * @example
   * ```ts
   * import { regtest } from 'pier/consensus';
   * import { Block } from 'pier/primitives';
   *
   * const block = Block.decode(regtest.genesis.encode());
   * console.log(block.transactions.length); // 1
   * console.log(block.weight); // 1140
   * ```
   */
  static decode(bytes: Uint8Array): Block {
    return atOnce(Block.decodeInSteps(bytes));
  }

  /** Does what `decode` does, in steps of one transaction. @internal */
  static *decodeInSteps(bytes: Uint8Array): Generator<void, Block> {
    const reader = new ByteReader(bytes);
    const block = yield* Block.readInSteps(reader);
    reader.end();
    return block;
  }

  /** Reads a block. Throws `DecodeError`. */
  static read(reader: ByteReader): Block {
    return atOnce(Block.readInSteps(reader));
  }

  /** Does what `read` does in steps, each a fraction of a millisecond of work. */
  static *readInSteps(reader: ByteReader): Generator<void, Block, void> {
    const start = reader.offset;
    const header = BlockHeader.read(reader);
    const transactions = yield* readTransactionsInSteps(reader);
    return new Block(header, transactions, reader.input.subarray(start, reader.offset));
  }

  /** Returns the encoding with witnesses (BIP144); for a decoded block, the bytes it was decoded from. */
  encode(): Uint8Array {
    this.#raw ??= this.#write(true);
    return this.#raw;
  }

  /** Returns the encoding without witnesses, the response to a MSG_BLOCK request. */
  encodeStripped(): Uint8Array {
    return this.#write(false);
  }

  #write(withWitness: boolean): Uint8Array {
    return new ByteWriter(withWitness ? this.totalSize : this.strippedSize)
      .bytes(this.header.encode())
      .list(this.transactions, (w, tx) => w.bytes(withWitness ? tx.encode() : tx.encodeStripped()))
      .finish();
  }

  /** The block hash: 32 bytes, internal order. */
  get hash(): Uint8Array {
    return this.header.hash;
  }

  /** The block hash as hex in display order. */
  get hashHex(): string {
    return this.header.hashHex;
  }

  /** The size without witnesses, in bytes. */
  get strippedSize(): number {
    if (this.#strippedSize < 0) {
      let size = HEADER_SIZE + compactSizeLength(this.transactions.length);
      for (const tx of this.transactions) size += tx.strippedSize;
      this.#strippedSize = size;
    }
    return this.#strippedSize;
  }

  /** The size with witnesses, in bytes. */
  get totalSize(): number {
    if (this.#raw) return this.#raw.length;
    let size = HEADER_SIZE + compactSizeLength(this.transactions.length);
    for (const tx of this.transactions) size += tx.totalSize;
    return size;
  }

  /** The weight, in weight units (BIP141). */
  get weight(): number {
    return this.strippedSize * (WITNESS_SCALE_FACTOR - 1) + this.totalSize;
  }
}
