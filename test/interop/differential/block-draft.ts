import { blockMerkleRoot, witnessMerkleRoot } from '../../../src/consensus/merkle.ts';
import { regtest } from '../../../src/consensus/params.ts';
import { checkProofOfWork, validTarget } from '../../../src/consensus/pow.ts';
import { witnessCommitment, witnessCommitmentScript } from '../../../src/consensus/witness-commitment.ts';
import { Block } from '../../../src/primitives/block.ts';
import { BlockHeader, type BlockHeaderFields } from '../../../src/primitives/header.ts';
import { nullOutPoint } from '../../../src/primitives/outpoint.ts';
import { Transaction, type TxIn, type TxOut } from '../../../src/primitives/transaction.ts';
import type { BlockNode } from './block-tree.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A block while it is made: everything in it may still be changed. */
export interface BlockDraft {
  readonly parent: BlockNode;
  /** Seconds, the judges' clock. */
  readonly now: number;
  readonly header: Mutable<Omit<BlockHeaderFields, 'merkleRoot' | 'nonce'>>;
  readonly coinbase: {
    version: number;
    inputs: TxIn[];
    outputs: TxOut[];
    lockTime: number;
  };
  /** The index among the coinbase's outputs at which the commitment to the witnesses is put; undefined for none. */
  commitmentAt: number | undefined;
  /** Bytes behind the commitment in its script, which mean nothing. */
  commitmentTail: Uint8Array;
  /** Those after the coinbase. */
  transactions: Transaction[];
}

export type HeaderDraft = Mutable<BlockHeaderFields>;

/** What changes a block on its way, in the order in which it is made. */
export interface BlockChange {
  draft?(draft: BlockDraft): void;
  /** Of all transactions, before the merkle root is computed. */
  transactions?(transactions: Transaction[], draft: BlockDraft): Transaction[];
  /** Before the search for proof of work. */
  header?(header: HeaderDraft, draft: BlockDraft): void;
  /** Whether the search goes for a hash that misses the target. */
  unsolved?: boolean;
  /** When the header is done. */
  sealed?(block: Block): Block;
  /** The encoding. */
  bytes?(bytes: Uint8Array, block: Block): Uint8Array;
}

/** The block as bytes, which need not decode any more. */
export function finishBlock(draft: BlockDraft, changes: readonly BlockChange[]): { block: Block; bytes: Uint8Array } {
  for (const change of changes) change.draft?.(draft);
  let transactions = [finishCoinbase(draft), ...draft.transactions];
  for (const change of changes) transactions = change.transactions?.(transactions, draft) ?? transactions;

  const header: HeaderDraft = { ...draft.header, merkleRoot: blockMerkleRoot({ transactions }).root, nonce: 0 };
  for (const change of changes) change.header?.(header, draft);
  const wantsSolution = !changes.some(({ unsolved }) => unsolved);
  let block = new Block(solve(header, wantsSolution), transactions);
  for (const change of changes) block = change.sealed?.(block) ?? block;
  let bytes = block.encode();
  for (const change of changes) bytes = change.bytes?.(bytes, block) ?? bytes;
  return { block, bytes };
}

function finishCoinbase({ coinbase, commitmentAt, commitmentTail, transactions }: BlockDraft): Transaction {
  if (commitmentAt === undefined) return new Transaction(coinbase);
  const root = witnessMerkleRoot({ transactions: [new Transaction(coinbase), ...transactions] });
  const reserved = coinbase.inputs[0]?.witness[0] ?? new Uint8Array(32);
  const script = witnessCommitmentScript(witnessCommitment(root, reserved));
  const outputs = coinbase.outputs.toSpliced(commitmentAt, 0, {
    value: 0n,
    scriptPubKey: Uint8Array.of(...script, ...commitmentTail),
  });
  return new Transaction({ ...coinbase, outputs });
}

/** More than this is not worth it: a target that hard is refused in any case. */
const MAX_TRIES = 2000;

function solve(fields: HeaderDraft, wanted: boolean): BlockHeader {
  if (validTarget(fields.bits, regtest) === undefined) return new BlockHeader(fields);
  for (let nonce = fields.nonce; ; nonce++) {
    const header = new BlockHeader({ ...fields, nonce });
    const isSolved = checkProofOfWork(header.hash, header.bits, regtest);
    if (isSolved === wanted || nonce > fields.nonce + MAX_TRIES) return header;
  }
}

/** A coinbase's only input. */
export function coinbaseInput(scriptSig: Uint8Array, sequence: number, reserved: Uint8Array): TxIn {
  return { prevout: nullOutPoint, scriptSig, sequence, witness: [reserved] };
}
