import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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

/** A payment of this amount by P2WPKH, without fees and change costs unless `more` says so. */
const wanting = (amount: bigint, more: Partial<SelectionTarget> = {}): SelectionTarget => ({
  ...{ amount, outputWeight: 124, outputCount: 1, changeWeight: 124, minimumChange: 294n, feeRate: 0n },
  ...{ subtractFee: false, ...more },
});
const coinsOf = (values: readonly (bigint | number)[], type: Candidate['type'] = 'bech32'): Candidate[] =>
  values.map((value) => ({ value: BigInt(value), type }));
const valuesOf = (selection: ReturnType<typeof findSelection<Candidate>>) =>
  typeof selection === 'string' ? selection : selection.coins.map(({ value }) => Number(value)).sort((a, b) => a - b);

it('counts a byte for the empty witness of a legacy input', () => {
  const coins = [...coinsOf([50_000n, 50_000n, 50_000n], 'legacy'), ...coinsOf([50_000n])];
  const selection = findSelection(coins, wanting(180_000n, { feeRate: 1000n }), new SeededRandom(1));
  // With change; a legacy input has 148 bytes, and one weight unit in the witness.
  const weight = 42 + 2 * 124 + 3 * (148 * 4 + 1) + 272;
  expect(selection).toMatchObject({ fee: BigInt(Math.ceil(weight / 4)) });
});

it('takes no coin that is worth only its fee or less', () => {
  const coins = [...coinsOf([67n, 68n, 69n]), ...coinsOf([20_000n, 20_000n])];
  const taken = new Set<number>();
  for (let seed = 1; seed < 60; seed++) {
    const selection = findSelection(coins, wanting(25_000n, { feeRate: 1000n }), new SeededRandom(seed));
    for (const value of valuesOf(selection)) taken.add(Number(value));
  }
  expect([...taken].sort((a, b) => a - b)).toEqual([69, 20_000]);
});

describe('the search for a selection without change', () => {
  it('finds one whenever there is one, in random sets of coins', () => {
    for (let seed = 1; seed <= 400; seed++) {
      const random = new SeededRandom(seed);
      const pick = (bound: number) => random.uint32() % bound;
      const feeRate = BigInt([1000, 3000, 20_000][pick(3)]!);
      const subtractFee = pick(4) === 0;
      const inputFee = subtractFee ? 0n : feeFor(INPUT_WEIGHT.bech32, feeRate);
      const coins = coinsOf(Array.from({ length: 9 }, () => inputFee + 40_000n + BigInt(pick(1000) * 400)));
      const subset = coins.filter((_, i) => i === 0 || pick(2) === 0);
      // More than the target by less than the cost of change, here of a change output alone; or too little for change.
      const excess = BigInt(pick(subtractFee ? 99 : Number(feeFor(124, feeRate))));
      const base = subtractFee ? 0n : feeFor(42 + 124, feeRate);
      const amount = sum(subset) - inputFee * BigInt(subset.length) - base - excess;
      const selection = findSelection(coins, wanting(amount, { feeRate, subtractFee }), random);
      expect(selection, `seed ${seed}`).toMatchObject({ change: 0n });
      if (typeof selection === 'string') continue;
      const worth = sum(selection.coins) - inputFee * BigInt(selection.coins.length);
      expect(worth - amount - base, `seed ${seed}`).toBeLessThanOrEqual(feeFor(124, feeRate) + feeFor(272, feeRate));
      expect(selection.fee).toBe(sum(selection.coins) - amount + (subtractFee ? fixedFee(selection) : 0n));
      function fixedFee({ coins }: { coins: readonly Candidate[] }) {
        return feeFor(42 + 124 + 272 * coins.length, feeRate);
      }
    }
  });

  it('does not prefer a coin that exceeds the target by more than the cost of change', () => {
    const target = wanting(100_000n, { feeRate: 1000n });
    const fee = feeFor(42 + 124 + 272, 1000n);
    const taken = (excess: bigint) => {
      const coins = coinsOf([100_000n + fee + excess, 500_000n]);
      const rounds = Array.from({ length: 40 }, (_, seed) => findSelection(coins, target, new SeededRandom(seed)));
      return new Set(rounds.map((round) => String(valuesOf(round)))).size;
    };
    // A change output of 31 bytes, and an input of 68 that spends it.
    expect(taken(99n)).toBe(1);
    expect(taken(101n)).toBe(2);
  });

  it('prefers large coins', () => {
    const coins = coinsOf([3000, 1000, 2000, 6000, 9000]);
    expect(valuesOf(findSelection(coins, wanting(6000n), new SeededRandom(1)))).toEqual([6000]);
    expect(valuesOf(findSelection(coins, wanting(10_000n), new SeededRandom(1)))).toEqual([1000, 9000]);
    expect(valuesOf(findSelection(coins, wanting(21_000n), new SeededRandom(1)))).toEqual([
      1000, 2000, 3000, 6000, 9000,
    ]);
  });

  it('leaves out branches that cannot reach the target, and gives up after some thousand steps', () => {
    // Core's hard case: pairs of coins of which one of each is needed.
    const hard = (count: number) => {
      const coins: bigint[] = [];
      let amount = 0n;
      for (let i = 0; i < count; i++) {
        amount += 1n << BigInt(count + i);
        coins.push(1n << BigInt(count + i), (1n << BigInt(count + i)) + (1n << BigInt(count - 1 - i)));
      }
      const selection = findSelection(coinsOf(coins), wanting(amount, { minimumChange: 1n }), new SeededRandom(1));
      return typeof selection === 'string' ? selection : selection.change === 0n;
    };
    expect([hard(9), hard(10)]).toEqual([true, true]);
    expect(hard(20)).toBe(false);
  });
});

