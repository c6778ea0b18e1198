import type { HeaderContext } from './header-context.ts';

/** The state of a deployment, the same for all blocks of a period (BIP9), by its name in Core's RPC. */
export type DeploymentState = 'defined' | 'started' | 'locked_in' | 'active' | 'failed';

/** A soft fork that miners activate by version bits (BIP9, with a minimum height as in BIP341). */
export interface Bip9Deployment {
  /** The version bit that signals for it, 0 to 28. */
  readonly bit: number;
  /** The median time past at which signalling starts, Unix seconds; or `ALWAYS_ACTIVE` or `NEVER_ACTIVE`. */
  readonly startTime: number;
  /** The median time past at which it fails unless locked in, Unix seconds; or `NO_TIMEOUT`. */
  readonly timeout: number;
  /** The lowest height at which it may become active. */
  readonly minActivationHeight: number;
  /** Blocks in a signalling period. */
  readonly period: number;
  /** Signalling blocks in a period that lock it in. */
  readonly threshold: number;
}

/** A `startTime`: active from genesis on, without signalling. */
export const ALWAYS_ACTIVE = -1;
/** A `startTime`: never active. */
export const NEVER_ACTIVE = -2;
/** A `timeout`: never fails. */
export const NO_TIMEOUT: number = Number.POSITIVE_INFINITY;

/** The top three bits, 001, of a version whose other bits signal (BIP9; Core: VERSIONBITS_TOP_BITS). */
export const VERSIONBITS_TOP_BITS = 0x2000_0000;

/** Returns whether a block version signals for a bit (BIP9). */
export function signals(version: number, bit: number): boolean {
  return version >>> 29 === 1 && ((version >>> bit) & 1) === 1;
}

/** States, by the last block of the previous period, which determines them. */
type StateCache = WeakMap<HeaderContext, DeploymentState>;
const caches = new WeakMap<Bip9Deployment, StateCache>();

/** Returns the state for the block after `prev`, or for genesis if `prev` is undefined (Core: GetStateFor). */
export function deploymentState(deployment: Bip9Deployment, prev: HeaderContext | undefined): DeploymentState {
  if (deployment.startTime === ALWAYS_ACTIVE) return 'active';
  if (deployment.startTime === NEVER_ACTIVE) return 'failed';
  const cache = caches.get(deployment) ?? new WeakMap<HeaderContext, DeploymentState>();
  caches.set(deployment, cache);

  // Walks back by whole periods to a cached state, then forward from there.
  const unknown: HeaderContext[] = [];
  let state: DeploymentState = 'defined';
  for (let at = prev && lastOfPeriodBefore(deployment, prev); at; at = at.ancestor(at.height - deployment.period)) {
    const known = cache.get(at);
    if (known) {
      state = known;
      break;
    }
    unknown.push(at);
    // Median times never decrease, so no earlier period can have started.
    if (at.medianTimePast() < deployment.startTime) break;
  }
  for (const last of unknown.reverse()) {
    state = nextState(deployment, state, last);
    cache.set(last, state);
  }
  return state;
}

/** Returns the last block before the period of the block after `prev`; undefined in the first period. */
function lastOfPeriodBefore({ period }: Bip9Deployment, prev: HeaderContext): HeaderContext | undefined {
  return prev.ancestor(prev.height - ((prev.height + 1) % period));
}

/** Returns the state of the period after `last`, given the state of the period that `last` ends. */
function nextState(deployment: Bip9Deployment, state: DeploymentState, last: HeaderContext): DeploymentState {
  switch (state) {
    case 'defined':
      return last.medianTimePast() >= deployment.startTime ? 'started' : 'defined';
    case 'started':
      if (countSignals(deployment, last, deployment.period) >= deployment.threshold) return 'locked_in';
      return last.medianTimePast() >= deployment.timeout ? 'failed' : 'started';
    case 'locked_in':
      return last.height + 1 >= deployment.minActivationHeight ? 'active' : 'locked_in';
    case 'active':
    case 'failed':
      return state;
  }
}

/** Counts the signalling blocks among the `blocks` blocks up to `last`. */
function countSignals({ bit }: Bip9Deployment, last: HeaderContext, blocks: number): number {
  let count = 0;
  let at: HeaderContext | undefined = last;
  for (let i = 0; i < blocks && at; i++, at = at.prev) if (signals(at.version, bit)) count++;
  return count;
}

/** Returns the height from which on the state of the block after `prev` applies (Core: GetStateSinceHeightFor). */
export function stateSinceHeight(deployment: Bip9Deployment, prev: HeaderContext | undefined): number {
  const state = deploymentState(deployment, prev);
  let since = prev && lastOfPeriodBefore(deployment, prev);
  if (!since || state === 'defined' || deployment.startTime < 0) return 0;
  for (;;) {
    const before: HeaderContext | undefined = since.ancestor(since.height - deployment.period);
    if (!before || deploymentState(deployment, before) !== state) return since.height + 1;
    since = before;
  }
}

/** The signalling in a period, up to one of its blocks (Core: BIP9Stats). */
export interface SignallingStatistics {
  /** Whether each block of the period signals, from its first block up to the given one. */
  readonly signals: readonly boolean[];
  /** The number of signalling blocks. */
  readonly count: number;
  /** Whether the threshold can still be reached in this period. */
  readonly possible: boolean;
}

/** Returns the signalling in the period of `block`, up to `block` (Core: GetStateStatisticsFor). */
export function signallingStatistics(deployment: Bip9Deployment, block: HeaderContext): SignallingStatistics {
  const { bit, period, threshold } = deployment;
  const list: boolean[] = [];
  let at: HeaderContext | undefined = block;
  for (let i = block.height % period; i >= 0 && at; i--, at = at.prev) list.unshift(signals(at.version, bit));
  const count = list.filter(Boolean).length;
  return { signals: list, count, possible: period - threshold >= list.length - count };
}
