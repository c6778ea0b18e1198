import { fromReversedHex, toReversedHex } from '../bytes/hex.ts';
import type { Operation, Store } from '../store/store.ts';
import { decodePaymentProof, encodePaymentProof, type PaymentProof } from './payment-proof.ts';

/** First bytes of the keys: proofs that hold, and such as were withdrawn. */
const HELD = 0x70; // p
const WITHDRAWN = 0x71; // q

/** The proofs of a wallet's payments, in the store of the headers that they lead to. */
export class ProofStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Keeps proofs, by txid as people see it. */
  put(proofs: readonly (readonly [txid: string, proof: PaymentProof])[]): Promise<void> {
    const operations = proofs.flatMap(([txid, proof]): Operation[] => [
      { type: 'put', key: keyOf(HELD, txid), value: encodePaymentProof(proof) },
      { type: 'delete', key: keyOf(WITHDRAWN, txid) },
    ]);
    return this.#store.write(operations);
  }

  get(txid: string): PaymentProof | undefined {
    const value = this.#store.get(keyOf(HELD, txid));
    return value && decodePaymentProof(value);
  }

  /** What was once proved, by a block that is of the best chain no longer, and not proved again since. */
  withdrawn(): [txid: string, proof: PaymentProof][] {
    return [...this.#entries(WITHDRAWN)];
  }

  /** Takes back all proofs by blocks above a height, which are lost; returns them. */
  async withdrawAbove(height: number): Promise<[txid: string, proof: PaymentProof][]> {
    const lost = [...this.#entries(HELD)].filter(([, proof]) => proof.height > height);
    const operations = lost.flatMap(([txid, proof]): Operation[] => [
      { type: 'delete', key: keyOf(HELD, txid) },
      { type: 'put', key: keyOf(WITHDRAWN, txid), value: encodePaymentProof(proof) },
    ]);
    await this.#store.write(operations);
    return lost;
  }

  *#entries(kind: number): Generator<[txid: string, proof: PaymentProof]> {
    for (const [key, value] of this.#store.entries({ gte: Uint8Array.of(kind), lt: Uint8Array.of(kind + 1) })) {
      yield [toReversedHex(key.subarray(1)), decodePaymentProof(value)];
    }
  }
}

function keyOf(kind: number, txid: string): Uint8Array {
  return Uint8Array.from([kind, ...fromReversedHex(txid)]);
}
