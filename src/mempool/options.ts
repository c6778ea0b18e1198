/** Bounds on a transaction's family in the mempool; counts include the transaction itself. */
export interface MempoolLimits {
  readonly ancestorCount: number;
  /** Virtual bytes. */
  readonly ancestorSize: number;
  readonly descendantCount: number;
  /** Virtual bytes. */
  readonly descendantSize: number;
}

/** Everything of the mempool's policy that a person may choose. Fee rates are in satoshis per 1,000 virtual bytes. */
export interface MempoolOptions {
  /** What a transaction must pay to be relayed at all (Core: -minrelaytxfee). */
  readonly minRelayFeeRate: bigint;
  /** What a replacement must pay on top, and the step of the rolling minimum (Core: -incrementalrelayfee). */
  readonly incrementalRelayFeeRate: bigint;
  /** An output that costs more to spend at this rate than it is worth is dust (Core: -dustrelayfee). */
  readonly dustRelayFeeRate: bigint;
  /** Bytes of memory, as `Mempool.usage` counts them (Core: -maxmempool). */
  readonly maxBytes: number;
  /** Seconds after which a transaction leaves (Core: -mempoolexpiry). */
  readonly expirySeconds: number;
  readonly limits: MempoolLimits;
  /** Bytes of all of a transaction's OP_RETURN scripts together (Core: -datacarriersize). */
  readonly maxDataCarrierBytes: number;
  readonly permitBareMultisig: boolean;
  /** Whether to apply the rules of standardness at all (Core: !-acceptnonstdtxn). */
  readonly requireStandard: boolean;
}

/** Bitcoin Core 30's policy. */
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
