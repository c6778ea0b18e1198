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

/** An anyone-can-spend script. */
export const OP_TRUE = Uint8Array.of(0x51);
const RESERVED = new Uint8Array(32);

/** Contents of a block to mine. */
export interface BlockPlan {
  readonly transactions?: readonly Transaction[];
  /** Makes blocks with equal parent and contents differ. */
  readonly tag?: number;
  /** Satoshis that the coinbase claims beyond the subsidy; may be negative. */
  readonly fees?: bigint;
  readonly time?: number;
  readonly version?: number;
  readonly coinbaseOutputs?: readonly TxOut[];
  /** Omits the witness commitment, which is optional without witnesses. */
  readonly noCommitment?: boolean;
}

type Parent = Pick<HeaderContext, 'hash' | 'height' | 'time' | 'bits'> & { medianTimePast?(): number };

/** Returns the coinbase of a block at `height`. */
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

/** Mines a regtest block on `prev`. */
export function mineBlock(prev: Parent, plan: BlockPlan = {}): Block {
  const height = prev.height + 1;
  const transactions = [coinbase(height, plan), ...(plan.transactions ?? [])];
  const time = plan.time ?? Math.max(prev.time + 1, (prev.medianTimePast?.() ?? 0) + 1);
  return sealBlock(transactions, { prevHash: prev.hash, time, bits: prev.bits, version: plan.version ?? 0x2000_0000 });
}

/** Returns a block with exactly these transactions; computes the merkle root and nonce. */
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

/** Contents of a transaction without signatures. */
export interface SpendPlan {
  readonly inputs: readonly OutPoint[];
  readonly outputs: readonly TxOut[];
  readonly version?: number;
  readonly sequence?: number;
  readonly lockTime?: number;
  readonly scriptSig?: Uint8Array;
  readonly witness?: readonly Uint8Array[];
}

/** Returns a transaction without signatures. */
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

/** Returns the outpoint of output `vout` of `tx`. */
export function outpoint(tx: Transaction, vout = 0): OutPoint {
  return { txid: tx.txid, vout };
}
