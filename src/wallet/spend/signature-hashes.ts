import { ByteWriter } from '../../bytes/writer.ts';
import { sha256, sha256d, taggedHash } from '../../crypto/hash.ts';
import { type OutPoint, writeOutPoint } from '../../primitives/outpoint.ts';
import { type TxOut, writeTxOut } from '../../primitives/transaction.ts';

/** The only type of signature that wallets make: of all inputs and outputs (Core: SIGHASH_ALL). */
export const SIGHASH_ALL = 1;

const tapSighash = taggedHash('TapSighash');

/** The transaction to sign, with the output that each input spends. */
export interface UnsignedTransaction {
  readonly version: number;
  readonly lockTime: number;
  readonly sequence: number;
  readonly inputs: readonly { readonly outpoint: OutPoint; readonly output: TxOut }[];
  readonly outputs: readonly TxOut[];
}

/**
 * The hashes that a wallet signs. What the inputs share is computed once. The code is not that of the interpreter
 * (`src/script/sighash`), so that signer and validator check each other.
 */
export class SignatureHashes {
  readonly #tx: UnsignedTransaction;
  readonly #shared = new Map<string, Uint8Array>();

  constructor(tx: UnsignedTransaction) {
    this.#tx = tx;
  }

  /** Returns the hash of a legacy input. */
  legacy(index: number, scriptCode: Uint8Array): Uint8Array {
    const template = this.#legacyTemplate();
    const at = this.#legacyScriptOffset(index);
    const writer = new ByteWriter(template.length + scriptCode.length + 8);
    writer
      .bytes(template.subarray(0, at))
      .varBytes(scriptCode)
      .bytes(template.subarray(at + 1))
      .u32(SIGHASH_ALL);
    return sha256d(writer.finish());
  }

  /** Returns the hash of a version 0 witness program (BIP143). */
  segwitV0(index: number, scriptCode: Uint8Array): Uint8Array {
    const { version, lockTime, sequence, inputs } = this.#tx;
    const { outpoint, output } = inputs[index]!;
    const writer = new ByteWriter(200).u32(version);
    writer.bytes(this.#double('prevouts')).bytes(this.#double('sequences'));
    writeOutPoint(writer, outpoint);
    writer.varBytes(scriptCode).i64(output.value).u32(sequence);
    writer.bytes(this.#double('outputs')).u32(lockTime).u32(SIGHASH_ALL);
    return sha256d(writer.finish());
  }

  /** Returns the hash of a key path spend with SIGHASH_DEFAULT (BIP341). */
  taproot(index: number): Uint8Array {
    const { version, lockTime } = this.#tx;
    // Epoch and hash type are 0, as is the spend type: key path, no annex.
    const writer = new ByteWriter(200).u8(0).u8(0).u32(version).u32(lockTime);
    writer.bytes(this.#single('prevouts')).bytes(this.#single('amounts')).bytes(this.#single('scripts'));
    writer.bytes(this.#single('sequences')).bytes(this.#single('outputs')).u8(0).u32(index);
    return tapSighash(writer.finish());
  }

  #double(part: Part): Uint8Array {
    return this.#once(`double ${part}`, () => sha256(this.#single(part)));
  }

  #single(part: Part): Uint8Array {
    return this.#once(part, () => {
      const writer = new ByteWriter(41 * (this.#tx.inputs.length + this.#tx.outputs.length));
      parts[part](writer, this.#tx);
      return sha256(writer.finish());
    });
  }

  #once(name: string, compute: () => Uint8Array): Uint8Array {
    let value = this.#shared.get(name);
    if (!value) {
      value = compute();
      this.#shared.set(name, value);
    }
    return value;
  }

  /** The transaction with all scripts empty, each with its length of one byte, 0. */
  #legacyTemplate(): Uint8Array {
    return this.#once('template', () => {
      const { version, lockTime, sequence, inputs, outputs } = this.#tx;
      const writer = new ByteWriter(64 + 41 * (inputs.length + outputs.length)).u32(version);
      writer.list(inputs, (w, { outpoint }) => {
        writeOutPoint(w, outpoint);
        w.u8(0).u32(sequence);
      });
      return writer.list(outputs, writeTxOut).u32(lockTime).finish();
    });
  }

  #legacyScriptOffset(index: number): number {
    // No block has room for 65,536 inputs, whose count takes more bytes.
    const countBytes = this.#tx.inputs.length < 0xfd ? 1 : 3;
    return 4 + countBytes + 41 * index + 36;
  }
}

type Part = 'prevouts' | 'sequences' | 'amounts' | 'scripts' | 'outputs';

const parts: Readonly<Record<Part, (writer: ByteWriter, tx: UnsignedTransaction) => void>> = {
  prevouts: (writer, { inputs }) => {
    for (const { outpoint } of inputs) writeOutPoint(writer, outpoint);
  },
  sequences: (writer, { inputs, sequence }) => {
    for (let i = 0; i < inputs.length; i++) writer.u32(sequence);
  },
  amounts: (writer, { inputs }) => {
    for (const { output } of inputs) writer.i64(output.value);
  },
  scripts: (writer, { inputs }) => {
    for (const { output } of inputs) writer.varBytes(output.scriptPubKey);
  },
  outputs: (writer, { outputs }) => {
    for (const output of outputs) writeTxOut(writer, output);
  },
};
