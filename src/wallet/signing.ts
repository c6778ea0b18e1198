import { Transaction as Signer } from '@scure/btc-signer';
import { toReversedHex } from '../bytes/hex.ts';
import type { OutPoint } from '../primitives/outpoint.ts';
import { Transaction, type TxOut } from '../primitives/transaction.ts';
import type { KeyOutput } from './keys.ts';

/** Final for no lock time, and replaceable (BIP125), as Core's wallet signs. */
const SEQUENCE = 0xffff_fffd;

/** A coin about to be spent, and all that its signature needs. */
export interface SigningInput {
  readonly outpoint: OutPoint;
  readonly output: TxOut;
  /** The transaction that made the coin; legacy signatures do not commit to the amount, so signers want to see it. */
  readonly previous: Transaction;
  readonly key: KeyOutput;
  readonly privateKey: Uint8Array;
}

/** Makes and signs a transaction of version 2. The signatures are those of `@scure/btc-signer`, not of our validator. */
export function signTransaction(
  inputs: readonly SigningInput[],
  outputs: readonly TxOut[],
  lockTime: number,
): Transaction {
  const signer = new Signer({ version: 2, lockTime, allowUnknownOutputs: true });
  for (const { outpoint, output, previous, key } of inputs) {
    const isSegwit = key.redeemScript !== undefined || output.scriptPubKey[0] === 0 || key.tapInternalKey !== undefined;
    signer.addInput({
      txid: toReversedHex(outpoint.txid),
      index: outpoint.vout,
      sequence: SEQUENCE,
      ...(isSegwit
        ? { witnessUtxo: { script: output.scriptPubKey, amount: output.value } }
        : { nonWitnessUtxo: previous.encode() }),
      ...(key.redeemScript ? { redeemScript: key.redeemScript } : {}),
      ...(key.tapInternalKey ? { tapInternalKey: key.tapInternalKey } : {}),
    });
  }
  for (const { value, scriptPubKey } of outputs) signer.addOutput({ script: scriptPubKey, amount: value });
  for (const [i, { privateKey }] of inputs.entries()) {
    signer.signIdx(privateKey, i);
    signer.finalizeIdx(i);
  }
  return Transaction.decode(signer.extract());
}
