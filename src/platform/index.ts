export { type Clock, MockableClock, systemClock, type Timer, unixSeconds } from './clock.ts';
export { Emitter } from './emitter.ts';
export { PierError } from './errors.ts';
export { type Logger, silentLogger } from './logger.ts';
export { exponential, type Random, randomInt, systemRandom } from './random.ts';
