import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mineBlock } from '../chain/support/builder.ts';
import { bloomMisbehaviours } from './support/bloom-misbehaviours.ts';
import { compactMisbehaviours } from './support/compact-misbehaviours.ts';
import { blockOnTip, misbehaviours } from './support/misbehaviours.ts';
import { raw, wellFormed } from './support/raw-message.ts';
import { Siege } from './support/siege.ts';

/** Approximate bytes that one message may leave in memory. */
const TRACE = 200_000;

// The same bytes are sent to bitcoind in test/interop/misbehaviour.test.ts and bloom-filters.test.ts.
describe.each([
  { receiver: 'a node', cases: [...misbehaviours, ...compactMisbehaviours], options: {} },
  { receiver: 'a node with Bloom filters', cases: bloomMisbehaviours, options: { bloomFilters: true } },
])('a peer that sends to $receiver', ({ cases, options }) => {
  let siege: Siege;
  beforeAll(async () => {
    siege = await Siege.begin(options);
  });
  afterAll(() => siege.stop());

  it.each(cases)('$name is $verdict, and other peers are served', async ({ verdict, early = false, messages }) => {
    const before = siege.heldBytes();
    const height = siege.node.chain.tip.height;
    const attacker = await siege.dial();
    if (!early) await attacker.shakeHands();
    await attacker.send(messages(siege.scene));
    if (early) await attacker.shakeHands();
    expect(attacker.verdict).toBe(verdict);
    expect(siege.node.chain.tip.height).toBe(height);
    expect(siege.heldBytes() - before).toBeLessThan(TRACE);
    await siege.expectService();
    attacker.leave();
  });

  it('all of these causes no internal error', () => {
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

  it('that disconnects within a message leaves nothing in memory', async () => {
    const before = siege.heldBytes();
    for (const length of [10, 24, 500_000]) {
      const attacker = await siege.join();
      await attacker.send([raw('block', new Uint8Array(1_000_000)).subarray(0, length)]);
      expect(attacker.verdict).toBe('ignored');
      await siege.expectService();
      attacker.leave();
      await siege.net.advance(100);
    }
    expect(siege.heldBytes() - before).toBeLessThan(TRACE);
  });

  it('whose block is found invalid when another peer sends its parent is discouraged, the other peer is not', async () => {
    const { tip } = siege.scene;
    const parent = blockOnTip(siege.scene);
    const child = mineBlock({ ...parent.header, hash: parent.hash, height: tip.height + 1 }, { fees: 1n });
    const sender = await siege.join();
    const other = await siege.join();
    await sender.send([wellFormed('headers', { headers: [parent.header, child.header] }), wellFormed('block', child)]);
    expect(sender.verdict).toBe('ignored');
    await other.send([wellFormed('block', parent)]);
    expect([sender.verdict, other.verdict]).toEqual(['discouraged', 'ignored']);
    expect(siege.node.chain.tip.height).toBe(tip.height + 1);
    await siege.expectService();
  });
});
