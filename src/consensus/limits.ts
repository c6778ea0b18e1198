/** Weight units a block may have (BIP141; Core: MAX_BLOCK_WEIGHT). */
export const MAX_BLOCK_WEIGHT = 4_000_000;
/** Signature operation cost a block may have (BIP141; Core: MAX_BLOCK_SIGOPS_COST). */
export const MAX_BLOCK_SIGOPS_COST = 80_000;
/** Blocks after which the outputs of a coinbase may be spent (Core: COINBASE_MATURITY). */
export const COINBASE_MATURITY = 100;
/** Seconds a block's time may be ahead of the node's clock (Core: MAX_FUTURE_BLOCK_TIME). */
export const MAX_FUTURE_BLOCK_TIME = 2 * 60 * 60;
/** Seconds the first block of a difficulty period may be older than its parent (BIP94; Core: MAX_TIMEWARP). */
export const MAX_TIMEWARP = 600;
