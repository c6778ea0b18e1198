import { expect, it } from 'vitest';
import { useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { describeVectors, vectorJson } from '../support/vectors.ts';
import { ALL_FLAGS, fillFlags, trimFlags } from './support/assemble.ts';
import { parseCase, type Row, runCase } from './support/cases.ts';

const path = 'core/script_tests.json';

describeVectors("Core's script tests", path, () => {
  const cases = vectorJson<Row[]>(path)
    .filter((row) => row.length > 1)
    .map(parseCase);

  it('number 1222', () => {
    expect(cases).toHaveLength(1222);
  });

  it.each(['native', 'wasm'] as const)('end with the expected error on the %s engine', (engine) => {
    useSecp256k1Engine(engine);
    const wrong: string[] = [];
    for (const entry of cases) {
      const error = runCase(entry, fillFlags(entry.flags));
      if (error !== entry.expected) wrong.push(`${error} instead of ${entry.expected}: ${entry.name}`);
    }
    expect(wrong).toEqual([]);
  });

  it('still pass with fewer flags, and still fail with more', () => {
    useSecp256k1Engine('native');
    const random = new SeededRandom(1222);
    const wrong: string[] = [];
    for (const entry of cases) {
      for (let i = 0; i < 4; i++) {
        const some = random.uint32() & ALL_FLAGS;
        const flags = entry.expected ? fillFlags(entry.flags | some) : trimFlags(fillFlags(entry.flags) & ~some);
        const passes = runCase(entry, flags) === undefined;
        if (passes !== (entry.expected === undefined)) wrong.push(`flags ${flags}: ${entry.name}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
