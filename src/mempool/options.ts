/** Limits on ancestors and descendants; they include the transaction itself (Core: MemPoolLimits). */
export interface MempoolLimits {
  readonly ancestorCount: number;
  /** Virtual bytes. */
  readonly ancestorSize: number;
  readonly descendantCount: number;
  /** Virtual bytes. */
  readonly descendantSize: number;
}

/** Configurable mempool policy (Core: MemPoolOptions). Fee rates are in satoshis per 1,000 virtual bytes. */
export interface MempoolOptions {
  /** Minimum fee rate for relay (Core: -minrelaytxfee). */
  readonly minRelayFeeRate: bigint;
  /** Fee rate that a replacement must add, and the step of the rolling minimum fee (Core: -incrementalrelayfee). */
  readonly incrementalRelayFeeRate: bigint;
  /** Fee rate that defines dust: outputs worth less than they cost to create and spend (Core: -dustrelayfee). */
  readonly dustRelayFeeRate: bigint;
  /** Bytes of memory, as `Mempool.usage` counts them (Core: -maxmempool). */
  readonly maxBytes: number;
  /** Seconds after which a transaction is removed (Core: -mempoolexpiry, in hours). */
  readonly expirySeconds: number;
  /** Ancestor and descendant limits (Core: -limitancestorcount and others). */
  readonly limits: MempoolLimits;
  /** Bytes of all OP_RETURN scripts of a transaction (Core: -datacarriersize). */
  readonly maxDataCarrierBytes: number;
  /** Whether bare multisig outputs are standard (Core: -permitbaremultisig). */
  readonly permitBareMultisig: boolean;
  /** Whether transactions must be standard (Core: -acceptnonstdtxn=0). */
  readonly requireStandard: boolean;
}

/** The default policy of Bitcoin Core 30. */
export const DEFAULT_MEMPOOL_OPTIONS: MempoolOptions = {
  minRelayFeeRate: 100n,
  incrementalRelayFeeRate: 100n,
  dustRelayFeeRate: 3000n,
  maxBytes: 300_000_000,
  expirySeconds: 336 * 60 * 60,
  limits: { ancestorCount: 25, ancestorSize: 101_000, descendantCount: 25, descendantSize: 101_000 },
  maxDataCarrierBytes: 100_000,
  permitBareMultisig: true,
  requireStandard: true,
};
