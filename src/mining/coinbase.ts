import { merkleRoot } from '../consensus/merkle.ts';
import { witnessCommitment, witnessCommitmentScript } from '../consensus/witness-commitment.ts';
import { nullOutPoint } from '../primitives/outpoint.ts';
import { Transaction, type TxOut } from '../primitives/transaction.ts';
import { compileScript } from '../script/script.ts';

/** BIP141's reserved value, which the coinbase's witness must hold; it has no meaning yet. */
const WITNESS_RESERVED_VALUE = new Uint8Array(32);
/** A sequence under which the lock time counts. */
const MAX_SEQUENCE_NONFINAL = 0xffff_fffe;

export interface CoinbaseFields {
  /** Of the block. */
  readonly height: number;
  readonly scriptPubKey: Uint8Array;
  /** Satoshis: subsidy and fees. */
  readonly value: bigint;
  readonly extraNonce: number;
  /** The block's other transactions, for BIP141's commitment; undefined before segwit. */
  readonly committed: readonly Transaction[] | undefined;
}

/**
 * The transaction that pays the miner. Its script begins with the height (BIP34); its lock time is that of the block
 * before, which makes it unlike any other (BIP54).
 */
export function createCoinbase(fields: CoinbaseFields): Transaction {
  const { height, scriptPubKey, value, extraNonce, committed } = fields;
  const outputs: TxOut[] = [{ value, scriptPubKey }];
  if (committed) outputs.push({ value: 0n, scriptPubKey: commitmentScript(committed) });
  return new Transaction({
    version: 2,
    inputs: [
      {
        prevout: nullOutPoint,
        scriptSig: compileScript(BigInt(height), BigInt(extraNonce)),
        sequence: MAX_SEQUENCE_NONFINAL,
        witness: committed ? [WITNESS_RESERVED_VALUE] : [],
      },
    ],
    outputs,
    lockTime: height - 1,
  });
}

function commitmentScript(transactions: readonly Transaction[]): Uint8Array {
  // The coinbase's own place in the tree holds zeros.
  const { root } = merkleRoot([new Uint8Array(32), ...transactions.map((tx) => tx.wtxid)]);
  return witnessCommitmentScript(witnessCommitment(root, WITNESS_RESERVED_VALUE));
}
