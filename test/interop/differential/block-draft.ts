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

/** A block under construction. Everything in it can be changed. */
export interface BlockDraft {
  readonly parent: BlockNode;
  /** Mock time of both nodes, in seconds. */
  readonly now: number;
  readonly header: Mutable<Omit<BlockHeaderFields, 'merkleRoot' | 'nonce'>>;
  readonly coinbase: {
    version: number;
    inputs: TxIn[];
    outputs: TxOut[];
    lockTime: number;
  };
  /** Index of the witness commitment among the coinbase's outputs; undefined for none. */
  commitmentAt: number | undefined;
  /** Bytes after the commitment in its script, which have no meaning (BIP141). */
  commitmentTail: Uint8Array;
  /** The transactions after the coinbase. */
  transactions: Transaction[];
}

/** A header whose fields can be changed. */
export type HeaderDraft = Mutable<BlockHeaderFields>;

/** Hooks that change a block, in the order of its construction. */
export interface BlockChange {
  /** Before the coinbase is finished. */
  draft?(draft: BlockDraft): void;
  /** All transactions, before the merkle root is computed. */
  transactions?(transactions: Transaction[], draft: BlockDraft): Transaction[];
  /** The header, before the search for proof of work. */
  header?(header: HeaderDraft, draft: BlockDraft): void;
  /** Whether the search is for a hash that misses the target. */
  unsolved?: boolean;
  /** The block, after the header is final. */
  sealed?(block: Block): Block;
  /** The encoded block. */
  bytes?(bytes: Uint8Array, block: Block): Uint8Array;
}

/** Builds and encodes the block. The bytes need not decode. */
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

/** Nonces to try. A target that needs more is rejected anyway. */
const MAX_TRIES = 2000;

function solve(fields: HeaderDraft, wanted: boolean): BlockHeader {
  if (validTarget(fields.bits, regtest) === undefined) return new BlockHeader(fields);
  for (let nonce = fields.nonce; ; nonce++) {
    const header = new BlockHeader({ ...fields, nonce });
    const isSolved = checkProofOfWork(header.hash, header.bits, regtest);
    if (isSolved === wanted || nonce > fields.nonce + MAX_TRIES) return header;
  }
}

/** Returns the input of a coinbase; `reserved` is the witness reserved value. */
export function coinbaseInput(scriptSig: Uint8Array, sequence: number, reserved: Uint8Array): TxIn {
  return { prevout: nullOutPoint, scriptSig, sequence, witness: [reserved] };
}
