import type { BlockIndex } from '../../chain/block-index.ts';
import type { ScriptCache } from '../../chain/script-cache.ts';
import type { Coin, CoinView } from '../../consensus/coins.ts';
import type { ChainParams } from '../../consensus/params.ts';
import type { Reject, TxRejectKind } from '../../consensus/reject.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { SignatureVerifier } from '../../script/signature-cache.ts';
import type { Entry } from '../entry.ts';
import type { EntryGraph } from '../graph.ts';
import type { MempoolOptions } from '../options.ts';

/** What a transaction is judged against. */
export interface AcceptContext {
  readonly options: MempoolOptions;
  readonly params: ChainParams;
  readonly tip: BlockIndex;
  /** The unspent outputs of the active chain. */
  readonly chainCoins: CoinView;
  readonly graph: EntryGraph;
  /** Transactions whose scripts are known to be valid. */
  readonly scriptCache: ScriptCache;
  readonly signatures: SignatureVerifier;
  /** Seconds since the Unix epoch that the entry is to be dated. */
  readonly time: number;
  /** Satoshis per 1,000 virtual bytes that eviction has set, 0 for none. */
  readonly mempoolMinFeeRate: bigint;
  /** Satoshis per 1,000 virtual bytes that the caller is ready to pay at most. */
  readonly maxFeeRate: bigint | undefined;
  /** Satoshis that `prioritise` adds to what the transaction pays. */
  readonly feeDelta: bigint;
  /** The transaction comes from a disconnected block: fee rates are not asked for. */
  readonly isReturning: boolean;
}

/** What the stages find out of one transaction on its way in; each builds on those before it. */
export class Workspace {
  readonly tx: Transaction;
  readonly context: AcceptContext;
  /** The entries that spend what it spends: to be replaced. */
  readonly conflicts = new Set<Entry>();
  /** These and all of their descendants. */
  replaced: readonly Entry[] = [];
  /** A conflict is in truth a sibling that has to make room (BIP431). */
  evictsSibling = false;
  /** What the inputs spend, in their order. */
  coins: readonly Coin[] = [];
  ancestors: ReadonlySet<Entry> = new Set();
  #entry: Entry | undefined;

  constructor(tx: Transaction, context: AcceptContext) {
    this.tx = tx;
    this.context = context;
  }

  /** The entry-to-be, from the stage on that makes it. */
  get entry(): Entry {
    return this.#entry!;
  }

  set entry(entry: Entry) {
    this.#entry = entry;
  }
}

/** One question asked of a transaction: undefined lets it pass to the next. */
export type Stage = (workspace: Workspace) => Reject<TxRejectKind> | undefined;
