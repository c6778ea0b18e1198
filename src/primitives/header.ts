import { toReversedHex } from '../bytes/hex.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { sha256d } from '../crypto/hash.ts';

/** Bytes of a block header. */
export const HEADER_SIZE = 80;

/** The fields of a block header, in the order of the encoding. */
export interface BlockHeaderFields {
  /** int32; the top bits signal deployments (BIP9). */
  readonly version: number;
  /** The hash of the parent block: 32 bytes, internal order. */
  readonly prevHash: Uint8Array;
  /** 32 bytes, internal order. */
  readonly merkleRoot: Uint8Array;
  /** uint32, seconds since the Unix epoch. */
  readonly time: number;
  /** uint32, the target in compact form (Core: nBits). */
  readonly bits: number;
  /** uint32. */
  readonly nonce: number;
}

/** An immutable block header of 80 bytes (Core: CBlockHeader). Its hash is computed on first use. */
export class BlockHeader implements BlockHeaderFields {
  readonly version: number;
  readonly prevHash: Uint8Array;
  readonly merkleRoot: Uint8Array;
  readonly time: number;
  readonly bits: number;
  readonly nonce: number;

  #raw: Uint8Array | undefined;
  #hash: Uint8Array | undefined;
  #hashHex: string | undefined;

  /** `raw` is the encoding of the header, if it is known. */
  constructor(fields: BlockHeaderFields, raw?: Uint8Array) {
    this.version = fields.version;
    this.prevHash = fields.prevHash;
    this.merkleRoot = fields.merkleRoot;
    this.time = fields.time;
    this.bits = fields.bits;
    this.nonce = fields.nonce;
    this.#raw = raw;
  }

  /** Decodes exactly 80 bytes. Throws `DecodeError` for any other length. */
  static decode(bytes: Uint8Array): BlockHeader {
    const reader = new ByteReader(bytes);
    const header = BlockHeader.read(reader);
    reader.end();
    return header;
  }

  /** Reads a header. Throws `DecodeError`. */
  static read(reader: ByteReader): BlockHeader {
    const start = reader.offset;
    const fields: BlockHeaderFields = {
      version: reader.i32(),
      prevHash: reader.hash(),
      merkleRoot: reader.hash(),
      time: reader.u32(),
      bits: reader.u32(),
      nonce: reader.u32(),
    };
    return new BlockHeader(fields, reader.input.subarray(start, reader.offset));
  }

  /** Returns the encoding: 80 bytes. */
  encode(): Uint8Array {
    this.#raw ??= new ByteWriter(HEADER_SIZE)
      .i32(this.version)
      .bytes(this.prevHash)
      .bytes(this.merkleRoot)
      .u32(this.time)
      .u32(this.bits)
      .u32(this.nonce)
      .finish();
    return this.#raw;
  }

  /** The block hash: 32 bytes, internal order. */
  get hash(): Uint8Array {
    this.#hash ??= sha256d(this.encode());
    return this.#hash;
  }

  /** The block hash as hex in display order. */
  get hashHex(): string {
    this.#hashHex ??= toReversedHex(this.hash);
    return this.#hashHex;
  }
}
