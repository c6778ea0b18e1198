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

/** A refusal, as a value: functions that validate return one, or undefined for what is valid. */
export interface Reject<Kind extends string = BlockRejectKind | TxRejectKind> {
  readonly kind: Kind;
  /** Core's reason string, such as `bad-txns-inputs-missingorspent`. */
  readonly reason: string;
  /** Details for people and logs. */
  readonly debug?: string;
}

/** A `Reject`, without a `debug` field where there is nothing to say. */
export function reject<Kind extends string>(kind: Kind, reason: string, debug?: string): Reject<Kind> {
  return debug === undefined ? { kind, reason } : { kind, reason, debug };
}

/** `reason, debug`, as Core prints a refusal. */
export function formatReject(refusal: Reject<string>): string {
  return refusal.debug ? `${refusal.reason}, ${refusal.debug}` : refusal.reason;
}
