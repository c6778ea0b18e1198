import { DecodeError } from '../bytes/errors.ts';
import { toReversedHex } from '../bytes/hex.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter, compactSizeLength } from '../bytes/writer.ts';
import { sha256, sha256d, sha256Parts } from '../crypto/hash.ts';
import { isNullOutPoint, type OutPoint, readOutPoint, writeOutPoint } from './outpoint.ts';

export interface TxIn {
  readonly prevout: OutPoint;
  readonly scriptSig: Uint8Array;
  /** uint32 */
  readonly sequence: number;
  /** The witness stack, first pushed first; empty if there is none. */
  readonly witness: readonly Uint8Array[];
}

export interface TxOut {
  /** Satoshis, int64. Consensus limits it to MAX_MONEY; decoding does not. */
  readonly value: bigint;
  readonly scriptPubKey: Uint8Array;
}

export interface TransactionFields {
  readonly version: number;
  readonly inputs: readonly TxIn[];
  readonly outputs: readonly TxOut[];
  readonly lockTime: number;
}

/** The witness scale factor of BIP141: a byte outside the witness weighs four. */
export const WITNESS_SCALE_FACTOR = 4;

export const SEQUENCE_FINAL = 0xffff_ffff;

const emptyWitness: readonly Uint8Array[] = [];

function readInput(reader: ByteReader): TxIn {
  return { prevout: readOutPoint(reader), scriptSig: reader.varBytes(), sequence: reader.u32(), witness: emptyWitness };
}

export function readTxOut(reader: ByteReader): TxOut {
  return { value: reader.i64(), scriptPubKey: reader.varBytes() };
}

export function writeTxOut(writer: ByteWriter, output: TxOut): void {
  writer.i64(output.value).varBytes(output.scriptPubKey);
}

export function txOutSize(output: TxOut): number {
  return 8 + compactSizeLength(output.scriptPubKey.length) + output.scriptPubKey.length;
}

/**
 * An immutable transaction (BIP144 encoding). Decoded ones are views of the bytes they came from, which must not be
 * changed afterwards; ids and sizes are computed once, when first asked for.
 */
export class Transaction implements TransactionFields {
  /** uint32, as in Core since 28.0; the sign bit matters to nothing but BIP68, which compares unsigned. */
  readonly version: number;
  readonly inputs: readonly TxIn[];
  readonly outputs: readonly TxOut[];
  /** uint32 */
  readonly lockTime: number;

  #raw: Uint8Array | undefined;
  #txid: Uint8Array | undefined;
  #wtxid: Uint8Array | undefined;
  #txidHex: string | undefined;
  #strippedSize = -1;
  #totalSize = -1;

  constructor(fields: TransactionFields, raw?: Uint8Array) {
    this.version = fields.version;
    this.inputs = fields.inputs;
    this.outputs = fields.outputs;
    this.lockTime = fields.lockTime;
    this.#raw = raw;
  }

  /** Decodes exactly one transaction; throws `DecodeError`. */
  static decode(bytes: Uint8Array): Transaction {
    const reader = new ByteReader(bytes);
    const tx = Transaction.read(reader);
    reader.end();
    return tx;
  }

  /** Reads one transaction, with or without witness. `allowWitness` false reads the legacy form only. */
  static read(reader: ByteReader, allowWitness = true): Transaction {
    const start = reader.offset;
    const version = reader.u32();
    let inputs = reader.list(readInput);
    let outputs: TxOut[];
    let flags = 0;
    if (inputs.length === 0 && allowWitness) {
      // An empty input list is BIP144's marker; a zero flag behind it means a transaction without inputs or outputs.
      flags = reader.u8();
      if (flags !== 0) {
        inputs = reader.list(readInput);
        outputs = reader.list(readTxOut);
      } else {
        outputs = [];
      }
    } else {
      outputs = reader.list(readTxOut);
    }
    if (flags & 1) {
      flags ^= 1;
      const witnessStart = reader.offset;
      let hasWitness = false;
      inputs = inputs.map((input) => {
        const witness = reader.list((r) => r.varBytes());
        if (witness.length === 0) return input;
        hasWitness = true;
        return { ...input, witness };
      });
      // Otherwise one transaction would have two encodings.
      if (!hasWitness) throw new DecodeError('invalid', witnessStart, 'superfluous witness record');
    }
    if (flags !== 0) throw new DecodeError('invalid', start, 'unknown transaction optional data');
    const lockTime = reader.u32();
    return new Transaction({ version, inputs, outputs, lockTime }, reader.input.subarray(start, reader.offset));
  }

