import type { MempoolEntry, MempoolEntryFields } from './entry.ts';
import type { RollingFeeState } from './rolling-minimum-fee.ts';

/** The contents of a mempool at one moment, as `Mempool.restore` adds them again without checks. */
export interface MempoolSnapshot {
  /** Parents before their children. */
  readonly entries: readonly (MempoolEntryFields & Pick<MempoolEntry, 'modifiedFee'>)[];
  /** Satoshis by `binaryKey` of the txid. */
  readonly feeDeltas: ReadonlyMap<string, bigint>;
  readonly rollingFee: RollingFeeState;
}
