import { DecodeError } from '../bytes/errors.ts';
import { toReversedHex } from '../bytes/hex.ts';
import { listInSteps, ReadSteps } from '../bytes/read-steps.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter, compactSizeLength } from '../bytes/writer.ts';
import { sha256, sha256d, sha256Parts } from '../crypto/hash.ts';
import { atOnce } from '../platform/slices.ts';
import { isNullOutPoint, type OutPoint, readOutPoint, writeOutPoint } from './outpoint.ts';

/** A transaction input, with its witness (Core: CTxIn). */
export interface TxIn {
  /** The output that the input spends. */
  readonly prevout: OutPoint;
  readonly scriptSig: Uint8Array;
  /** uint32 (BIP68). */
  readonly sequence: number;
  /** The witness stack, from the bottom; empty if the input has none. */
  readonly witness: readonly Uint8Array[];
}

/** A transaction output (Core: CTxOut). */
export interface TxOut {
  /** Satoshis, int64. Decoding accepts any value; consensus limits it to MAX_MONEY. */
  readonly value: bigint;
  readonly scriptPubKey: Uint8Array;
}

/** The fields of a transaction. */
export interface TransactionFields {
  /** uint32. */
  readonly version: number;
  readonly inputs: readonly TxIn[];
  readonly outputs: readonly TxOut[];
  /** uint32: a block height below LOCKTIME_THRESHOLD, otherwise seconds since the Unix epoch. */
  readonly lockTime: number;
}

/** Weight units of a byte outside the witness (BIP141; Core: WITNESS_SCALE_FACTOR). */
export const WITNESS_SCALE_FACTOR = 4;

/** The sequence of a final input: it disables lock times (Core: CTxIn::SEQUENCE_FINAL). */
export const SEQUENCE_FINAL = 0xffff_ffff;

const emptyWitness: readonly Uint8Array[] = [];

function readInput(reader: ByteReader): TxIn {
  return { prevout: readOutPoint(reader), scriptSig: reader.varBytes(), sequence: reader.u32(), witness: emptyWitness };
}

/** Reads an output; its script is a view. Throws `DecodeError`. */
export function readTxOut(reader: ByteReader): TxOut {
  return { value: reader.i64(), scriptPubKey: reader.varBytes() };
}

function readElement(reader: ByteReader): Uint8Array {
  return reader.varBytes();
}

/** Items from which a list is read in several steps. */
const LONG_LIST = 1_000;

/** Reads a list; returns undefined, and reads nothing, if it is long. */
function readShortList<T>(reader: ByteReader, readItem: (reader: ByteReader) => T): T[] | undefined {
  const start = reader.offset;
  const count = reader.compactSize();
  if (count >= LONG_LIST) {
    reader.offset = start;
    return undefined;
  }
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(readItem(reader));
  return items;
}

/** Writes an output: value (int64), script length and script. */
export function writeTxOut(writer: ByteWriter, output: TxOut): void {
  writer.i64(output.value).varBytes(output.scriptPubKey);
}

/** Returns the encoded size of an output, in bytes. */
export function txOutSize(output: TxOut): number {
  return 8 + compactSizeLength(output.scriptPubKey.length) + output.scriptPubKey.length;
}

/**
 * An immutable transaction (BIP144 encoding; Core: CTransaction). A decoded transaction is a view of its bytes, which
 * must not change. Hashes and sizes are computed on first use.
 */
export class Transaction implements TransactionFields {
  /** uint32, as in Core since 28.0. Only BIP68 depends on the sign, and it compares unsigned. */
  readonly version: number;
  readonly inputs: readonly TxIn[];
  readonly outputs: readonly TxOut[];
  /** uint32: a block height below LOCKTIME_THRESHOLD, otherwise seconds since the Unix epoch. */
  readonly lockTime: number;

  #raw: Uint8Array | undefined;
  #txid: Uint8Array | undefined;
  #wtxid: Uint8Array | undefined;
  #txidHex: string | undefined;
  #strippedSize = -1;
  #totalSize = -1;

  /** `raw` is the encoding of the transaction, if it is known. */
  constructor(fields: TransactionFields, raw?: Uint8Array) {
    this.version = fields.version;
    this.inputs = fields.inputs;
    this.outputs = fields.outputs;
    this.lockTime = fields.lockTime;
    this.#raw = raw;
  }

  /**
   * Decodes exactly one transaction. Throws `DecodeError` on malformed or trailing bytes.
   *
   * @example
   * ```ts
   * import { toHex } from 'pier/bytes';
   * import { regtest } from 'pier/consensus';
   * import { Transaction } from 'pier/primitives';
   *
   * const bytes = regtest.genesis.transactions[0]!.encode();
   * const tx = Transaction.decode(bytes);
   * console.log(tx.txidHex); // 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b
   * console.log(tx.outputs[0]!.value); // 5000000000
   * console.log(toHex(tx.encode()) === toHex(bytes)); // true
   * ```
   */
  static decode(bytes: Uint8Array): Transaction {
    const reader = new ByteReader(bytes);
    const tx = Transaction.read(reader);
    reader.end();
    return tx;
  }

