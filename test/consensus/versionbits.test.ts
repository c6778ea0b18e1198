import { describe, expect, it } from 'vitest';
import { blockVersion, isActiveAfter } from '../../src/consensus/deployments.ts';
import { chainParams, deploymentNames, networkNames, regtest } from '../../src/consensus/params.ts';
import {
  ALWAYS_ACTIVE,
  type Bip9Deployment,
  type DeploymentState,
  deploymentState,
  NEVER_ACTIVE,
  NO_TIMEOUT,
  signallingStatistics,
  signals,
  stateSinceHeight,
} from '../../src/consensus/versionbits.ts';
import { randomInt } from '../../src/platform/random.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { TestHeader } from './support/headers.ts';

const BIT = 8;
const SIGNAL = 0x2000_0000 | (1 << BIT);
const NO_SIGNAL = 0x2000_0000;
const SPACING = 600;
/** The time of genesis. Blocks are `SPACING` apart, so median time past is the time of the block five before. */
const GENESIS = 1_415_926_536;

function deployment(fields: Partial<Bip9Deployment>): Bip9Deployment {
  const base = {
    bit: BIT,
    startTime: GENESIS,
    timeout: NO_TIMEOUT,
    minActivationHeight: 0,
    period: 100,
    threshold: 90,
  };
  return { ...base, ...fields };
}

/** Returns the median time past of the block at `height`. */
function medianAt(height: number): number {
  return GENESIS + (height - 5) * SPACING;
}

/** A chain of headers that grows. */
class Headers {
  readonly all: TestHeader[] = [new TestHeader({ time: GENESIS, bits: 0 })];

  get tip(): TestHeader {
    return this.all.at(-1)!;
  }

  /** Mines up to the block before `height`. */
  mineTo(height: number, version = NO_SIGNAL, spacing = SPACING): this {
    while (this.all.length < height) {
      this.all.push(new TestHeader({ time: this.tip.time + spacing, bits: 0, version }, this.tip));
    }
    return this;
  }
}

/** Returns the state of the block at each height, and the height since which it applies. */
function states(d: Bip9Deployment, headers: Headers, ...heights: number[]): [DeploymentState, number][] {
  return heights.map((height) => {
    const prev = headers.all[height - 1];
    return [deploymentState(d, prev), stateSinceHeight(d, prev)];
  });
}

describe('signals', () => {
  it('returns the bit of versions with the top bits 001 only', () => {
    expect(signals(0x2000_0001, 0)).toBe(true);
    expect(signals(0x3000_0000, 28)).toBe(true);
    expect(signals(0x2000_0000, 28)).toBe(false);
    expect(signals(0x2000_0002, 0)).toBe(false);
    for (const version of [1, 4, 0x4000_0001, 0x6000_0001, -1, 0xe000_0001 | 0])
      expect(signals(version, 0)).toBe(false);
  });
});

