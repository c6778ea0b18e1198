import type { ScriptCache } from '../../chain/scripts/script-cache.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { Coin, CoinView } from '../../consensus/coins.ts';
import type { ChainParams } from '../../consensus/params.ts';
import type { Reject, TxRejectKind } from '../../consensus/reject.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { SignatureVerifier } from '../../script/signature-cache.ts';
import type { MutableEntry } from '../entry.ts';
import type { MempoolGraph } from '../graph.ts';
import type { MempoolOptions } from '../options.ts';

/** The package that a transaction is judged in, together with others. */
export interface PackageContext {
  /** Those of it that have passed, by `binaryKey` of their txids: the others may spend their outputs. */
  readonly transactions: Map<string, Transaction>;
  /** Judged only: then nothing may be replaced, and each must pay for itself (Core: PackageTestAccept). */
  readonly isTest: boolean;
}

/** What a transaction is judged against. */
export interface AcceptContext {
  readonly options: MempoolOptions;
  readonly params: ChainParams;
  readonly tip: BlockIndex;
  /** The unspent outputs of the active chain. */
  readonly chainCoins: CoinView;
  readonly graph: MempoolGraph;
  /** Transactions whose scripts are known to be valid. */
  readonly scriptCache: ScriptCache;
  readonly signatures: SignatureVerifier;
  /** Seconds since the Unix epoch that the entry is to be dated. */
  readonly time: number;
  /** Satoshis per 1,000 virtual bytes that eviction has set, 0 for none. */
  readonly mempoolMinFeeRate: bigint;
  /** Satoshis per 1,000 virtual bytes that the caller is ready to pay at most. */
  readonly maxFeeRate: bigint | undefined;
  /** Satoshis per 1,000 virtual bytes, prioritisation included, for each of a package (Core: m_client_maxfeerate). */
  readonly packageMaxFeeRate: bigint | undefined;
  /** Limits of families may be exceeded where Core has exceptions; in packages it has none. */
  readonly allowsCarveOut: boolean;
  readonly package: PackageContext | undefined;
  /** The transaction comes from a disconnected block: fee rates are not asked for. */
  readonly bypassLimits: boolean;
}

/** What the stages find out of one transaction on its way in; each builds on those before it. */
export class Workspace {
  readonly tx: Transaction;
  readonly context: AcceptContext;
  /** Satoshis that `prioritise` adds to what the transaction pays. */
  readonly feeDelta: bigint;
  /** The entries that spend what it spends: to be replaced. */
  readonly conflicts = new Set<MutableEntry>();
  /** These and all of their descendants. */
  replaced: readonly MutableEntry[] = [];
  /** A conflict is in truth a sibling that has to make room (BIP431). */
  evictsSibling = false;
  /** What the inputs spend, in their order. */
  coins: readonly Coin[] = [];
  ancestors: ReadonlySet<MutableEntry> = new Set();
  #entry: MutableEntry | undefined;

  constructor(tx: Transaction, context: AcceptContext, feeDelta: bigint) {
    this.tx = tx;
    this.context = context;
    this.feeDelta = feeDelta;
  }

  /** The entry-to-be, from the stage on that makes it. */
  get entry(): MutableEntry {
    return this.#entry!;
  }

  set entry(entry: MutableEntry) {
    this.#entry = entry;
  }
}

/** One question asked of a transaction: undefined lets it pass to the next. */
export type Stage = (workspace: Workspace) => Reject<TxRejectKind> | undefined;
