import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import {
  type Candidate,
  feeFor,
  findSelection,
  INPUT_WEIGHT,
  type SelectionTarget,
  selectCoins,
} from '../../src/wallet/coin-selection.ts';
import { addressTypes } from '../../src/wallet/keys.ts';

const candidate = fc.record({
  value: fc.bigInt({ min: 294n, max: 100_000_000n }),
  type: fc.constantFrom(...addressTypes),
});

const target = fc.record({
  amount: fc.bigInt({ min: 1000n, max: 500_000_000n }),
  outputWeight: fc.constant(31 * 4),
  outputCount: fc.constant(1),
  changeWeight: fc.constant(31 * 4),
  minimumChange: fc.constant(294n),
  feeRate: fc.bigInt({ min: 100n, max: 100_000n }),
  subtractFee: fc.boolean(),
});

const sum = (coins: readonly Candidate[]) => coins.reduce((total, { value }) => total + value, 0n);

it('balances: the inputs equal the outputs, the change and the fee', () => {
  let selected = 0;
  fc.assert(
    fc.property(fc.array(candidate, { maxLength: 40 }), target, fc.nat(), (coins, wanted, seed) => {
      const selection = selectCoins(coins, wanted, new SeededRandom(seed));
      if (!selection) return;
      selected++;
      const paid = wanted.subtractFee ? wanted.amount - selection.fee : wanted.amount;
      expect(sum(selection.coins)).toBe(paid + selection.change + selection.fee);
      expect(selection.change === 0n || selection.change >= wanted.minimumChange).toBe(true);
      expect(new Set(selection.coins).size).toBe(selection.coins.length);
      // The fee covers at least the inputs and outputs at the fee rate.
      let weight = wanted.outputWeight + (selection.change > 0n ? wanted.changeWeight : 0);
      for (const { type } of selection.coins) weight += INPUT_WEIGHT[type];
      expect(selection.fee).toBeGreaterThanOrEqual(feeFor(weight, wanted.feeRate));
    }),
    { seed: 1, numRuns: 500 },
  );
  expect(selected).toBeGreaterThan(100);
});

it('fails only if all coins that are worth more than their fee are not enough', () => {
  fc.assert(
    fc.property(fc.array(candidate, { maxLength: 40 }), target, fc.nat(), (coins, wanted, seed) => {
      if (selectCoins(coins, wanted, new SeededRandom(seed))) return;
      const worth = coins
        .map(({ value, type }) => (wanted.subtractFee ? value : value - feeFor(INPUT_WEIGHT[type], wanted.feeRate)))
        .filter((value) => value > 0n);
      const total = worth.reduce((a, b) => a + b, 0n);
      // Slack: the rounding of each input's fee, and the weight shared by all inputs.
      const slack = wanted.subtractFee ? 0n : feeFor(wanted.outputWeight + 200 + coins.length * 5, wanted.feeRate);
      expect(total).toBeLessThan(wanted.amount + slack);
    }),
    { seed: 2, numRuns: 500 },
  );
});

it('finds a changeless selection', () => {
  const coins: Candidate[] = [7n, 13n, 29n, 57n, 111n].map((n) => ({ value: n * 1_000_000n, type: 'bech32' }));
  const fees = 2n * feeFor(INPUT_WEIGHT.bech32, 1000n) + feeFor(10 * 4 + 2 + 31 * 4, 1000n);
  const wanted: SelectionTarget = {
    ...{ amount: 42_000_000n - fees, outputWeight: 124, outputCount: 1, changeWeight: 124, minimumChange: 294n },
    ...{ feeRate: 1000n, subtractFee: false },
  };
  const selection = selectCoins(coins, wanted, new SeededRandom(1));
  expect(selection?.change).toBe(0n);
  expect(selection?.coins.map(({ value }) => value).sort()).toEqual([13_000_000n, 29_000_000n].sort());
});

it.each([
  [252, 1],
  [253, 1],
  [254, 1],
  [2, 252],
  [2, 253],
])('pays for the counts of %i inputs and %i outputs: a count above 252 takes three bytes', (inputs, outputCount) => {
  const coins = Array.from({ length: inputs }, () => ({ value: 100_000n, type: 'bech32m' as const }));
  // Version, lock time, marker, flag and two counts of a byte.
  const longCounts = [inputs, outputCount].filter((count) => count > 252).length;
  const weight = 42 + 172 * outputCount + INPUT_WEIGHT.bech32m * inputs + 8 * longCounts;
  const fee = BigInt(Math.ceil(weight / 4));
  const wanted: SelectionTarget = {
    ...{ amount: 100_000n * BigInt(inputs) - fee, outputWeight: 172 * outputCount, outputCount, changeWeight: 172 },
    ...{ minimumChange: 330n, feeRate: 1000n, subtractFee: false },
  };
  expect(findSelection(coins, wanted, new SeededRandom(1))).toMatchObject({ fee, change: 0n });
  expect(findSelection(coins, { ...wanted, amount: wanted.amount + 1n }, new SeededRandom(1))).toBe('not-enough');
});

it.each([251, 252])('pays for the count of %i outputs and change', (outputCount) => {
  const coins: Candidate[] = [{ value: 10_000_000n, type: 'bech32m' }];
  const outputWeight = 172 * outputCount;
  const fee = BigInt(Math.ceil((42 + outputWeight + 172 + INPUT_WEIGHT.bech32m + (outputCount === 252 ? 8 : 0)) / 4));
  const wanted = { amount: 5_000_000n, outputWeight, outputCount, changeWeight: 172 };
  const target = { ...wanted, minimumChange: 330n, feeRate: 1000n, subtractFee: false };
  expect(findSelection(coins, target, new SeededRandom(1))).toMatchObject({ fee, change: 5_000_000n - fee });
});
