import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bitcoind, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';
import { EXPIRY_SECONDS, History } from '../wallet/support/history.ts';
import { BitcoindTwin } from './support/bitcoind-twin.ts';
import { smallMempoolArgs } from './support/mempool-filler.ts';

/** Histories to run; `npm run test:histories-bitcoind` runs 500. */
const COUNT = Number(process.env.PIER_TWIN_HISTORIES ?? 3);
const FIRST_SEED = Number(process.env.PIER_HISTORY_SEED ?? 1);
const STEPS = 30;

/** Formats what a failed expectation compared. */
function show(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 9 });
}

describeBitcoind('random histories, beside wallets of a bitcoind with the same keys', () => {
  let bitcoind: Bitcoind;

  beforeAll(async () => {
    bitcoind = await startBitcoind({
      args: [
        ...['-minrelaytxfee=0.000001', '-incrementalrelayfee=0.000001', '-acceptnonstdtxn=0', ...smallMempoolArgs],
        `-mempoolexpiry=${EXPIRY_SECONDS / 3600}`,
        // What is offered to the mempool again, and when, is Pier's.
        '-walletbroadcast=0',
        // No keys beyond those imported.
        '-keypool=1',
        '-unsafesqlitesync',
      ],
    });
  });
  afterAll(() => bitcoind?.stop());

  it(
    `${COUNT} show the same balances, coins, payments and conflicts`,
    async () => {
      const counts = new Map<string, number>();
      const failures: string[] = [];
      for (let seed = FIRST_SEED; seed < FIRST_SEED + COUNT; seed++) {
        const twin = new BitcoindTwin(bitcoind, `${seed}`);
        const limits = { ancestorCount: 25, ancestorSize: 101_000, descendantCount: 25, descendantSize: 25_000 };
        const options = { maturity: 100, mempool: { limits }, twin };
        try {
          for (const [name, count] of await History.run(seed, STEPS, options)) {
            counts.set(name, (counts.get(name) ?? 0) + count);
          }
        } catch (error) {
          const { message, actual, expected } = error as Error & { actual?: unknown; expected?: unknown };
          failures.push([message, 'Pier:', show(actual), 'bitcoind:', show(expected)].join('\n'));
        }
        await twin.end();
      }
      expect(failures.join('\n\n')).toBe('');
      if (COUNT < 10) return;
      const rare = ['expire', 'evict', 'restart', 'restore', 'reorganise deeply'];
      for (const name of rare) expect(counts.get(name), name).toBeGreaterThan(0);
    },
    Math.max(120_000, COUNT * 30_000),
  );
});
