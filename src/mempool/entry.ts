import { binaryKey } from '../bytes/compare.ts';
import type { Transaction } from '../primitives/transaction.ts';

/** The height of coins created by mempool transactions, which no block has (Core: MEMPOOL_HEIGHT). */
export const MEMPOOL_HEIGHT = 0x7fff_ffff;

/** The properties of an entry that do not change. */
export interface MempoolEntryFields {
  readonly tx: Transaction;
  /** Satoshis: inputs minus outputs. */
  readonly fee: bigint;
  /** Seconds since the Unix epoch at which it entered the mempool. */
  readonly time: number;
  /** Height of the tip when it entered the mempool. */
  readonly height: number;
  /** BIP141 signature operation cost. */
  readonly sigOpCost: number;
  /** Virtual bytes, adjusted for signature operations; see `policyVsize`. */
  readonly vsize: number;
  /** Whether an input spends a coinbase, whose maturity a reorganisation can undo. */
  readonly spendsCoinbase: boolean;
}

/**
 * A transaction in the mempool, with totals of its in-mempool ancestors and descendants, which include the transaction
 * itself (Core: CTxMemPoolEntry). Totals and links change while it is in the mempool.
 */
export interface MempoolEntry extends MempoolEntryFields {
  /** `fee` plus the delta of `Mempool.prioritise`; used by mining, eviction and replacement (Core: GetModifiedFee). */
  readonly modifiedFee: bigint;
  /** Approximate bytes of memory (Core: DynamicMemoryUsage). */
  readonly usage: number;
  /** Increases with each entry added to the mempool. */
  readonly sequence: number;

  /** The mempool transactions whose outputs it spends. */
  readonly parents: ReadonlySet<MempoolEntry>;
  /** The mempool transactions that spend its outputs. */
  readonly children: ReadonlySet<MempoolEntry>;

  readonly ancestorCount: number;
  /** Virtual bytes. */
  readonly ancestorSize: number;
  /** Satoshis, modified. */
  readonly ancestorFees: bigint;
  readonly ancestorSigOpCost: number;
  readonly descendantCount: number;
  /** Virtual bytes. */
  readonly descendantSize: number;
  /** Satoshis, modified. */
  readonly descendantFees: bigint;
}

/** Why an entry left the mempool (Core: MemPoolRemovalReason). */
export type RemovalReason = 'block' | 'conflict' | 'replaced' | 'reorg' | 'expiry' | 'sizelimit';

/** The mutable side of `MempoolEntry`; only `MempoolGraph` and `EvictionQueue` write to it. */
export class MutableEntry implements MempoolEntry {
  readonly tx: Transaction;
  readonly fee: bigint;
  readonly time: number;
  readonly height: number;
  readonly sigOpCost: number;
  readonly vsize: number;
  readonly spendsCoinbase: boolean;
  readonly usage: number;
  /** `binaryKey` of the txid. */
  readonly key: string;

  modifiedFee: bigint;
  sequence = 0;
  readonly parents = new Set<MutableEntry>();
  readonly children = new Set<MutableEntry>();

  ancestorCount = 1;
  ancestorSize: number;
  ancestorFees: bigint;
  ancestorSigOpCost: number;
  descendantCount = 1;
  descendantSize: number;
  descendantFees: bigint;

  /** Position and sort key in the eviction queue. */
  queueIndex = -1;
  evictionScore = 0;

  constructor(fields: MempoolEntryFields, feeDelta: bigint) {
    this.tx = fields.tx;
    this.fee = fields.fee;
    this.time = fields.time;
    this.height = fields.height;
    this.sigOpCost = fields.sigOpCost;
    this.vsize = fields.vsize;
    this.spendsCoinbase = fields.spendsCoinbase;
    this.usage = ENTRY_USAGE + fields.tx.inputs.length * SPEND_USAGE + transactionUsage(fields.tx);
    this.key = binaryKey(fields.tx.txid);
    this.modifiedFee = fields.fee + feeDelta;
    this.ancestorSize = fields.vsize;
    this.ancestorFees = this.modifiedFee;
    this.ancestorSigOpCost = fields.sigOpCost;
    this.descendantSize = fields.vsize;
    this.descendantFees = this.modifiedFee;
  }
}

// Approximate bytes of V8 objects. A payment with one input and two outputs was measured to take 3,200 bytes.
const ENTRY_USAGE = 1600;
const SPEND_USAGE = 120;
const TRANSACTION_USAGE = 300;
const INPUT_USAGE = 320;
const WITNESS_ITEM_USAGE = 110;
const OUTPUT_USAGE = 190;

/** Returns the approximate bytes of memory of a decoded transaction (Core: RecursiveDynamicUsage). */
export function transactionUsage(tx: Transaction): number {
  let witnessItems = 0;
  for (const { witness } of tx.inputs) witnessItems += witness.length;
  return (
    TRANSACTION_USAGE +
    tx.totalSize +
    tx.inputs.length * INPUT_USAGE +
    witnessItems * WITNESS_ITEM_USAGE +
    tx.outputs.length * OUTPUT_USAGE
  );
}