  /** Reads a transaction; without `allowWitness`, in the legacy encoding only. Throws `DecodeError`. */
  static read(reader: ByteReader, allowWitness = true): Transaction {
    return atOnce(Transaction.readInSteps(reader, allowWitness));
  }

  /** Does what `read` does; a long transaction takes several steps, each a fraction of a millisecond. */
  static *readInSteps(reader: ByteReader, allowWitness = true): Generator<void, Transaction, void> {
    const start = reader.offset;
    const version = reader.u32();
    let inputs = readShortList(reader, readInput) ?? (yield* listInSteps(reader, readInput));
    let outputs: readonly TxOut[] = [];
    let flags = 0;
    // An empty input list is BIP144's marker. A zero flag after it is an empty output list.
    const isMarker = inputs.length === 0 && allowWitness;
    if (isMarker) flags = reader.u8();
    if (isMarker && flags !== 0) {
      inputs = readShortList(reader, readInput) ?? (yield* listInSteps(reader, readInput));
    }
    if (!isMarker || flags !== 0) {
      outputs = readShortList(reader, readTxOut) ?? (yield* listInSteps(reader, readTxOut));
    }
    if (flags & 1) {
      flags ^= 1;
      const witnessStart = reader.offset;
      let hasWitness = false;
      const steps = new ReadSteps(reader);
      for (let i = 0; i < inputs.length; i++) {
        if (steps.isOver()) yield;
        const witness = readShortList(reader, readElement) ?? (yield* listInSteps(reader, readElement));
        if (witness.length === 0) continue;
        hasWitness = true;
        inputs[i] = { ...inputs[i]!, witness };
      }
      // Otherwise a transaction would have two encodings.
      if (!hasWitness) throw new DecodeError('invalid', witnessStart, 'superfluous witness record');
    }
    if (flags !== 0) throw new DecodeError('invalid', start, 'unknown transaction optional data');
    const lockTime = reader.u32();
    return new Transaction({ version, inputs, outputs, lockTime }, reader.input.subarray(start, reader.offset));
  }

  /** Returns the encoding, with the witness if it has one (BIP144); if decoded, the bytes it was decoded from. */
  encode(): Uint8Array {
    this.#raw ??= this.#write(this.hasWitness);
    return this.#raw;
  }

  /** Returns the encoding without witness, whose hash is the txid. */
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

  /** Whether any input has a witness. */
  get hasWitness(): boolean {
    for (const input of this.inputs) if (input.witness.length > 0) return true;
    return false;
  }

  /** Whether the only input has the null prevout (Core: IsCoinBase). */
  get isCoinbase(): boolean {
    return this.inputs.length === 1 && isNullOutPoint(this.inputs[0]!.prevout);
  }

  /** The txid: 32 bytes, internal order. It does not commit to the witness. */
  get txid(): Uint8Array {
    this.#txid ??= this.#computeTxid();
    return this.#txid;
  }

  #computeTxid(): Uint8Array {
    const raw = this.#raw;
    if (!raw || !this.hasWitness) return sha256d(this.encodeStripped());
    // Hashes the raw bytes in parts, without the marker, the flag and the witness, instead of encoding them again.
    const middle = raw.subarray(6, 6 + this.strippedSize - 8);
    return sha256(sha256Parts([raw.subarray(0, 4), middle, raw.subarray(raw.length - 4)]));
  }

  /** The wtxid, the hash of the encoding with witness: 32 bytes, internal order (BIP141). */
  get wtxid(): Uint8Array {
    this.#wtxid ??= this.hasWitness ? sha256d(this.encode()) : this.txid;
    return this.#wtxid;
  }

  /** The txid as hex in display order. */
  get txidHex(): string {
    this.#txidHex ??= toReversedHex(this.txid);
    return this.#txidHex;
  }

  /** The wtxid as hex in display order. */
  get wtxidHex(): string {
    return toReversedHex(this.wtxid);
  }

  /** The size without witness, in bytes. */
  get strippedSize(): number {
    if (this.#strippedSize < 0) {
      let size = 8 + compactSizeLength(this.inputs.length) + compactSizeLength(this.outputs.length);
      for (const { scriptSig } of this.inputs) size += 40 + compactSizeLength(scriptSig.length) + scriptSig.length;
      for (const output of this.outputs) size += txOutSize(output);
      this.#strippedSize = size;
    }
    return this.#strippedSize;
  }

  /** The size with witness, in bytes. */
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

  /** The weight, in weight units (BIP141). */
  get weight(): number {
    return this.strippedSize * (WITNESS_SCALE_FACTOR - 1) + this.totalSize;
  }

  /** The virtual size in vbytes: the weight divided by four, rounded up (BIP141). */
  get vsize(): number {
    return Math.ceil(this.weight / WITNESS_SCALE_FACTOR);
  }
}

/** Reads a list of transactions in steps, each a fraction of a millisecond of work. Throws `DecodeError`. */
export function* readTransactionsInSteps(reader: ByteReader): Generator<void, Transaction[], void> {
  const count = reader.compactSize();
  const transactions: Transaction[] = [];
  const steps = new ReadSteps(reader);
  for (let i = 0; i < count; i++) {
    transactions.push(yield* Transaction.readInSteps(reader));
    if (steps.isOver()) yield;
  }
  return transactions;
}
