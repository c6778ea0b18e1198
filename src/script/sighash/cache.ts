import { ByteWriter, compactSizeLength } from '../../bytes/writer.ts';
import { sha256 } from '../../crypto/hash.ts';
import { writeOutPoint } from '../../primitives/outpoint.ts';
import { type Transaction, type TxOut, writeTxOut } from '../../primitives/transaction.ts';
import { preimage } from './preimage.ts';

/** A transaction as legacy signatures see it, before the one script that each of them puts in. */
export interface LegacyTemplate {
  /** The encoding without witness, every scriptSig empty. */
  readonly bytes: Uint8Array;
  /** Where input `i`'s one-byte script length stands: `firstScript + i * LEGACY_INPUT_SIZE`. */
  readonly firstScript: number;
}

/** An input with an empty scriptSig. */
export const LEGACY_INPUT_SIZE = 41;

/**
 * What the signature hashes of one transaction's inputs share, each part computed once, when first asked for
 * (Core: PrecomputedTransactionData). `spentOutputs[i]` is the output that input `i` spends. The hashes without
 * `Twice` are BIP341's single SHA-256, the others BIP143's, which hash those again.
 */
export class SighashCache {
  readonly tx: Transaction;
  readonly spentOutputs: readonly TxOut[];

  #prevouts: Uint8Array | undefined;
  #prevoutsTwice: Uint8Array | undefined;
  #sequences: Uint8Array | undefined;
  #sequencesTwice: Uint8Array | undefined;
  #outputs: Uint8Array | undefined;
  #outputsTwice: Uint8Array | undefined;
  #amounts: Uint8Array | undefined;
  #scriptPubKeys: Uint8Array | undefined;
  #legacyTemplate: LegacyTemplate | undefined;

  constructor(tx: Transaction, spentOutputs: readonly TxOut[]) {
    this.tx = tx;
    this.spentOutputs = spentOutputs;
  }

  get prevouts(): Uint8Array {
    if (!this.#prevouts) {
      preimage.reset();
      for (const input of this.tx.inputs) preimage.outPoint(input.prevout);
      this.#prevouts = preimage.sha256();
    }
    return this.#prevouts;
  }

  get prevoutsTwice(): Uint8Array {
    this.#prevoutsTwice ??= sha256(this.prevouts);
    return this.#prevoutsTwice;
  }

  get sequences(): Uint8Array {
    if (!this.#sequences) {
      preimage.reset();
      for (const input of this.tx.inputs) preimage.u32(input.sequence);
      this.#sequences = preimage.sha256();
    }
    return this.#sequences;
  }

  get sequencesTwice(): Uint8Array {
    this.#sequencesTwice ??= sha256(this.sequences);
    return this.#sequencesTwice;
  }

  get outputs(): Uint8Array {
    if (!this.#outputs) {
      preimage.reset();
      for (const output of this.tx.outputs) preimage.output(output);
      this.#outputs = preimage.sha256();
    }
    return this.#outputs;
  }

  get outputsTwice(): Uint8Array {
    this.#outputsTwice ??= sha256(this.outputs);
    return this.#outputsTwice;
  }

  get amounts(): Uint8Array {
    if (!this.#amounts) {
      preimage.reset();
      for (const output of this.spentOutputs) preimage.i64(output.value);
      this.#amounts = preimage.sha256();
    }
    return this.#amounts;
  }

  get scriptPubKeys(): Uint8Array {
    if (!this.#scriptPubKeys) {
      preimage.reset();
      for (const output of this.spentOutputs) preimage.varBytes(output.scriptPubKey);
      this.#scriptPubKeys = preimage.sha256();
    }
    return this.#scriptPubKeys;
  }

  /** @internal */
  get legacyTemplate(): LegacyTemplate {
    this.#legacyTemplate ??= makeLegacyTemplate(this.tx);
    return this.#legacyTemplate;
  }
}

function makeLegacyTemplate(tx: Transaction): LegacyTemplate {
  const writer = new ByteWriter(64 + tx.inputs.length * LEGACY_INPUT_SIZE + tx.outputs.length * 34);
  writer.u32(tx.version).list(tx.inputs, (w, input) => {
    writeOutPoint(w, input.prevout);
    w.u8(0).u32(input.sequence);
  });
  writer.list(tx.outputs, writeTxOut).u32(tx.lockTime);
  return { bytes: writer.finish(), firstScript: 4 + compactSizeLength(tx.inputs.length) + 36 };
}
