import { merkleRoot } from '../consensus/merkle.ts';
import { witnessCommitment, witnessCommitmentScript } from '../consensus/witness-commitment.ts';
import { nullOutPoint } from '../primitives/outpoint.ts';
import { Transaction, type TxOut } from '../primitives/transaction.ts';
import { compileScript } from '../script/script.ts';

/** BIP141: witness reserved value of the coinbase, without a meaning yet. */
const WITNESS_RESERVED_VALUE = new Uint8Array(32);
/** Sequence that keeps the lock time in force (Core: MAX_SEQUENCE_NONFINAL). */
const MAX_SEQUENCE_NONFINAL = 0xffff_fffe;

/** The contents of a coinbase transaction. */
export interface CoinbaseFields {
  /** Height of the block. */
  readonly height: number;
  /** Script that the reward is paid to. */
  readonly scriptPubKey: Uint8Array;
  /** Satoshis: subsidy plus fees. */
  readonly value: bigint;
  /** Makes blocks with otherwise equal contents differ. */
  readonly extraNonce: number;
  /** The other transactions of the block, for the BIP141 commitment; undefined before segwit. */
  readonly committed: readonly Transaction[] | undefined;
}

/**
 * Creates a coinbase. Its scriptSig begins with the height (BIP34); lock time height - 1 makes it unique (BIP54).
 *
 * @example
 * ```ts
 * import { blockSubsidy, regtest } from 'pier/consensus';
 * import { createCoinbase } from 'pier/mining';
 * import { compileScript, Op } from 'pier/script';
 *
 * const height = 1;
 * const value = blockSubsidy(height, regtest);
 * const fields = { height, value, scriptPubKey: compileScript(Op.OP_1), extraNonce: 0, committed: [] };
 * console.log(createCoinbase(fields).isCoinbase); // true
 * ```
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
  // The coinbase's wtxid counts as zero.
  const { root } = merkleRoot([new Uint8Array(32), ...transactions.map((tx) => tx.wtxid)]);
  return witnessCommitmentScript(witnessCommitment(root, WITNESS_RESERVED_VALUE));
}
