import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StepEvidence } from '../../src/devnet/scenario/evidence.ts';
import { Scenario } from '../../src/devnet/scenario/scenario.ts';
import { pierInProcess } from '../support/pier-in-process.ts';
import { tempDir } from '../support/temp-dir.ts';

// `pier up` plays the scenario in a new data directory, and again in that one: up.test.ts. CI runs `pier scenario` on the
// newest Node.js (scripts/newest-node.mjs).

const steps: StepEvidence[] = [1, 2].map((step) => ({
  ...{ step, title: `step ${step}` },
  facts: [{ nodeId: 3000, label: 'height', value: 100 + step }],
}));

/** What `pier scenario` has created in the folder of temporary files when the steps are over. */
let created: string[];
let stops: number;
let temp: string;

/** Plays the scenario without nodes: resolves to the steps, or rejects with `error`. */
function play(error?: Error): void {
  vi.spyOn(Scenario.prototype, 'play').mockImplementation(async () => {
    created = readdirSync(temp);
    if (error) throw error;
    return steps;
  });
}

beforeEach(() => {
  temp = tempDir('scenario');
  vi.stubEnv('TMPDIR', temp);
  created = [];
  stops = 0;
  vi.spyOn(Scenario.prototype, 'stop').mockImplementation(async () => {
    stops++;
  });
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

function expectCleanedUp(): void {
  expect([created, stops, readdirSync(temp)]).toEqual([[expect.stringMatching(/^pier-scenario-/)], 1, []]);
}

describe('pier scenario', () => {
  it('prints the evidence as JSON, and exits with code 0 if each step is verified', async () => {
    play();
    const { code, stdout, stderr } = await pierInProcess(['scenario', '--json'], { TMPDIR: temp });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({ verified: true, steps });
    expectCleanedUp();
  });

  it('prints the number of steps as text', async () => {
    play();
    const { code, stdout } = await pierInProcess(['scenario'], { TMPDIR: temp });
    expect([code, stdout]).toEqual([0, 'All 2 steps verified.\n']);
    expectCleanedUp();
  });

  it('exits with code 1 if a step fails', async () => {
    play(new Error('the balance is 3 BTC'));
    const { code, stdout, stderr } = await pierInProcess(['scenario', '--json'], { TMPDIR: temp });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('the balance is 3 BTC');
    expectCleanedUp();
  });
});
