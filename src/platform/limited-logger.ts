import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { TokenBucket } from './token-bucket.ts';

/** Lines that pass at once, and then in a minute. */
const BURST = 200;
const PER_MINUTE = 12;

/**
 * A logger for what others can bring about, so that nobody fills the disk with lines about what he sends: of those at
 * level info and above, no more than some megabytes a day pass. The rest goes to level debug, and is counted with the
 * next that passes. Children share the limit.
 */
export function limitedLogger(logger: Logger, clock: Clock): Logger {
  return limited(logger, { bucket: new TokenBucket(clock, PER_MINUTE / 60, BURST, BURST), suppressed: 0 });
}

interface Limit {
  readonly bucket: TokenBucket;
  /** Lines since the last that passed. */
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