describe('a selection that must fit', () => {
  /** Weight units of a transaction with so many P2WPKH inputs and one output. */
  const weightOf = (inputs: number) => 42 + 124 + 272 * inputs;

  it('consists of the largest coins if no others are enough', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = new SeededRandom(seed);
      const count = 3 + (random.uint32() % 40);
      const fits = 1 + (random.uint32() % (count - 1));
      const coins = coinsOf(Array.from({ length: count }, () => 1000 * (1 + (random.uint32() % 1000))));
      const largest = coins
        .map(({ value }) => Number(value))
        .sort((a, b) => b - a)
        .slice(0, fits)
        .reverse();
      // No set of coins gives this amount exactly: the rest is change.
      const amount = BigInt(largest.reduce((a, b) => a + b)) - 600n;
      const maxWeight = weightOf(fits) + 124;
      const found = findSelection(coins, wanting(amount, { maxWeight }), random);
      expect(valuesOf(found), `seed ${seed}`).toEqual(largest);
      expect(found).toMatchObject({ fee: 0n, change: 600n });
      expect(findSelection(coins, wanting(amount + 601n, { maxWeight }), random)).toBe(
        count > fits ? 'too-heavy' : 'not-enough',
      );
    }
  });

  it('leaves room for a change output, rather than to pay the excess as fee', () => {
    const coins = coinsOf([10_000, 10_000, 10_000]);
    const select = (amount: bigint, maxWeight: number) =>
      findSelection(coins, wanting(amount, { maxWeight }), new SeededRandom(1));
    expect(select(25_000n, weightOf(3) + 124)).toMatchObject({ change: 5000n, fee: 0n });
    expect(select(25_000n, weightOf(3) + 123)).toBe('too-heavy');
    expect(select(30_000n, weightOf(3))).toMatchObject({ change: 0n, fee: 0n });
    expect(select(30_000n, weightOf(3) - 1)).toBe('too-heavy');
  });

  it('is impossible if the outputs alone are too heavy', () => {
    const coins = coinsOf([10_000]);
    expect(findSelection(coins, wanting(5000n, { maxWeight: 165 }), new SeededRandom(1))).toBe('too-heavy');
    expect(findSelection(coins, wanting(10_000n, { maxWeight: 165 }), new SeededRandom(1))).toBe('too-heavy');
    // Or they and a change output.
    expect(findSelection(coins, wanting(5000n, { maxWeight: 165 + 124 }), new SeededRandom(1))).toBe('too-heavy');
  });

  it('contains no coin that does not fit even alone', () => {
    const [light] = coinsOf([10_000]);
    const coins = [...coinsOf([20_000, 30_000], 'legacy'), light!];
    const target = wanting(5000n, { maxWeight: weightOf(1) + 124 });
    for (let seed = 1; seed < 10; seed++) {
      expect(findSelection(coins, target, new SeededRandom(seed))).toMatchObject({ coins: [light], change: 5000n });
    }
  });

  it('is at most a standard transaction by default', () => {
    const count = (400_000 - 42 - 124) / 272;
    const coins = coinsOf(Array.from({ length: 1600 }, () => 1000));
    const select = (inputs: number) =>
      typeof findSelection(coins, wanting(1000n * BigInt(inputs)), new SeededRandom(1));
    expect([select(Math.floor(count)), select(Math.floor(count) + 1)]).toEqual(['object', 'string']);
  });
});

it('adds a small excess to the fee that is subtracted from the amount', () => {
  const target = wanting(100_000n, { feeRate: 1000n, subtractFee: true });
  const fee = feeFor(42 + 124 + 272, 1000n);
  // Even the change would be dust.
  expect(findSelection(coinsOf([100_200n]), target, new SeededRandom(1))).toMatchObject({
    change: 0n,
    fee: fee + 200n,
  });
  expect(findSelection(coinsOf([100_294n]), target, new SeededRandom(1))).toMatchObject({
    change: 294n,
    fee: fee + 31n,
  });
});