describe('A deployment', () => {
  it('goes from defined to started, locked_in and active, one period each', () => {
    const d = deployment({ startTime: medianAt(199) });
    const headers = new Headers().mineTo(200).mineTo(300, SIGNAL).mineTo(500);
    expect(states(d, headers, 1, 100, 199, 200, 299, 300, 399, 400, 499, 500)).toEqual([
      ['defined', 0],
      ['defined', 0],
      ['defined', 0],
      ['started', 200],
      ['started', 200],
      ['locked_in', 300],
      ['locked_in', 300],
      ['active', 400],
      ['active', 400],
      ['active', 400],
    ]);
  });

  it('starts with the first period after median time past reaches the start time', () => {
    const headers = new Headers().mineTo(300);
    expect(states(deployment({ startTime: medianAt(99) }), headers, 100)).toEqual([['started', 100]]);
    expect(states(deployment({ startTime: medianAt(99) + 1 }), headers, 100, 199, 200)).toEqual([
      ['defined', 0],
      ['defined', 0],
      ['started', 200],
    ]);
  });

  it('locks in at the threshold within one period, anywhere in the period', () => {
    const d = deployment({});
    const short = new Headers().mineTo(100).mineTo(189, SIGNAL).mineTo(200).mineTo(211).mineTo(300, SIGNAL);
    // 89 of 100 in each period, though 100 blocks across the boundary have more.
    expect(states(d, short, 100, 200, 300)).toEqual([
      ['started', 100],
      ['started', 100],
      ['started', 100],
    ]);
    const enough = new Headers().mineTo(105).mineTo(195, SIGNAL).mineTo(200);
    expect(states(d, enough, 200)).toEqual([['locked_in', 200]]);
  });

  it('does not count signals before it started', () => {
    const headers = new Headers().mineTo(100, SIGNAL).mineTo(200);
    expect(states(deployment({}), headers, 100, 200)).toEqual([
      ['started', 100],
      ['started', 100],
    ]);
  });

  it('fails for good if it is not locked in when median time past reaches the timeout', () => {
    const d = deployment({ timeout: medianAt(299) });
    const headers = new Headers().mineTo(200).mineTo(289, SIGNAL).mineTo(300).mineTo(500, SIGNAL);
    expect(states(d, headers, 200, 299, 300, 400, 500)).toEqual([
      ['started', 100],
      ['started', 100],
      ['failed', 300],
      ['failed', 300],
      ['failed', 300],
    ]);
    expect(states(deployment({ timeout: medianAt(299) + 1 }), headers, 300)).toEqual([['started', 100]]);
  });

  it('has at least one signalling period, and locks in despite a timeout in that period', () => {
    // Core's BIP9 since Taproot: every deployment that starts can be signalled for.
    const d = deployment({ startTime: medianAt(50), timeout: medianAt(60) });
    expect(states(d, new Headers().mineTo(200), 100, 200)).toEqual([
      ['started', 100],
      ['failed', 200],
    ]);
    expect(states(d, new Headers().mineTo(100).mineTo(200, SIGNAL).mineTo(300), 100, 200, 300)).toEqual([
      ['started', 100],
      ['locked_in', 200],
      ['active', 300],
    ]);
  });

  it('stays locked_in until the first period at or above its minimum activation height', () => {
    const headers = new Headers().mineTo(100).mineTo(200, SIGNAL).mineTo(700);
    const at = (minActivationHeight: number) =>
      states(deployment({ minActivationHeight }), headers, 200, 300, 400, 500, 600).map(([state, since]) =>
        state === 'active' ? since : state,
      );
    expect(at(300)).toEqual(['locked_in', 300, 300, 300, 300]);
    expect(at(301)).toEqual(['locked_in', 'locked_in', 400, 400, 400]);
    expect(at(500)).toEqual(['locked_in', 'locked_in', 'locked_in', 500, 500]);
  });

  it('may be always or never active, whatever miners signal', () => {
    const headers = new Headers().mineTo(400, SIGNAL);
    expect(states(deployment({ startTime: ALWAYS_ACTIVE, minActivationHeight: 1000 }), headers, 0, 1, 400)).toEqual([
      ['active', 0],
      ['active', 0],
      ['active', 0],
    ]);
    expect(states(deployment({ startTime: NEVER_ACTIVE }), headers, 0, 400)).toEqual([
      ['failed', 0],
      ['failed', 0],
    ]);
  });

  it('has a separate state on each branch', () => {
    const d = deployment({});
    const trunk = new Headers().mineTo(150);
    const fork = () => {
      const branch = new Headers();
      branch.all.splice(0, 1, ...trunk.all);
      return branch;
    };
    const signalling = fork().mineTo(300, SIGNAL, 601);
    const silent = fork().mineTo(300, NO_SIGNAL, 602);
    expect(states(d, signalling, 200, 300).map(([state]) => state)).toEqual(['started', 'locked_in']);
    expect(states(d, silent, 200, 300).map(([state]) => state)).toEqual(['started', 'started']);
  });

  it('matches a plain walk over all periods, for queries in any order', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new SeededRandom(seed);
      const period = 5 + randomInt(random, 20);
      const d = deployment({
        period,
        threshold: Math.ceil(period * 0.6),
        startTime: medianAt(randomInt(random, 10 * period)),
        timeout: medianAt(randomInt(random, 20 * period)),
        minActivationHeight: randomInt(random, 20 * period),
      });
      const headers = new Headers();
      while (headers.all.length < 20 * period) {
        // Long runs of signals, so that all states occur.
        const version = randomInt(random, 3) > 0 ? SIGNAL : NO_SIGNAL;
        headers.mineTo(headers.all.length + 1 + randomInt(random, period), version, 1 + randomInt(random, 1200));
      }
      const expected = walk(d, headers.all);
      for (let i = 0; i < 60; i++) {
        const height = randomInt(random, headers.all.length + 1);
        expect([seed, height, ...states(d, headers, height)[0]!]).toEqual([seed, height, ...expected(height)]);
      }
    }
  });

  it('has its state computed once per period', () => {
    let computed = 0;
    class Counting extends TestHeader {
      override medianTimePast(): number {
        computed++;
        return super.medianTimePast();
      }
    }
    const d = deployment({});
    let tip: TestHeader = new Counting({ time: GENESIS, bits: 0 });
    for (let i = 1; i < 1000; i++) {
      tip = new Counting({ time: tip.time + SPACING, bits: 0, version: NO_SIGNAL }, tip);
      deploymentState(d, tip);
    }
    // One call for the state, one for the search; a period has 100 blocks.
    expect(computed).toBeLessThanOrEqual(2 * 10);
  });
});

