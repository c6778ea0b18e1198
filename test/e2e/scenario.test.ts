import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import type { StepEvidence } from '../../src/devnet/scenario.ts';
import { Scenario } from '../../src/devnet/scenario.ts';
import { pier } from '../support/pier.ts';
import { tempDir } from '../support/temp-dir.ts';

function value(evidence: readonly StepEvidence[], step: number, label: string): string | number | undefined {
  return evidence.find((e) => e.step === step)?.facts.find((f) => f.label === label)?.value;
}

describe('the scenario', () => {
  const dataDir = tempDir('scenario');

  it('passes in a new data directory, and again in the existing one', { timeout: 120_000 }, async () => {
    const ids = (await freeNodeIds(4)) as [number, number, number, number];
    const [central, wallet, miner, light] = ids;
    const options = { central, wallet, miner, light, dataDir };

    const first = new Scenario(options);
    try {
      const evidence = await first.play();
      expect(evidence.map((e) => e.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(value(evidence, 1, 'height')).toBe(101);
      expect(value(evidence, 1, 'spendable')).toBe('50 BTC');
      expect(value(evidence, 1, 'immature rewards')).toBe('5000 BTC');
      expect(value(evidence, 2, 'height')).toBe(101);
      expect(value(evidence, 6, 'height')).toBe(103);
      expect(value(evidence, 6, 'transactions, with coinbase')).toBe(3);
      expect(value(evidence, 7, 'best block')).toBe(value(evidence, 6, 'block'));
      expect(value(evidence, 8, 'best block')).toBe(value(evidence, 6, 'block'));
      expect(value(evidence, 9, "bob's balance")).toBe('2 BTC');
      expect(value(evidence, 10, "bob's balance")).toBe('2 BTC');
      // The block with the payment, and false positives of the filters: about 1 in 5,000 blocks with this many keys.
      const [blocks, byChance] = ['blocks downloaded', 'filter false positives'].map((l) => value(evidence, 10, l));
      expect((blocks as number) - (byChance as number)).toBe(1);
      expect(byChance).toBeLessThan(3);
      const [received, all] = ['bytes received', 'bytes received, full node'].map((l) => value(evidence, 10, l));
      expect(received).toBeLessThan(all as number);
    } finally {
      await first.stop();
    }
    for (const id of ids) {
      expect(existsSync(join(dataDir, `blockchain_${id}.db`))).toBe(true);
      expect(statSync(join(dataDir, `wallet_${id}.db`)).mode & 0o777).toBe(0o600);
    }
    for (const node of first.nodes) expect(node.running).toBe(false);

    const second = new Scenario(options);
    try {
      const evidence = await second.play();
      expect(value(evidence, 1, 'height')).toBe(103);
      expect(value(evidence, 9, "bob's balance")).toBe('4 BTC');
      expect(value(evidence, 10, "bob's balance")).toBe('4 BTC');
    } finally {
      await second.stop();
    }
  });

  it('passes by `pier scenario --json`, which exits with code 0', { timeout: 60_000 }, async () => {
    const { code, stdout, stderr } = await pier(['scenario', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { verified, steps } = JSON.parse(stdout) as { verified: boolean; steps: StepEvidence[] };
    expect(verified).toBe(true);
    expect(steps.map((e) => e.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});
