/** BIP141: the weight of a block. */
export const MAX_BLOCK_WEIGHT = 4_000_000;
/** BIP141: the cost of a block's signature operations. */
export const MAX_BLOCK_SIGOPS_COST = 80_000;
/** Blocks until the outputs of a coinbase may be spent. */
export const COINBASE_MATURITY = 100;
/** Seconds by which a block's time may be ahead of ours. */
export const MAX_FUTURE_BLOCK_TIME = 2 * 60 * 60;
/** BIP94: seconds by which the first block of a difficulty period may be older than the last of the one before. */
export const MAX_TIMEWARP = 600;
