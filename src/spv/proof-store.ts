import { DecodeError } from '../bytes/errors.ts';
import { fromReversedHex, toReversedHex } from '../bytes/hex.ts';
import type { Store, StoreOperation } from '../store/store.ts';
import { corrupt } from './corrupt.ts';
import { decodePaymentProof, encodePaymentProof, type PaymentProof } from './payment-proof.ts';

/** First bytes of the keys: proofs that hold, and such as were withdrawn. */
const HELD = 0x70; // p
const WITHDRAWN = 0x71; // q

/** The proofs of a wallet's payments, in the store of the headers that they lead to. */
export class ProofStore {
  readonly #store: Store;
  readonly #held = new Map<string, PaymentProof>();
  readonly #withdrawn = new Map<string, PaymentProof>();

  /** Reads what the store has. Throws `ChainError` where that makes no sense. */
  constructor(store: Store) {
    this.#store = store;
    for (const [txid, proof] of read(store, HELD)) this.#held.set(txid, proof);
    for (const [txid, proof] of read(store, WITHDRAWN)) this.#withdrawn.set(txid, proof);
  }

  /** Keeps proofs, by txid as people see it; resolves when they are stored. */
  put(proofs: readonly (readonly [txid: string, proof: PaymentProof])[]): Promise<void> {
    const operations: StoreOperation[] = [];
    for (const [txid, proof] of proofs) {
      this.#held.set(txid, proof);
      this.#withdrawn.delete(txid);
      operations.push(
        { type: 'put', key: keyOf(HELD, txid), value: encodePaymentProof(proof) },
        { type: 'delete', key: keyOf(WITHDRAWN, txid) },
      );
    }
    return this.#store.write(operations);
  }

  get(txid: string): PaymentProof | undefined {
    return this.#held.get(txid);
  }

  /** What was once proved, by a block that is of the best chain no longer, and not proved again since. */
  withdrawn(): [txid: string, proof: PaymentProof][] {
    return [...this.#withdrawn];
  }

  /** Takes back the proofs by lost blocks, and tells which; `stored` resolves when that is stored. */
  withdraw(isLost: (proof: PaymentProof) => boolean): {
    lost: [txid: string, proof: PaymentProof][];
    stored: Promise<void>;
  } {
    const lost = [...this.#held].filter(([, proof]) => isLost(proof));
    const operations: StoreOperation[] = [];
    for (const [txid, proof] of lost) {
      this.#held.delete(txid);
      this.#withdrawn.set(txid, proof);
      operations.push(
        { type: 'delete', key: keyOf(HELD, txid) },
        { type: 'put', key: keyOf(WITHDRAWN, txid), value: encodePaymentProof(proof) },
      );
    }
    return { lost, stored: this.#store.write(operations) };
  }
}

function* read(store: Store, kind: number): Generator<[txid: string, proof: PaymentProof]> {
  for (const [key, value] of store.entries({ gte: Uint8Array.of(kind), lt: Uint8Array.of(kind + 1) })) {
    yield [toReversedHex(key.subarray(1)), decode(value)];
  }
}

function decode(value: Uint8Array): PaymentProof {
  try {
    return decodePaymentProof(value);
  } catch (error) {
    if (error instanceof DecodeError) throw corrupt('a proof cannot be read', error);
    throw error;
  }
}

function keyOf(kind: number, txid: string): Uint8Array {
  return Uint8Array.from([kind, ...fromReversedHex(txid)]);
}
