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
/** Blocks come a minute apart. */
const timeOf = (height: number) => START + height * 60;
/** The median time when the block at `height` is the last one. */
const medianAt = (height: number) => timeOf(height - 5);

const base = { period: PERIOD, threshold: 108, minActivationHeight: 0 };
/** Is voted for in its third period, in which it would fail otherwise, and then waits for a height. */
const testdummy: Bip9Deployment = {
  ...{ ...base, bit: 28, startTime: medianAt(PERIOD - 1), timeout: medianAt(4 * PERIOD - 1) },
  minActivationHeight: 5 * PERIOD + 10,
};
/** Starts a period later for being a second late, gets one vote too few, and fails. */
const taproot: Bip9Deployment = {
  ...{ ...base, bit: 2, startTime: medianAt(PERIOD - 1) + 1, timeout: medianAt(4 * PERIOD - 1) },
};

/** Of each period: how many blocks vote for testdummy and for taproot, and what becomes of these after it. */
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

describeBitcoind('soft forks by version bits next to bitcoind', () => {
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

  /** Gives both a block that votes so. */
  async function mine(votes: { testdummy: boolean; taproot: boolean }): Promise<void> {
    const { tip } = ours.node.chain;
    const version = 0x2000_0000 | (votes.testdummy ? 1 << 28 : 0) | (votes.taproot ? 1 << 2 : 0);
    const block = mineBlock(tip, { version, time: timeOf(tip.height + 1) });
    expect(await both('submitblock', toHex(block.encode()))).toEqual([null, null]);
  }

  /** Both tell the same of a block (default: the tip), with the members in the same order. */
  async function compare(...block: readonly string[]): Promise<Info> {
    const [expected, actual] = await both<Info>('getdeploymentinfo', ...block);
    // Knots has a member of its own.
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

  it('go through the same states, with the same votes, on the same blocks', { timeout: 60_000 }, async () => {
    const random = new SeededRandom(9);
    for (const [testdummyVotes, taprootVotes, states] of periods) {
      const left = { testdummy: testdummyVotes, taproot: taprootVotes };
      // Genesis is the first block of the first period.
      for (let at = ours.node.chain.tip.height === 0 ? 1 : 0; at < PERIOD; at++) {
        // As many as said, anywhere in the period.
        const vote = (name: keyof typeof left) => randomInt(random, PERIOD - at) < left[name] && left[name]-- > 0;
        await mine({ testdummy: vote('testdummy'), taproot: vote('taproot') });
        if (at <= 1 || at >= PERIOD - 2 || at % 24 === 0) await compare();
      }
      const { deployments } = await compare();
      const next = ['testdummy', 'taproot'].map((name) => deployments[name]!.bip9.status_next);
      expect(next.join(' ')).toBe(states);
      await compareTemplates();
    }
  });

  it('stood the same at every block before', async () => {
    for (let height = 0; height < 6 * PERIOD; height += 31) {
      const { hash } = await compare(await theirs.rpc<string>('getblockhash', height));
      expect(ours.node.chain.atHeight(height)?.hashHex).toBe(hash);
    }
    const unknown = '00'.repeat(32);
    await expect(theirs.rpc('getdeploymentinfo', unknown)).rejects.toThrow('Block not found');
    await expect(ours.call('getdeploymentinfo', unknown)).rejects.toThrow('Block not found');
  });
});
