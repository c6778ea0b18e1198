import { ByteReader } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import { HEADER_SIZE } from '../../primitives/header.ts';

const OUTPOINT_SIZE = 36;
const SEQUENCE_SIZE = 4;
const VERSION_SIZE = 4;
const LOCK_TIME_SIZE = 4;
const VALUE_SIZE = 8;
/** Bytes of the marker and the flag that precede the inputs of a transaction with a witness (BIP144). */
const MARKER_SIZE = 2;

/**
 * A stored block and the positions of its transactions. It takes a fraction of the time and memory of a decoded block,
 * and is enough to serve transactions and the block without witnesses.
 */
export class BlockOutline {
  readonly #raw: Uint8Array;
  /** For each transaction, its start, the start of its witness, and the end of its witness; the last entry is the end. */
  readonly #positions: Uint32Array;
  #strippedSize: number;
  readonly txCount: number;

  /** `raw` is a valid block with witnesses. Throws `DecodeError` otherwise. */
  constructor(raw: Uint8Array) {
    const reader = new ByteReader(raw, HEADER_SIZE);
    this.#raw = raw;
    this.#strippedSize = raw.length;
    this.txCount = reader.compactSize();
    this.#positions = new Uint32Array(3 * this.txCount + 1);
    for (let i = 0; i < this.txCount; i++) this.#scan(reader, 3 * i);
    this.#positions[3 * this.txCount] = reader.offset;
  }

  /** Bytes of memory. */
  get usage(): number {
    return this.#raw.length + this.#positions.byteLength;
  }

  #scan(reader: ByteReader, at: number): void {
    this.#positions[at] = reader.offset;
    reader.skip(VERSION_SIZE);
    const hasWitness = this.#raw[reader.offset] === 0;
    if (hasWitness) reader.skip(MARKER_SIZE);
    const inputs = reader.compactSize();
    for (let i = 0; i < inputs; i++) {
      reader.skip(OUTPOINT_SIZE);
      reader.skip(reader.compactSize() + SEQUENCE_SIZE);
    }
    const outputs = reader.compactSize();
    for (let i = 0; i < outputs; i++) {
      reader.skip(VALUE_SIZE);
      reader.skip(reader.compactSize());
    }
    this.#positions[at + 1] = reader.offset;
    for (let i = 0; hasWitness && i < inputs; i++) {
      const elements = reader.compactSize();
      for (let j = 0; j < elements; j++) reader.skip(reader.compactSize());
    }
    this.#positions[at + 2] = reader.offset;
    if (hasWitness) this.#strippedSize -= MARKER_SIZE + this.#positions[at + 2]! - this.#positions[at + 1]!;
    reader.skip(LOCK_TIME_SIZE);
  }

  /** Returns the encoding of a transaction, with its witness; undefined if the block has fewer. */
  transaction(index: number): Uint8Array | undefined {
    if (index >= this.txCount) return undefined;
    return this.#raw.subarray(this.#positions[3 * index], this.#positions[3 * index + 3]);
  }

  /** Returns the block without witnesses, the response to a MSG_BLOCK request. */
  encodeStripped(): Uint8Array {
    const raw = this.#raw;
    const at = this.#positions;
    const writer = new ByteWriter(this.#strippedSize).bytes(raw.subarray(0, at[0]));
    for (let i = 0; i < at.length - 1; i += 3) {
      const start = at[i]!;
      if (at[i + 1] === at[i + 2]) {
        writer.bytes(raw.subarray(start, at[i + 3]));
        continue;
      }
      writer
        .bytes(raw.subarray(start, start + VERSION_SIZE))
        .bytes(raw.subarray(start + VERSION_SIZE + MARKER_SIZE, at[i + 1]))
        .bytes(raw.subarray(at[i + 2], at[i + 3]));
    }
    return writer.finish();
  }
}
