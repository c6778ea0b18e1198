/** BIP141: the weight of a block. */
export const MAX_BLOCK_WEIGHT = 4_000_000;
/** BIP141: the cost of a block's signature operations. */
export const MAX_BLOCK_SIGOPS_COST = 80_000;
/** Bytes of a serialised block; only a bound for buffers, its weight is the rule. */
export const MAX_BLOCK_SERIALIZED_SIZE = 4_000_000;
/** Blocks until the outputs of a coinbase may be spent. */
export const COINBASE_MATURITY = 100;
/** Seconds by which a block's time may be ahead of ours. */
export const MAX_FUTURE_BLOCK_TIME = 2 * 60 * 60;
/** BIP94: seconds by which the first block of a difficulty period may be older than the last of the one before. */
export const MAX_TIMEWARP = 600;
/** Lock times below this are heights, others are times. */
export const LOCKTIME_THRESHOLD = 500_000_000;
/** No valid transaction weighs less: one input, one output (Core: MIN_TRANSACTION_WEIGHT). */
export const MIN_TRANSACTION_WEIGHT = 4 * 60;
