import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mineBlock } from '../chain/support/builder.ts';
import { bloomMisbehaviours } from './support/bloom-misbehaviours.ts';
import { compactMisbehaviours } from './support/compact-misbehaviours.ts';
import { misbehaviours, onTip } from './support/misbehaviours.ts';
import { raw, wellFormed } from './support/raw-message.ts';
import { Siege } from './support/siege.ts';

/** Rough bytes that one message, whatever it says, may leave behind. */
const TRACE = 200_000;

// What bitcoind makes of the same bytes: test/interop/misbehaviour.test.ts, and bloom-filters.test.ts.
describe.each([
  { to: 'any node', cases: [...misbehaviours, ...compactMisbehaviours], options: {} },
  { to: 'a node that offers Bloom filters', cases: bloomMisbehaviours, options: { bloomFilters: true } },
])('to $to a peer that sends', ({ cases, options }) => {
  let siege: Siege;
  beforeAll(async () => {
    siege = await Siege.begin(options);
  });
  afterAll(() => siege.stop());

  it.each(cases)('$name is $verdict, and hurts nobody', async ({ verdict, early = false, messages }) => {
    const before = siege.holding();
    const height = siege.node.chain.tip.height;
    const attacker = await siege.dial();
    if (!early) await attacker.introduce();
    await attacker.send(messages(siege.scene));
    if (early) await attacker.introduce();
    expect(attacker.verdict).toBe(verdict);
    expect(siege.node.chain.tip.height).toBe(height);
    expect(siege.holding() - before).toBeLessThan(TRACE);
    await siege.expectService();
    attacker.leave();
  });

  it('and all of them together have left nothing behind', () => {
    expect(siege.node.disconnects).not.toContain('internal error');
    expect(siege.node.chain.tip.height).toBe(siege.far.chain.tip.height);
  });
});

describe('a peer', () => {
  let siege: Siege;
  beforeAll(async () => {
    siege = await Siege.begin();
  });
  afterAll(() => siege.stop());

  it('that goes in the midst of a frame leaves nothing behind', async () => {
    const before = siege.holding();
    for (const length of [10, 24, 500_000]) {
      const attacker = await siege.join();
      await attacker.send([raw('block', new Uint8Array(1_000_000)).subarray(0, length)]);
      expect(attacker.verdict).toBe('ignored');
      await siege.expectService();
      attacker.leave();
      await siege.net.advance(100);
    }
    expect(siege.holding() - before).toBeLessThan(TRACE);
  });

  it('whose block turns out invalid when another one brings its parent is discouraged; the other is not', async () => {
    const { tip } = siege.scene;
    const parent = onTip(siege.scene);
    const child = mineBlock({ ...parent.header, hash: parent.hash, height: tip.height + 1 }, { fees: 1n });
    const culprit = await siege.join();
    const other = await siege.join();
    await culprit.send([wellFormed('headers', { headers: [parent.header, child.header] }), wellFormed('block', child)]);
    expect(culprit.verdict).toBe('ignored');
    await other.send([wellFormed('block', parent)]);
    expect([culprit.verdict, other.verdict]).toEqual(['discouraged', 'ignored']);
    expect(siege.node.chain.tip.height).toBe(tip.height + 1);
    await siege.expectService();
  });
});
