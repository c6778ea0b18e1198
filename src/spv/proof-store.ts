import { DecodeError } from '../bytes/errors.ts';
import { fromReversedHex, toReversedHex } from '../bytes/hex.ts';
import type { Store, StoreOperation } from '../store/store.ts';
import { corrupt } from './corrupt.ts';
import { decodePaymentProof, encodePaymentProof, type PaymentProof } from './payment-proof.ts';

/** First byte of a key: current proofs, and withdrawn proofs. The txid follows, in internal order. */
const HELD = 0x70; // p
const WITHDRAWN = 0x71; // q

/** Merkle proofs of the wallets' transactions, in the same store as the headers that commit to them. */
export class ProofStore {
  readonly #store: Store;
  readonly #held = new Map<string, PaymentProof>();
  readonly #withdrawn = new Map<string, PaymentProof>();

  /** Reads the proofs from the store. Throws `ChainError` 'corrupt-database'. */
  constructor(store: Store) {
    this.#store = store;
    for (const [txid, proof] of read(store, HELD)) this.#held.set(txid, proof);
    for (const [txid, proof] of read(store, WITHDRAWN)) this.#withdrawn.set(txid, proof);
  }

  /** Stores proofs by txid (hex, reversed byte order). Resolves when they are written. */
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

  /** Returns the current proof of a transaction; undefined if there is none or it is withdrawn. */
  get(txid: string): PaymentProof | undefined {
    return this.#held.get(txid);
  }

  /** Returns the proofs whose block left the best chain and whose transaction has not been proved again since. */
  withdrawn(): [txid: string, proof: PaymentProof][] {
    return [...this.#withdrawn];
  }

  /** Withdraws the proofs for disconnected blocks and returns them. `stored` resolves when this is written. */
  withdraw(isDisconnected: (proof: PaymentProof) => boolean): {
    withdrawn: [txid: string, proof: PaymentProof][];
    stored: Promise<void>;
  } {
    const withdrawn = [...this.#held].filter(([, proof]) => isDisconnected(proof));
    const operations: StoreOperation[] = [];
    for (const [txid, proof] of withdrawn) {
      this.#held.delete(txid);
      this.#withdrawn.set(txid, proof);
      operations.push(
        { type: 'delete', key: keyOf(HELD, txid) },
        { type: 'put', key: keyOf(WITHDRAWN, txid), value: encodePaymentProof(proof) },
      );
    }
    return { withdrawn, stored: this.#store.write(operations) };
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
    if (error instanceof DecodeError) throw corrupt('unreadable payment proof', error);
    throw error;
  }
}

function keyOf(kind: number, txid: string): Uint8Array {
  return Uint8Array.from([kind, ...fromReversedHex(txid)]);
}
