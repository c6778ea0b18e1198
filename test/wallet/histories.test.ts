import { expect, it } from 'vitest';
import { History } from './support/history.ts';

/** Histories to run; `npm run test:histories` runs 500. */
const COUNT = Number(process.env.PIER_HISTORIES ?? 5);
const FIRST_SEED = Number(process.env.PIER_HISTORY_SEED ?? 1);
const STEPS = 40;

it(
  `${COUNT} random histories leave wallets with the balances, coins and payments that the model computes`,
  async () => {
    const counts = new Map<string, number>();
    for (let seed = FIRST_SEED; seed < FIRST_SEED + COUNT; seed++) {
      for (const [name, count] of await History.run(seed, STEPS)) counts.set(name, (counts.get(name) ?? 0) + count);
    }
    if (COUNT < 5) return;
    const expected = [
      'send',
      'receive',
      'replace',
      'double spend',
      'mine',
      'mine a conflict',
      'reorganise',
      'invalidate',
    ];
    for (const name of [...expected, 'expire', 'evict', 'restart', 'restore'])
      expect(counts.get(name), name).toBeGreaterThan(0);
  },
  COUNT * 20_000,
);
