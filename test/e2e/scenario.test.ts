import { describe, expect, it } from 'vitest';
import type { StepEvidence } from '../../src/devnet/scenario/scenario.ts';
import { pier } from '../support/pier.ts';
import { factOf } from './support/fact-of.ts';

/** Checks what holds in a new data directory. */
function expectFirst(evidence: readonly StepEvidence[]): void {
  expect(evidence.map((e) => e.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(factOf(evidence, 1, 'height')).toBe(101);
  expect(factOf(evidence, 1, 'spendable')).toBe('50 BTC');
  expect(factOf(evidence, 1, 'immature rewards')).toBe('5000 BTC');
  expect(factOf(evidence, 2, 'height')).toBe(101);
  expect(factOf(evidence, 6, 'height')).toBe(103);
  expect(factOf(evidence, 6, 'transactions, with coinbase')).toBe(3);
  expect(factOf(evidence, 7, 'best block')).toBe(factOf(evidence, 6, 'block'));
  expect(factOf(evidence, 8, 'best block')).toBe(factOf(evidence, 6, 'block'));
  expect(factOf(evidence, 9, "bob's balance")).toBe('2 BTC');
  expect(factOf(evidence, 10, "bob's balance")).toBe('2 BTC');
  // The block with the payment, and false positives of the filters: about 1 in 5,000 blocks with this many keys.
  const [blocks, byChance] = ['blocks downloaded', 'filter false positives'].map((l) => factOf(evidence, 10, l));
  expect((blocks as number) - (byChance as number)).toBe(1);
  expect(byChance).toBeLessThan(3);
  const [received, all] = ['bytes received', 'bytes received, full node'].map((l) => factOf(evidence, 10, l));
  expect(received).toBeLessThan(all as number);
}

// `pier up` plays it in a new data directory, and again in that one: up.test.ts.
describe('the scenario', () => {
  it('passes by `pier scenario --json`, which exits with code 0', { timeout: 60_000 }, async () => {
    const { code, stdout, stderr } = await pier(['scenario', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { verified, steps } = JSON.parse(stdout) as { verified: boolean; steps: StepEvidence[] };
    expect(verified).toBe(true);
    expectFirst(steps);
  });
});
