import { ByteWriter, compactSizeLength } from '../../bytes/writer.ts';
import { sha256 } from '../../crypto/hash.ts';
import { writeOutPoint } from '../../primitives/outpoint.ts';
import { type Transaction, type TxOut, writeTxOut } from '../../primitives/transaction.ts';
import { preimage } from './preimage.ts';

/** The part of the legacy preimage that all inputs share: a signature only inserts its script code. */
export interface LegacyTemplate {
  /** The transaction without witness, with every scriptSig empty. */
  readonly bytes: Uint8Array;
  /** The offset of the first input's script length (one byte); input `i`'s is `i * LEGACY_INPUT_SIZE` further on. */
  readonly firstScript: number;
}

/** Bytes of an input with an empty scriptSig. */
export const LEGACY_INPUT_SIZE = 41;

/**
 * The hashes that the inputs of a transaction share for their signature hashes, 32 bytes each, computed on first use
 * (Core: PrecomputedTransactionData). The `sha…` hashes are BIP341's (single SHA-256), the `hash…` ones BIP143's
 * (double SHA-256).
 */
export class SighashCache {
  readonly tx: Transaction;
  /** The output that each input spends, in the order of the inputs. */
  readonly spentOutputs: readonly TxOut[];

  #shaPrevouts: Uint8Array | undefined;
  #hashPrevouts: Uint8Array | undefined;
  #shaSequences: Uint8Array | undefined;
  #hashSequences: Uint8Array | undefined;
  #shaOutputs: Uint8Array | undefined;
  #hashOutputs: Uint8Array | undefined;
  #shaAmounts: Uint8Array | undefined;
  #shaScriptPubKeys: Uint8Array | undefined;
  #legacyTemplate: LegacyTemplate | undefined;

  constructor(tx: Transaction, spentOutputs: readonly TxOut[]) {
    this.tx = tx;
    this.spentOutputs = spentOutputs;
  }

  get shaPrevouts(): Uint8Array {
    if (!this.#shaPrevouts) {
      preimage.reset();
      for (const input of this.tx.inputs) preimage.outPoint(input.prevout);
      this.#shaPrevouts = preimage.sha256();
    }
    return this.#shaPrevouts;
  }

  get hashPrevouts(): Uint8Array {
    this.#hashPrevouts ??= sha256(this.shaPrevouts);
    return this.#hashPrevouts;
  }

  get shaSequences(): Uint8Array {
    if (!this.#shaSequences) {
      preimage.reset();
      for (const input of this.tx.inputs) preimage.u32(input.sequence);
      this.#shaSequences = preimage.sha256();
    }
    return this.#shaSequences;
  }

  get hashSequences(): Uint8Array {
    this.#hashSequences ??= sha256(this.shaSequences);
    return this.#hashSequences;
  }

  get shaOutputs(): Uint8Array {
    if (!this.#shaOutputs) {
      preimage.reset();
      for (const output of this.tx.outputs) preimage.output(output);
      this.#shaOutputs = preimage.sha256();
    }
    return this.#shaOutputs;
  }

  get hashOutputs(): Uint8Array {
    this.#hashOutputs ??= sha256(this.shaOutputs);
    return this.#hashOutputs;
  }

  get shaAmounts(): Uint8Array {
    if (!this.#shaAmounts) {
      preimage.reset();
      for (const output of this.spentOutputs) preimage.i64(output.value);
      this.#shaAmounts = preimage.sha256();
    }
    return this.#shaAmounts;
  }

  get shaScriptPubKeys(): Uint8Array {
    if (!this.#shaScriptPubKeys) {
      preimage.reset();
      for (const output of this.spentOutputs) preimage.varBytes(output.scriptPubKey);
      this.#shaScriptPubKeys = preimage.sha256();
    }
    return this.#shaScriptPubKeys;
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
