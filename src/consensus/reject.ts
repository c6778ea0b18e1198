/** Why a block was refused (Core: BlockValidationResult); decides what becomes of the block and of who sent it. */
export type BlockRejectKind =
  | 'consensus' // breaks a rule of consensus
  | 'mutated' // its contents do not match its header: the same header may still have a valid block
  | 'invalid-header' // no proof of work, a wrong target, an outdated version, too old
  | 'missing-prev' // its parent is unknown
  | 'invalid-prev' // its parent is invalid
  | 'time-future' // may be valid later
  | 'cached-invalid' // was found invalid before
  | 'low-work'; // on a chain with too little work to be stored

/** Why a transaction was refused (Core: TxValidationResult). */
export type TxRejectKind =
  | 'consensus' // breaks a rule of consensus: no block may hold it
  | 'not-standard' // breaks policy, whatever it spends
  | 'inputs-not-standard' // what it spends is against policy
  | 'missing-inputs' // spends outputs that are unknown or spent
  | 'premature-spend' // spends too early: lock time, BIP68, immature coinbase
  | 'witness-mutated' // its witness may have been changed on the way: the same txid may be valid
  | 'witness-stripped' // lost its witness on the way
  | 'conflict' // spends what a transaction in the mempool spends, or is already known
  | 'mempool-policy' // fee, size of its family, or a full mempool
  | 'reconsiderable'; // fee too low by itself, though perhaps not in a package

/** The rules of transactions that a block and the mempool judge by alike. */
export type TransactionRule =
  | 'bad-txns-vin-empty'
  | 'bad-txns-vout-empty'
  | 'bad-txns-oversize'
  | 'bad-txns-vout-negative'
  | 'bad-txns-vout-toolarge'
  | 'bad-txns-txouttotal-toolarge'
  | 'bad-txns-inputs-duplicate'
  | 'bad-cb-length'
  | 'bad-txns-prevout-null'
  | 'bad-txns-inputs-missingorspent'
  | 'bad-txns-premature-spend-of-coinbase'
  | 'bad-txns-inputvalues-outofrange'
  | 'bad-txns-in-belowout'
  | 'bad-txns-fee-outofrange';

/** Why a block was refused, in Core's words: what `submitblock` answers (BIP22). */
export type BlockRejectReason =
  | TransactionRule
  // The header
  | 'high-hash'
  | 'bad-diffbits'
  | 'time-too-old'
  | 'time-timewarp-attack'
  | 'time-too-new'
  | `bad-version(0x${string})`
  | 'prev-blk-not-found'
  | 'bad-prevblk'
  | 'duplicate-invalid'
  | 'too-little-chainwork'
  // The block by itself
  | 'bad-signet-blksig'
  | 'bad-txnmrklroot'
  | 'bad-txns-duplicate'
  | 'bad-blk-length'
  | 'bad-cb-missing'
  | 'bad-cb-multiple'
  | 'bad-blk-sigops'
  // After its parent
  | 'bad-txns-nonfinal'
  | 'bad-cb-height'
  | 'bad-witness-nonce-size'
  | 'bad-witness-merkle-match'
  | 'unexpected-witness'
  | 'bad-blk-weight'
  // With what it spends
  | 'bad-txns-BIP30'
  | 'bad-txns-accumulated-fee-outofrange'
  | 'bad-cb-amount'
  | `mandatory-script-verify-flag-failed (${string})`
  // A proposal, or a block of our own
  | 'inconclusive-not-best-prevblk'
  | 'rejected';

/** Why a transaction may not take the place of others. */
export type ReplacementReason = 'insufficient fee' | 'too many potential replacements' | 'replacement-adds-unconfirmed';

/** Why the mempool refused a transaction, in Core's words. */
export type TxRejectReason =
  | TransactionRule
  | 'coinbase'
  // Standardness
  | 'version'
  | 'tx-size'
  | 'tx-size-small'
  | 'scriptsig-size'
  | 'scriptsig-not-pushonly'
  | 'scriptpubkey'
  | 'bare-multisig'
  | 'datacarrier'
  | 'dust'
  | 'bad-txns-nonstandard-inputs'
  | 'bad-witness-nonstandard'
  | 'bad-txns-too-many-sigops'
  // The next block
  | 'non-final'
  | 'non-BIP68-final'
  // What is known
  | 'txn-already-in-mempool'
  | 'txn-same-nonwitness-data-in-mempool'
  | 'txn-already-known'
  // Fees and families
  | 'min relay fee not met'
  | 'mempool min fee not met'
  | 'mempool full'
  | 'max-fee-exceeded'
  | 'too-long-mempool-chain'
  | 'TRUC-violation'
  | 'missing-ephemeral-spends'
  | 'bad-txns-spends-conflicting-tx'
  | ReplacementReason
  | `${ReplacementReason} (including sibling eviction)`
  | `mempool-script-verify-flag-failed (${string})`;
/** Why several transactions together were refused (Core: PackageValidationResult). */
export type PackageRejectKind =
  | 'package-policy' // what they are to each other is against policy
  | 'package-tx'; // one of them was refused: its own result tells

/** Why the mempool refused a package, or a transaction for being in one, in Core's words. */
export type PackageRejectReason =
  | 'package-too-many-transactions'
  | 'package-too-large'
  | 'package-contains-duplicates'
  | 'package-not-sorted'
  | 'conflict-in-package'
  | 'package-not-child-with-parents'
  | 'package-not-child-with-unconfirmed-parents'
  | 'package-mempool-limits'
  | `package RBF failed: ${string}`
  | 'transaction failed'
  | 'unspent-dust'
  | 'max feerate exceeded'
  | 'bip125-replacement-disallowed';

/** A refusal, as a value: functions that validate return one, or undefined for what is valid. */
export interface Reject<Kind extends string = BlockRejectKind | TxRejectKind> {
  readonly kind: Kind;
  readonly reason: BlockRejectReason | TxRejectReason | PackageRejectReason;
  /** Details for people and logs. */
  readonly debug?: string;
}

/** A `Reject`, without a `debug` field where there is nothing to say. */
export function reject<Kind extends string>(kind: Kind, reason: Reject['reason'], debug?: string): Reject<Kind> {
  return debug === undefined ? { kind, reason } : { kind, reason, debug };
}

/** `reason, debug`, as Core prints a refusal. */
export function formatReject(refusal: Reject<string>): string {
  return refusal.debug ? `${refusal.reason}, ${refusal.debug}` : refusal.reason;
}
