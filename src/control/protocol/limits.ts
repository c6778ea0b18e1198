/** Lines of logs that one answer has at most. */
export const MAX_LOG_LINES = 5_000;
