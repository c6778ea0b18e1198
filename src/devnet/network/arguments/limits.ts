/** Blocks that one call mines at most. */
export const MAX_BLOCKS = 10_000;
/** Milliseconds that one call waits at most: the longest timer of Node. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1;
/** Seconds between blocks at most, a day: ten times as long, at random, is still a timer of Node. */
export const MAX_INTERVAL = 86_400;
/** Transactions of a mempool at most, to mine at. */
export const MAX_TRANSACTIONS = 1_000_000;
/** The time of a block header has 32 bits: seconds since the Unix epoch. */
export const MAX_TIME = 0xffff_ffff;
