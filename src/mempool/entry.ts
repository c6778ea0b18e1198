import { binaryKey } from '../bytes/compare.ts';
import type { Transaction } from '../primitives/transaction.ts';

/** The height of a coin that a mempool transaction makes: that of no block (Core: MEMPOOL_HEIGHT). */
export const MEMPOOL_HEIGHT = 0x7fff_ffff;

/** What is known of an entry when it comes. */
export interface MempoolEntryFields {
  readonly tx: Transaction;
  /** Satoshis by which the inputs exceed the outputs. */
  readonly fee: bigint;
  /** Seconds since the Unix epoch at which it came. */
  readonly time: number;
  /** Of the tip when it came. */
  readonly height: number;
  /** BIP141 cost. */
  readonly sigOpCost: number;
  /** Virtual bytes, or more where it has many signature operations for its size. */
  readonly vsize: number;
  readonly spendsCoinbase: boolean;
}

/**
 * A transaction in the mempool, with sums over its ancestors and descendants there, itself included in both. The sums
 * and links change while it is in the mempool.
 */
export interface MempoolEntry extends MempoolEntryFields {
  /** `fee` and what `Mempool.prioritise` added: what mining, eviction and replacement go by. */
  readonly modifiedFee: bigint;
  /** Bytes of memory that it accounts for. */
  readonly usage: number;
  /** The order of arrival: a later one has a greater number. */
  readonly sequence: number;

  /** The transactions in the mempool whose outputs it spends. */
  readonly parents: ReadonlySet<MempoolEntry>;
  /** The transactions in the mempool that spend its outputs. */
  readonly children: ReadonlySet<MempoolEntry>;

  readonly ancestorCount: number;
  readonly ancestorSize: number;
  readonly ancestorFees: bigint;
  readonly ancestorSigOpCost: number;
  readonly descendantCount: number;
  readonly descendantSize: number;
  readonly descendantFees: bigint;
}

/** Why an entry left the mempool. */
export type RemovalReason = 'block' | 'conflict' | 'replaced' | 'reorg' | 'expiry' | 'sizelimit';

/** The mutable side of `MempoolEntry`: only `EntryGraph` and `EvictionQueue` write to it. */
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

  /** Where it is in the eviction queue, and what it is sorted by there. */
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

// Bytes as V8 lays objects out, roughly: a payment of one input and two outputs was measured to take 3,200.
const ENTRY_USAGE = 1600;
const SPEND_USAGE = 120;
const TRANSACTION_USAGE = 300;
const INPUT_USAGE = 320;
const WITNESS_ITEM_USAGE = 110;
const OUTPUT_USAGE = 190;

/** About how many bytes of memory a decoded transaction takes. */
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
