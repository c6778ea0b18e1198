import { concatBytes } from '../../../src/bytes/compare.ts';
import { bip34Prefix } from '../../../src/consensus/block-check.ts';
import type { HeaderContext } from '../../../src/consensus/header-context.ts';
import { blockMerkleRoot, witnessMerkleRoot } from '../../../src/consensus/merkle.ts';
import { regtest } from '../../../src/consensus/params.ts';
import { checkProofOfWork } from '../../../src/consensus/pow.ts';
import { blockSubsidy } from '../../../src/consensus/subsidy.ts';
import { witnessCommitment, witnessCommitmentScript } from '../../../src/consensus/witness-commitment.ts';
import { Block } from '../../../src/primitives/block.ts';
import { BlockHeader, type BlockHeaderFields } from '../../../src/primitives/header.ts';
import { nullOutPoint, type OutPoint } from '../../../src/primitives/outpoint.ts';
import { Transaction, type TxOut } from '../../../src/primitives/transaction.ts';

/** A script that anybody meets without a signature. */
export const OP_TRUE = Uint8Array.of(0x51);
const RESERVED = new Uint8Array(32);

export interface BlockPlan {
  readonly transactions?: readonly Transaction[];
  /** Told apart by this, blocks with the same parent and contents differ. */
  readonly tag?: number;
  /** What the coinbase claims beyond the subsidy; negative for less. */
  readonly fees?: bigint;
  readonly time?: number;
  readonly version?: number;
  readonly coinbaseOutputs?: readonly TxOut[];
  /** Leaves out the witness commitment, as blocks without witnesses may. */
  readonly noCommitment?: boolean;
}

type Parent = Pick<HeaderContext, 'hash' | 'height' | 'time' | 'bits'> & { medianTimePast?(): number };

/** The coinbase of a block at `height` that holds `transactions`. */
export function coinbase(height: number, plan: BlockPlan = {}): Transaction {
  const { transactions = [], tag = 0, fees = 0n } = plan;
  const reward = blockSubsidy(height, regtest) + fees;
  const outputs = [...(plan.coinbaseOutputs ?? [{ value: reward, scriptPubKey: OP_TRUE }])];
  if (!plan.noCommitment) {
    const root = witnessMerkleRoot({ transactions: [new Transaction(empty), ...transactions] });
    outputs.push({ value: 0n, scriptPubKey: witnessCommitmentScript(witnessCommitment(root, RESERVED)) });
  }
  const scriptSig = concatBytes(bip34Prefix(height), Uint8Array.of(4, tag, tag >>> 8, tag >>> 16, tag >>> 24));
  const witness = plan.noCommitment ? [] : [RESERVED];
  const inputs = [{ prevout: nullOutPoint, scriptSig, sequence: 0xffff_ffff, witness }];
  return new Transaction({ version: 2, inputs, outputs, lockTime: 0 });
}

const empty = { version: 2, inputs: [], outputs: [], lockTime: 0 };

/** A regtest block on `prev`, with proof of work. */
export function mineBlock(prev: Parent, plan: BlockPlan = {}): Block {
  const height = prev.height + 1;
  const transactions = [coinbase(height, plan), ...(plan.transactions ?? [])];
  const time = plan.time ?? Math.max(prev.time + 1, (prev.medianTimePast?.() ?? 0) + 1);
  return sealBlock(transactions, { prevHash: prev.hash, time, bits: prev.bits, version: plan.version ?? 0x2000_0000 });
}

/** A block of exactly these transactions; the header's merkle root and nonce are found. */
export function sealBlock(
  transactions: readonly Transaction[],
  fields: Omit<BlockHeaderFields, 'merkleRoot' | 'nonce'> & { merkleRoot?: Uint8Array },
): Block {
  const merkleRoot = fields.merkleRoot ?? blockMerkleRoot({ transactions }).root;
  for (let nonce = 0; ; nonce++) {
    const header = new BlockHeader({ ...fields, merkleRoot, nonce });
    if (checkProofOfWork(header.hash, header.bits, regtest)) return new Block(header, transactions);
  }
}

export interface SpendPlan {
  readonly inputs: readonly OutPoint[];
  readonly outputs: readonly TxOut[];
  readonly version?: number;
  readonly sequence?: number;
  readonly lockTime?: number;
  readonly scriptSig?: Uint8Array;
  readonly witness?: readonly Uint8Array[];
}

/** A transaction without signatures. */
export function spend(plan: SpendPlan): Transaction {
  const { inputs, outputs, version = 2, sequence = 0xffff_ffff, lockTime = 0 } = plan;
  const { scriptSig = new Uint8Array(0), witness = [] } = plan;
  return new Transaction({
    version,
    inputs: inputs.map((prevout) => ({ prevout, scriptSig, sequence, witness })),
    outputs,
    lockTime,
  });
}

/** The output `vout` of `tx`, to be spent. */
export function outpoint(tx: Transaction, vout = 0): OutPoint {
  return { txid: tx.txid, vout };
}
