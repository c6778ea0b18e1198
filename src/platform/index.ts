/**
 * Interfaces to the outside world (`Clock`, `Random`, `Logger`), typed events, and `PierError`, the base class of all
 * errors that Pier throws on purpose. Runs in browsers as well.
 *
 * @example
 * ```ts
 * import { Emitter, PierError, randomInt, systemRandom } from 'pier/platform';
 *
 * const events = new Emitter<{ block: { height: number } }>();
 * const unsubscribe = events.on('block', ({ height }) => console.log(height)); // 7
 * events.emit('block', { height: 7 });
 * unsubscribe();
 *
 * console.log(randomInt(systemRandom, 6) < 6); // true
 * const error = new PierError('no-peer', 'no peer answered', { hint: 'Start the node first.' });
 * console.log(error.code); // no-peer
 * ```
 *
 * @module pier/platform
 * @packageDocumentation
 */

export { type Clock, MockableClock, systemClock, type Timer, unixSeconds } from './clock.ts';
export { Emitter } from './emitter.ts';
export { PierError } from './errors.ts';
export { type Logger, silentLogger } from './logger.ts';
export { exponential, type Random, randomInt, systemRandom } from './random.ts';
export { nextTurn, TimeSlices } from './time-slices.ts';
