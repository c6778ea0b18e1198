import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { misbehaviours } from './support/misbehaviours.ts';
import { Siege } from './support/siege.ts';

/** Rough bytes that one message, whatever it says, may leave behind. */
const TRACE = 200_000;

// What bitcoind makes of the same bytes: test/interop/misbehaviour.test.ts.
describe('a peer that sends', () => {
  let siege: Siege;
  beforeAll(async () => {
    siege = await Siege.begin();
  });
  afterAll(() => siege.stop());

  it.each(misbehaviours)('$name is $verdict, and hurts nobody', async ({ verdict, early = false, messages }) => {
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
