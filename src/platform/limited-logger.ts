import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { TokenBucket } from './token-bucket.ts';

/** Lines that may be logged in one burst. */
const BURST = 200;
/** Lines per minute after the burst. */
const PER_MINUTE = 12;

/**
 * Returns a rate-limited logger, for lines that peers can trigger: it keeps a peer from filling the disk. The lines of
 * levels info, warn and error share one limit (a few megabytes a day). Lines over the limit are logged at level debug
 * instead, and the next line under it carries their number in the field `suppressed`. Child loggers share the limit.
 */
export function limitedLogger(logger: Logger, clock: Clock): Logger {
  return limited(logger, { bucket: new TokenBucket(clock, PER_MINUTE / 60, BURST, BURST), suppressed: 0 });
}

interface Limit {
  readonly bucket: TokenBucket;
  /** Lines demoted to level debug since the last line that passed. */
  suppressed: number;
}

function limited(logger: Logger, limit: Limit): Logger {
  const atLevel = (level: 'info' | 'warn' | 'error') => (fields: object, message: string) => {
    if (!limit.bucket.take()) {
      limit.suppressed++;
      logger.debug(fields, message);
      return;
    }
    const { suppressed } = limit;
    limit.suppressed = 0;
    logger[level](suppressed > 0 ? { ...fields, suppressed } : fields, message);
  };
  return {
    trace: (fields, message) => logger.trace(fields, message),
    debug: (fields, message) => logger.debug(fields, message),
    info: atLevel('info'),
    warn: atLevel('warn'),
    error: atLevel('error'),
    child: (bindings) => limited(logger.child(bindings), limit),
  };
}
