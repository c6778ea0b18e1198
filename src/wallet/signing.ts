import { Transaction as Signer } from '@scure/btc-signer';
import { toReversedHex } from '../bytes/hex.ts';
import type { OutPoint } from '../primitives/outpoint.ts';
import { Transaction, type TxOut } from '../primitives/transaction.ts';
import type { KeyOutput } from './keys.ts';

/** Sequence of every input: signals replaceability (BIP125) and enables the lock time, as Core's wallet does. */
const SEQUENCE = 0xffff_fffd;

/** A coin to spend, with the data needed to sign for it. */
export interface SigningInput {
  readonly outpoint: OutPoint;
  readonly output: TxOut;
  /** The transaction with the output; needed for legacy inputs, whose signatures do not commit to the amount. */
  readonly previous: Transaction;
  readonly key: KeyOutput;
  readonly privateKey: Uint8Array;
}

/** Builds and signs a version 2 transaction with `@scure/btc-signer`, which shares no code with our validator. */
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