/** Runs BIP9's state machine from genesis on; returns a function from height to state and since-height. */
function walk(d: Bip9Deployment, chain: readonly TestHeader[]): (height: number) => [DeploymentState, number] {
  const periods: [DeploymentState, number][] = [['defined', 0]];
  for (let first = d.period; first <= chain.length; first += d.period) {
    const [state, since] = periods.at(-1)!;
    const before = chain.slice(first - d.period, first);
    const times = chain.slice(Math.max(0, first - 11), first).map(({ time }) => time);
    const median = times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
    let next = state;
    if (state === 'defined' && median >= d.startTime) next = 'started';
    if (state === 'started') {
      if (before.filter(({ version }) => version === SIGNAL).length >= d.threshold) next = 'locked_in';
      else if (median >= d.timeout) next = 'failed';
    }
    if (state === 'locked_in' && first >= d.minActivationHeight) next = 'active';
    periods.push([next, next === state ? since : first]);
  }
  return (height) => periods[Math.floor(height / d.period)]!;
}

describe('signallingStatistics', () => {
  it('returns the signals of the period up to a block', () => {
    const d = deployment({});
    const headers = new Headers().mineTo(100).mineTo(104, SIGNAL).mineTo(115).mineTo(120, SIGNAL);
    const at = (height: number) => signallingStatistics(d, headers.all[height]!);
    expect(at(99)).toMatchObject({ count: 0, possible: false });
    expect(at(100)).toEqual({ signals: [true], count: 1, possible: true });
    expect(at(113)).toMatchObject({ count: 4, possible: true });
    expect(at(114)).toMatchObject({ count: 4, possible: false });
    expect(
      at(119)
        .signals.map((signal) => (signal ? '#' : '-'))
        .join(''),
    ).toBe('####-----------#####');
  });
});

describe('The networks', () => {
  it('have sane deployments with distinct bits', () => {
    for (const network of networkNames) {
      const { deployments } = chainParams(network);
      const bits: number[] = [];
      for (const name of deploymentNames) {
        const d = deployments[name];
        if ('height' in d) continue;
        expect(d.bit).toBeGreaterThanOrEqual(0);
        expect(d.bit).toBeLessThanOrEqual(28);
        expect(d.threshold).toBeLessThanOrEqual(d.period);
        expect(d.threshold).toBeGreaterThan(d.period / 2);
        bits.push(d.bit);
      }
      expect(new Set(bits).size).toBe(bits.length);
    }
  });

  it('activate Taproot on mainnet at its historic heights', () => {
    const main = chainParams('main');
    const { taproot } = main.deployments as { taproot: Bip9Deployment };
    // Signalling started at height 681,408; the period before 687,456 reached the threshold.
    const fields = { height: 681_407, time: 1_619_222_400, bits: 0, version: NO_SIGNAL };
    let tip = new TestHeader(fields);
    const signalling = 0x2000_0004;
    expect(signals(signalling, taproot.bit)).toBe(true);
    const mine = (to: number, version: number) => {
      while (tip.height < to - 1) tip = new TestHeader({ time: tip.time + 600, bits: 0, version }, tip);
    };
    mine(685_440, NO_SIGNAL);
    expect(deploymentState(taproot, tip)).toBe('started');
    expect(blockVersion(tip, main)).toBe(signalling);
    mine(685_440 + 1815, signalling);
    mine(687_456, NO_SIGNAL);
    expect([deploymentState(taproot, tip), stateSinceHeight(taproot, tip)]).toEqual(['locked_in', 687_456]);
    expect(blockVersion(tip, main)).toBe(signalling);
    mine(709_632, NO_SIGNAL);
    expect([deploymentState(taproot, tip), stateSinceHeight(taproot, tip)]).toEqual(['active', 709_632]);
    expect(blockVersion(tip, main)).toBe(NO_SIGNAL);
    expect(isActiveAfter('taproot', tip.prev, main)).toBe(false);
  });

  it('have block versions that signal for open deployments', () => {
    const headers = new Headers().mineTo(144);
    expect(blockVersion(headers.all[100], regtest)).toBe(0x2000_0000);
    expect(blockVersion(undefined, regtest)).toBe(0x2000_0000);
    expect(blockVersion(headers.tip, regtest)).toBe(0x3000_0000);
    headers.mineTo(288, 0x3000_0000);
    expect(blockVersion(headers.tip, regtest)).toBe(0x3000_0000);
    headers.mineTo(432);
    expect(blockVersion(headers.tip, regtest)).toBe(0x2000_0000);
  });
});
