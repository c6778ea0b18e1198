import type { ScriptCache } from '../../chain/scripts/script-cache.ts';
import type { ScriptCheck } from '../../chain/scripts/script-check.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { Coin, CoinView } from '../../consensus/coins.ts';
import type { ChainParams } from '../../consensus/params.ts';
import type { Reject, TxRejectKind } from '../../consensus/reject.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { SignatureVerifier } from '../../script/signature-cache.ts';
import type { MutableEntry } from '../entry.ts';
import type { MempoolGraph } from '../graph.ts';
import type { MempoolOptions } from '../options.ts';

/** The package that a transaction is checked in. */
export interface PackageContext {
  /** The transactions that have passed, by `binaryKey` of the txid; later ones may spend their outputs. */
  readonly transactions: Map<string, Transaction>;
  /** Test only: no replacements, and each transaction must pay its own fee (Core: PackageTestAccept). */
  readonly isTest: boolean;
}

/** What a transaction is checked against (Core: ATMPArgs). */
export interface AcceptContext {
  readonly options: MempoolOptions;
  readonly params: ChainParams;
  readonly tip: BlockIndex;
  /** The UTXO set of the active chain. */
  readonly chainCoins: CoinView;
  readonly graph: MempoolGraph;
  /** Transactions whose scripts are known to be valid or invalid. */
  readonly scriptCache: ScriptCache;
  /**
   * Where the last stage puts a transaction with costly scripts instead of running them; the result is then meaningless.
   * Undefined if they must run at once.
   */
  readonly postponed: ScriptCheck[] | undefined;
  readonly signatures: SignatureVerifier;
  /** Entry time in seconds since the Unix epoch. */
  readonly time: number;
  /** Rolling minimum fee in satoshis per 1,000 virtual bytes; 0 for none. */
  readonly mempoolMinFeeRate: bigint;
  /** Maximum fee rate set by the caller, in satoshis per 1,000 virtual bytes. */
  readonly maxFeeRate: bigint | undefined;
  /** The same for each transaction of a package, prioritisation included (Core: m_client_maxfeerate). */
  readonly packageMaxFeeRate: bigint | undefined;
  /** Whether exceptions to the ancestor and descendant limits apply; not in packages (Core: m_allow_carveouts). */
  readonly allowsCarveOut: boolean;
  readonly package: PackageContext | undefined;
  /** Skips the checks of fee rate and TRUC rules, for transactions of disconnected blocks (Core: m_bypass_limits). */
  readonly bypassLimits: boolean;
}

/** The intermediate results of checking one transaction; each stage uses those of earlier stages (Core: Workspace). */
export class Workspace {
  readonly tx: Transaction;
  readonly context: AcceptContext;
  /** Satoshis added by `Mempool.prioritise`. */
  readonly feeDelta: bigint;
  /** Entries that spend the same outputs, which it would replace. */
  readonly conflicts = new Set<MutableEntry>();
  /** The conflicts and all their descendants. */
  replaced: readonly MutableEntry[] = [];
  /** Whether a sibling is among the conflicts, to be evicted (BIP431; Core: m_sibling_eviction). */
  evictsSibling = false;
  /** The coins that the inputs spend, in input order. */
  coins: readonly Coin[] = [];
  /** All in-mempool ancestors. */
  ancestors: ReadonlySet<MutableEntry> = new Set();
  #entry: MutableEntry | undefined;

  constructor(tx: Transaction, context: AcceptContext, feeDelta: bigint) {
    this.tx = tx;
    this.context = context;
    this.feeDelta = feeDelta;
  }

  /** The entry to add; set by `checkInputs`. */
  get entry(): MutableEntry {
    return this.#entry!;
  }

  set entry(entry: MutableEntry) {
    this.#entry = entry;
  }
}

/** One check of a transaction; returns undefined if it passes. */
export type Stage = (workspace: Workspace) => Reject<TxRejectKind> | undefined;
