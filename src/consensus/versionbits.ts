import type { HeaderContext } from './header-context.ts';

/** Where a deployment stands, for all blocks of a period (BIP9); the names are those of Core's RPC. */
export type DeploymentState = 'defined' | 'started' | 'locked_in' | 'active' | 'failed';

/** A soft fork that miners activate by bits of their blocks' versions (BIP9, with BIP341's minimum height). */
export interface Bip9Deployment {
  /** The bit of the version that signals for it, 0 to 28. */
  readonly bit: number;
  /** Median time past from which signals count, Unix seconds; or `ALWAYS_ACTIVE` or `NEVER_ACTIVE`. */
  readonly startTime: number;
  /** Median time past from which it has failed unless it was locked in; or `NO_TIMEOUT`. */
  readonly timeout: number;
  /** The rules hold from no lower height than this. */
  readonly minActivationHeight: number;
  /** Blocks whose signals are counted together. */
  readonly period: number;
  /** Signals in a period that lock it in. */
  readonly threshold: number;
}

/** A start time: active from genesis on, whatever miners signal. */
export const ALWAYS_ACTIVE = -1;
/** A start time: not deployed. */
export const NEVER_ACTIVE = -2;
export const NO_TIMEOUT: number = Number.POSITIVE_INFINITY;

/** The three highest bits of a version whose other bits are signals: 001. */
export const VERSIONBITS_TOP_BITS = 0x2000_0000;

/** Whether a block of this version signals for a bit (BIP9). */
export function signals(version: number, bit: number): boolean {
  return version >>> 29 === 1 && ((version >>> bit) & 1) === 1;
}

/** States by the last block of the period before, which determines them. */
type StateCache = WeakMap<HeaderContext, DeploymentState>;
const caches = new WeakMap<Bip9Deployment, StateCache>();

/** The state for the block after `prev`; undefined `prev`: for genesis (Core: GetStateFor). */
export function deploymentState(deployment: Bip9Deployment, prev: HeaderContext | undefined): DeploymentState {
  if (deployment.startTime === ALWAYS_ACTIVE) return 'active';
  if (deployment.startTime === NEVER_ACTIVE) return 'failed';
  const cache = caches.get(deployment) ?? new WeakMap<HeaderContext, DeploymentState>();
  caches.set(deployment, cache);

  // From period to period back to a state that is known, then forward again.
  const unknown: HeaderContext[] = [];
  let state: DeploymentState = 'defined';
  for (let at = prev && lastOfPeriodBefore(deployment, prev); at; at = at.ancestor(at.height - deployment.period)) {
    const known = cache.get(at);
    if (known) {
      state = known;
      break;
    }
    unknown.push(at);
    // Median times only grow, so before this one nothing can have begun.
    if (at.medianTimePast() < deployment.startTime) break;
  }
  for (const last of unknown.reverse()) {
    state = nextState(deployment, state, last);
    cache.set(last, state);
  }
  return state;
}

/** The last block of the period before the one that holds the block after `prev`; undefined in the first period. */
function lastOfPeriodBefore({ period }: Bip9Deployment, prev: HeaderContext): HeaderContext | undefined {
  return prev.ancestor(prev.height - ((prev.height + 1) % period));
}

/** The state after a period that was in `state` and ended with `last`. */
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

/** Signals in the last `blocks` blocks up to `last`. */
function countSignals({ bit }: Bip9Deployment, last: HeaderContext, blocks: number): number {
  let count = 0;
  let at: HeaderContext | undefined = last;
  for (let i = 0; i < blocks && at; i++, at = at.prev) if (signals(at.version, bit)) count++;
  return count;
}

/** The height of the first block that had the state of the block after `prev` (Core: GetStateSinceHeightFor). */
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

/** How a period goes, up to one of its blocks. */
export interface SignallingStatistics {
  /** Of each block of the period so far, in their order. */
  readonly signals: readonly boolean[];
  readonly count: number;
  /** Whether enough blocks may still signal. */
  readonly possible: boolean;
}

/** The signals of the period that `block` belongs to, up to it (Core: GetStateStatisticsFor). */
export function signallingStatistics(deployment: Bip9Deployment, block: HeaderContext): SignallingStatistics {
  const { bit, period, threshold } = deployment;
  const list: boolean[] = [];
  let at: HeaderContext | undefined = block;
  for (let i = block.height % period; i >= 0 && at; i--, at = at.prev) list.unshift(signals(at.version, bit));
  const count = list.filter(Boolean).length;
  return { signals: list, count, possible: period - threshold >= list.length - count };
}
