import { afterAll, beforeAll, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { type ChainParams, regtest } from '../../src/consensus/params.ts';
import type { Bip9Deployment } from '../../src/consensus/versionbits.ts';
import { randomInt } from '../../src/platform/random.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { TestNode } from '../api/test-node.ts';
import { mineBlock } from '../chain/support/builder.ts';
import { type Bitcoind, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';

const PERIOD = 144;
const START = 1_600_000_000;
/** Returns the time of the block at `height`; blocks are one minute apart. */
const timeOf = (height: number) => START + height * 60;
/** Returns the median time past when the tip is at `height`. */
const medianAt = (height: number) => timeOf(height - 5);

const base = { period: PERIOD, threshold: 108, minActivationHeight: 0 };
/** Locks in during its last possible period and then waits for its minimum activation height. */
const testdummy: Bip9Deployment = {
  ...{ ...base, bit: 28, startTime: medianAt(PERIOD - 1), timeout: medianAt(4 * PERIOD - 1) },
  minActivationHeight: 5 * PERIOD + 10,
};
/** Starts one period later because of one second, misses the threshold by one block and fails. */
const taproot: Bip9Deployment = {
  ...{ ...base, bit: 2, startTime: medianAt(PERIOD - 1) + 1, timeout: medianAt(4 * PERIOD - 1) },
};

/** Per period: the number of blocks that signal for each deployment, and the states of both after it. */
const periods: readonly [testdummy: number, taproot: number, states: string][] = [
  [144, 144, 'started defined'],
  [107, 144, 'started started'],
  [50, 107, 'started started'],
  [108, 107, 'locked_in failed'],
  [0, 144, 'locked_in failed'],
  [0, 0, 'active failed'],
];

const params: ChainParams = { ...regtest, deployments: { ...regtest.deployments, testdummy, taproot } };

interface Info {
  readonly hash: string;
  readonly deployments: Record<string, { bip9: { status_next: string; statistics?: { period_start?: number } } }>;
}

describeBitcoind('version bits (BIP9), compared with bitcoind', () => {
  let theirs: Bitcoind;
  let ours: TestNode;

  beforeAll(async () => {
    const option = (name: string, { startTime, timeout, minActivationHeight }: Bip9Deployment) =>
      `-vbparams=${name}:${startTime}:${timeout}:${minActivationHeight}`;
    const args = [option('testdummy', testdummy), option('taproot', taproot), '-checkblockindex=0', '-checkmempool=0'];
    const clock = new VirtualClock(timeOf(6 * PERIOD) * 1000);
    [theirs, ours] = await Promise.all([startBitcoind({ args }), TestNode.start({ params, clock })]);
  });
  afterAll(async () => {
    await Promise.all([theirs?.stop(), ours?.stop()]);
  });

  async function both<T>(method: string, ...args: readonly unknown[]): Promise<[T, T]> {
    return Promise.all([theirs.rpc<T>(method, ...args), ours.call<T>(method, ...args)]);
  }

  /** Submits a block with these signals to both nodes. */
  async function mine(signals: { testdummy: boolean; taproot: boolean }): Promise<void> {
    const { tip } = ours.node.chain;
    const version = 0x2000_0000 | (signals.testdummy ? 1 << 28 : 0) | (signals.taproot ? 1 << 2 : 0);
    const block = mineBlock(tip, { version, time: timeOf(tip.height + 1) });
    expect(await both('submitblock', toHex(block.encode()))).toEqual([null, null]);
  }

  /** Compares getdeploymentinfo for a block (default: the tip), including the order of members. */
  async function compare(...block: readonly string[]): Promise<Info> {
    const [expected, actual] = await both<Info>('getdeploymentinfo', ...block);
    // `period_start` is an addition of Knots.
    for (const { bip9 } of Object.values(expected.deployments)) delete bip9?.statistics?.period_start;
    expect(JSON.stringify(actual, null, 1)).toBe(JSON.stringify(expected, null, 1));
    return actual;
  }

  async function compareTemplates(): Promise<void> {
    const templates = await both<Record<string, unknown>>('getblocktemplate', { rules: ['segwit'] });
    const [expected, actual] = templates.map(({ version, rules, vbavailable, vbrequired }) => {
      return { version, rules, vbavailable, vbrequired };
    });
    expect(actual).toEqual(expected);
  }

  it('have the same states and statistics at the same blocks', { timeout: 60_000 }, async () => {
    const random = new SeededRandom(9);
    for (const [testdummySignals, taprootSignals, states] of periods) {
      const left = { testdummy: testdummySignals, taproot: taprootSignals };
      // Genesis is the first block of the first period.
      for (let at = ours.node.chain.tip.height === 0 ? 1 : 0; at < PERIOD; at++) {
        // Exactly the given number of signals, at random places in the period.
        const signal = (name: keyof typeof left) => randomInt(random, PERIOD - at) < left[name] && left[name]-- > 0;
        await mine({ testdummy: signal('testdummy'), taproot: signal('taproot') });
        if (at <= 1 || at >= PERIOD - 2 || at % 24 === 0) await compare();
      }
      const { deployments } = await compare();
      const next = ['testdummy', 'taproot'].map((name) => deployments[name]!.bip9.status_next);
      expect(next.join(' ')).toBe(states);
      await compareTemplates();
    }
  });

  it('have the same states at earlier blocks', async () => {
    for (let height = 0; height < 6 * PERIOD; height += 31) {
      const { hash } = await compare(await theirs.rpc<string>('getblockhash', height));
      expect(ours.node.chain.atHeight(height)?.hashHex).toBe(hash);
    }
    const unknown = '00'.repeat(32);
    await expect(theirs.rpc('getdeploymentinfo', unknown)).rejects.toThrow('Block not found');
    await expect(ours.call('getdeploymentinfo', unknown)).rejects.toThrow('Block not found');
  });
});