  /** The BIP144 encoding, with witness where there is one. A decoded transaction returns the bytes it came from. */
  encode(): Uint8Array {
    this.#raw ??= this.#write(this.hasWitness);
    return this.#raw;
  }

  /** The encoding without witness, whose hash is the txid. */
  encodeStripped(): Uint8Array {
    return this.hasWitness ? this.#write(false) : this.encode();
  }

  #write(withWitness: boolean): Uint8Array {
    const writer = new ByteWriter(withWitness ? this.totalSize : this.strippedSize);
    writer.u32(this.version);
    if (withWitness) writer.u8(0).u8(1);
    writer.list(this.inputs, (w, input) => {
      writeOutPoint(w, input.prevout);
      w.varBytes(input.scriptSig).u32(input.sequence);
    });
    writer.list(this.outputs, writeTxOut);
    if (withWitness) for (const input of this.inputs) writer.list(input.witness, (w, item) => w.varBytes(item));
    return writer.u32(this.lockTime).finish();
  }

  get hasWitness(): boolean {
    for (const input of this.inputs) if (input.witness.length > 0) return true;
    return false;
  }

  get isCoinbase(): boolean {
    return this.inputs.length === 1 && isNullOutPoint(this.inputs[0]!.prevout);
  }

  /** 32 bytes, internal order: the id that inputs refer to, which leaves the witness out. */
  get txid(): Uint8Array {
    this.#txid ??= this.#computeTxid();
    return this.#txid;
  }

  #computeTxid(): Uint8Array {
    const raw = this.#raw;
    if (!raw || !this.hasWitness) return sha256d(this.encodeStripped());
    // Version, then inputs and outputs behind marker and flag, then lock time: no copy needed.
    const middle = raw.subarray(6, 6 + this.strippedSize - 8);
    return sha256(sha256Parts([raw.subarray(0, 4), middle, raw.subarray(raw.length - 4)]));
  }

  /** 32 bytes, internal order: the hash of the encoding with witness (BIP141). */
  get wtxid(): Uint8Array {
    this.#wtxid ??= this.hasWitness ? sha256d(this.encode()) : this.txid;
    return this.#wtxid;
  }

  /** The txid as people see it. */
  get txidHex(): string {
    this.#txidHex ??= toReversedHex(this.txid);
    return this.#txidHex;
  }

  /** The wtxid as people see it. */
  get wtxidHex(): string {
    return toReversedHex(this.wtxid);
  }

  /** Bytes without witness. */
  get strippedSize(): number {
    if (this.#strippedSize < 0) {
      let size = 8 + compactSizeLength(this.inputs.length) + compactSizeLength(this.outputs.length);
      for (const { scriptSig } of this.inputs) size += 40 + compactSizeLength(scriptSig.length) + scriptSig.length;
      for (const output of this.outputs) size += txOutSize(output);
      this.#strippedSize = size;
    }
    return this.#strippedSize;
  }

  /** Bytes with witness. */
  get totalSize(): number {
    if (this.#totalSize < 0) {
      if (this.#raw) {
        this.#totalSize = this.#raw.length;
      } else if (!this.hasWitness) {
        this.#totalSize = this.strippedSize;
      } else {
        let size = this.strippedSize + 2;
        for (const { witness } of this.inputs) {
          size += compactSizeLength(witness.length);
          for (const item of witness) size += compactSizeLength(item.length) + item.length;
        }
        this.#totalSize = size;
      }
    }
    return this.#totalSize;
  }

  /** BIP141 weight units. */
  get weight(): number {
    return this.strippedSize * (WITNESS_SCALE_FACTOR - 1) + this.totalSize;
  }

  /** Virtual bytes: weight over four, rounded up. */
  get vsize(): number {
    return Math.ceil(this.weight / WITNESS_SCALE_FACTOR);
  }
}
