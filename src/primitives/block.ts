import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter, compactSizeLength } from '../bytes/writer.ts';
import { BlockHeader, HEADER_SIZE } from './header.ts';
import { Transaction, WITNESS_SCALE_FACTOR } from './transaction.ts';

/** An immutable block. A decoded one is a view of its bytes. */
export class Block {
  readonly header: BlockHeader;
  readonly transactions: readonly Transaction[];
  #raw: Uint8Array | undefined;
  #strippedSize = -1;

  constructor(header: BlockHeader, transactions: readonly Transaction[], raw?: Uint8Array) {
    this.header = header;
    this.transactions = transactions;
    this.#raw = raw;
  }

  /** Decodes exactly one block; throws `DecodeError`. */
  static decode(bytes: Uint8Array): Block {
    const reader = new ByteReader(bytes);
    const block = Block.read(reader);
    reader.end();
    return block;
  }

  static read(reader: ByteReader): Block {
    const start = reader.offset;
    const header = BlockHeader.read(reader);
    const transactions = reader.list((r) => Transaction.read(r));
    return new Block(header, transactions, reader.input.subarray(start, reader.offset));
  }

  /** The BIP144 encoding, with witnesses. */
  encode(): Uint8Array {
    this.#raw ??= this.#write(true);
    return this.#raw;
  }

  /** The encoding without witnesses, as MSG_BLOCK asks for it. */
  encodeStripped(): Uint8Array {
    return this.#write(false);
  }

  #write(withWitness: boolean): Uint8Array {
    return new ByteWriter(withWitness ? this.totalSize : this.strippedSize)
      .bytes(this.header.encode())
      .list(this.transactions, (w, tx) => w.bytes(withWitness ? tx.encode() : tx.encodeStripped()))
      .finish();
  }

  /** 32 bytes, internal order. */
  get hash(): Uint8Array {
    return this.header.hash;
  }

  /** The hash as people see it. */
  get hashHex(): string {
    return this.header.hashHex;
  }

  /** Bytes without witnesses. */
  get strippedSize(): number {
    if (this.#strippedSize < 0) {
      let size = HEADER_SIZE + compactSizeLength(this.transactions.length);
      for (const tx of this.transactions) size += tx.strippedSize;
      this.#strippedSize = size;
    }
    return this.#strippedSize;
  }

  /** Bytes with witnesses. */
  get totalSize(): number {
    if (this.#raw) return this.#raw.length;
    let size = HEADER_SIZE + compactSizeLength(this.transactions.length);
    for (const tx of this.transactions) size += tx.totalSize;
    return size;
  }

  /** BIP141 weight units. */
  get weight(): number {
    return this.strippedSize * (WITNESS_SCALE_FACTOR - 1) + this.totalSize;
  }
}
