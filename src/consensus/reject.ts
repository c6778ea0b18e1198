/** The kind of a block's `Reject` (Core: BlockValidationResult); decides whether to penalize its sender. */
export type BlockRejectKind =
  | 'consensus' // breaks a consensus rule
  | 'mutated' // does not match its header: another block with the same header may be valid
  | 'invalid-header' // no proof of work, wrong target, outdated version, or too old
  | 'missing-prev' // unknown parent
  | 'invalid-prev' // invalid parent
  | 'time-future' // may become valid later
  | 'cached-invalid' // already known to be invalid
  | 'low-work'; // on a chain with too little work to store

/** The kind of a transaction's `Reject` (Core: TxValidationResult). */
export type TxRejectKind =
  | 'consensus' // breaks a consensus rule
  | 'not-standard' // breaks policy, independently of the outputs it spends
  | 'inputs-not-standard' // spends outputs in a way that breaks policy
  | 'missing-inputs' // spends unknown or spent outputs
  | 'premature-spend' // lock time, BIP68, or an immature coinbase
  | 'witness-mutated' // its witness may be malleated: the same txid may be valid
  | 'witness-stripped' // its witness is missing
  | 'conflict' // spends the same output as a transaction in the mempool, or is already known
  | 'mempool-policy' // fee, ancestors and descendants, or a full mempool
  | 'reconsiderable'; // the fee is too low, but may be enough in a package

/** Reject reasons of transactions that blocks and the mempool share. */
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

/** The reject reason of a block, by Core's text: the result of `submitblock` (BIP22). */
export type BlockRejectReason =
  | TransactionRule
  // checkHeader, checkHeaderContext and block acceptance
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
  // checkBlock
  | 'bad-signet-blksig'
  | 'bad-txnmrklroot'
  | 'bad-txns-duplicate'
  | 'bad-blk-length'
  | 'bad-cb-missing'
  | 'bad-cb-multiple'
  | 'bad-blk-sigops'
  // checkBlockContext
  | 'bad-txns-nonfinal'
  | 'bad-cb-height'
  | 'bad-witness-nonce-size'
  | 'bad-witness-merkle-match'
  | 'unexpected-witness'
  | 'bad-blk-weight'
  // Connecting the block
  | 'bad-txns-BIP30'
  | 'bad-txns-accumulated-fee-outofrange'
  | 'bad-cb-amount'
  | `block-script-verify-flag-failed (${string})`
  // Block proposals, and blocks mined by the node
  | 'inconclusive-not-best-prevblk'
  | 'rejected';

/** The reject reason of a replacement (RBF). */
export type ReplacementReason = 'insufficient fee' | 'too many potential replacements' | 'replacement-adds-unconfirmed';

/** The reject reason of a transaction in the mempool, by Core's text. */
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
  // Lock times, for the next block
  | 'non-final'
  | 'non-BIP68-final'
  // Duplicates
  | 'txn-already-in-mempool'
  | 'txn-same-nonwitness-data-in-mempool'
  | 'txn-already-known'
  // Fees, ancestors and descendants
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

/** The kind of a package's `Reject` (Core: PackageValidationResult). */
export type PackageRejectKind =
  | 'package-policy' // the package as a whole breaks policy
  | 'package-tx'; // a transaction is rejected: see its own result

/** The reject reason of a package, or of a transaction as part of one, by Core's text. */
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

/** The result of a failed check; a check returns undefined if it passes (Core: ValidationState). */
export interface Reject<Kind extends string = BlockRejectKind | TxRejectKind> {
  readonly kind: Kind;
  /** Core's reject reason. */
  readonly reason: BlockRejectReason | TxRejectReason | PackageRejectReason;
  /** Core's debug message: details for users and logs. */
  readonly debug?: string;
}

/** Returns a `Reject`; without `debug` it has no such field. */
export function reject<Kind extends string>(kind: Kind, reason: Reject['reason'], debug?: string): Reject<Kind> {
  return debug === undefined ? { kind, reason } : { kind, reason, debug };
}

/** Formats a `Reject` as `reason, debug` (Core: ValidationState::ToString). */
export function formatReject({ reason, debug }: Reject<string>): string {
  return debug ? `${reason}, ${debug}` : reason;
}
